"""The real stage under thousands of schedules: two owners, crashes, late records, a lost Redis.

The same world as the exhaustive model of the protocol, with the code that runs instead of a model.
"""

import asyncio
import random

import pytest

from streams.work import Work
from tests.streams.counting import request
from tests.streams.world import Life, RedisState, World, snapshot

COMMANDS = [request(trial, number) for number, trial in enumerate("ABAABBA")]
STEPS = 400
TROUBLES = {"rebalance": 2, "crash": 2, "wipe": 1, "roll back": 1}


class ViolatedError(Exception):
    """Something that must hold at every moment does not."""


def check(world: World) -> None:
    """At every moment, whatever happened before."""
    chains = world.accepted()
    decided = [record.content.command_id for chain in chains.values() for record in chain]
    if len(decided) != len(set(decided)):
        raise ViolatedError("a command was decided twice")
    for offset in range(world.committed):
        if world.commands[offset].command_id not in decided:
            raise ViolatedError(f"command {offset} is committed and not in the log")
    for trial_id, log in world.redis.logs.items():
        chain = [record.hash for record in chains.get(trial_id, [])]
        if [held.hash for held in log] != chain[: len(log)]:
            raise ViolatedError("Redis shows what was not accepted")


async def settle() -> None:
    """Lets every task run until it waits for the scheduler."""
    for _ in range(12):
        await asyncio.sleep(0)


async def explore(seed: int, of: dict[str, int]) -> World:
    chance = random.Random(seed)
    world = World(chance, COMMANDS)
    lives: dict[int, Life | None] = {0: Life(world, 0), 1: None}
    troubles = dict(of)
    old = [RedisState()]
    for _ in range(STEPS):
        await settle()
        check(world)
        raise_what_ended(lives)
        kind = chance.choice(list(troubles)) if chance.random() < 0.04 and troubles else None
        if kind is not None:
            troubles[kind] -= 1
            if not troubles[kind]:
                del troubles[kind]
            await trouble(kind, world, lives, old)
        else:
            step(world)
        if chance.random() < 0.1:
            old.append(snapshot(world.redis))
        if lives[world.owner] is None:
            lives[world.owner] = Life(world, world.owner)
    await come_to_rest(world, lives)
    return world


async def come_to_rest(world: World, lives: dict[int, Life | None]) -> None:
    """Without further trouble everything is decided and shown at last."""
    for _ in range(4000):
        if world.committed == len(COMMANDS) and agrees(world):
            break
        await settle()
        check(world)
        raise_what_ended(lives)
        step(world)
    for life in lives.values():
        if life is not None:
            life.task.cancel()
    await settle()


def raise_what_ended(lives: dict[int, Life | None]) -> None:
    for life in lives.values():
        if life is not None and life.task.done():
            raise life.task.exception() or AssertionError("a worker ended")


def step(world: World) -> None:
    """Lets one waiting step go on, or one record in flight land."""
    ready = [("gate", worker) for worker, future in world.gates if not future.done()]
    ready += [("land", worker) for worker, queue in world.in_flight.items() if queue]
    if not ready:
        return
    if world.chance.random() < 0.04:
        world.frozen = world.chance.choice(
            [None, *((k, w) for k in ("gate", "land") for w in (0, 1))]
        )
    kind, worker = world.chance.choice([r for r in ready if r != world.frozen] or ready)
    if kind == "land":
        stored, future = world.in_flight[worker].pop(0)
        world.log.append(stored)
        if not future.done():
            future.set_result(len(world.log) - 1)
        return
    index = next(i for i, (w, f) in enumerate(world.gates) if w == worker and not f.done())
    world.gates.pop(index)[1].set_result(None)


async def trouble(
    kind: str, world: World, lives: dict[int, Life | None], old: list[RedisState]
) -> None:
    match kind:
        case "rebalance":
            # The old owner does not notice; the new one starts anew even if it ran before.
            world.owner = 1 - world.owner
            await end(world, lives, world.owner)
        case "crash":
            await end(world, lives, world.chance.choice([0, 1]))
        case "wipe":
            world.redis = RedisState()
        case "roll back":
            world.redis = snapshot(world.chance.choice(old))


async def end(world: World, lives: dict[int, Life | None], worker: int) -> None:
    """A worker is gone at once; what it sent is still under way."""
    life, lives[worker] = lives[worker], None
    if life is not None:
        life.task.cancel()
        await settle()
    world.gates = [(w, future) for w, future in world.gates if w != worker]
    sent = world.in_flight.get(worker, [])
    loop = asyncio.get_running_loop()
    world.in_flight[worker] = [(stored, loop.create_future()) for stored, _ in sent]


def agrees(world: World) -> bool:
    return {trial: [r.stored for r in chain] for trial, chain in world.accepted().items()} == {
        trial: [held.stored for held in log] for trial, log in world.redis.logs.items()
    }


@pytest.mark.parametrize("part", range(3))
async def test_nothing_is_lost_doubled_or_shown_unaccepted_under_any_schedule(part: int) -> None:
    await explore_all(range(part * 30, part * 30 + 30), TROUBLES)


async def explore_all(seeds: range, of: dict[str, int]) -> None:
    for seed in seeds:
        world = await explore(seed, of)
        assert world.committed == len(COMMANDS), f"seed {seed}: no progress"
        assert agrees(world), f"seed {seed}: Redis was not brought up to date"
        decided = sorted(str(r.content.command_id) for c in world.accepted().values() for r in c)
        assert decided == sorted(str(command.command_id) for command in COMMANDS)


async def test_without_the_look_at_the_offsets_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exploration has teeth: the check that the protocol needs is the one it misses."""
    monkeypatch.setattr(Work, "follows", lambda self, offsets: True)
    with pytest.raises((ViolatedError, AssertionError)):
        await explore_all(range(60), {"rebalance": 3})
