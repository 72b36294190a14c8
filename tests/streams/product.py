"""Two workers, Kafka and Redis as one state that is never changed: every choice gives another one.

The same world as `schedule.Run`, whose choices it must offer and whose outcome it must give; but no
schedule is run from its beginning to come to a state, for a state can be kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from streams.topics import LOG
from tests.streams.automaton import Input, Lives, Sight
from tests.streams.schedule import Choice, Setting
from tests.streams.world import RedisState, Sent, ViolatedError, World

NONE: tuple[int, ...] = ()
GO, OWN, LOSE = Input("go"), Input("own"), Input("lose")


class State(NamedTuple):
    """Values are numbers of what `Product` holds; equal states are the same in all that follows."""

    log: int
    redis: int
    older: tuple[int, ...]
    """What Redis may be rolled back to."""
    heard: int
    """A bit for each command whose answer was shown at some time."""
    committed: int
    flying: tuple[tuple[int, tuple[bytes, ...]], ...]
    """What each life sent and has not landed, by its number."""
    owner: int
    born: int
    left: tuple[int, ...]
    """How often more there may be a rebalance, a crash, a wipe, a roll back."""
    lives: tuple[int, int]
    landed: tuple[tuple[int, ...], tuple[int, ...]]
    """Where what each worker sent and waits for has landed."""


TROUBLES = ("rebalance", "crash", "wipe", "roll back")
DEAD = -1


@dataclass(slots=True)
class _Log:
    records: tuple[bytes, ...]
    prefixes: tuple[int, ...]
    world: World
    """What is accepted of it."""
    longer: dict[bytes, int] = field(default_factory=dict)


@dataclass
class Product:
    """All that may be asked of the states of a setting."""

    setting: Setting
    lives: Lives = field(init=False)
    _logs: list[_Log] = field(init=False)
    _redis: list[RedisState] = field(default_factory=list)
    _redis_known: dict[tuple[object, ...], int] = field(default_factory=dict)
    _shown: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert set(self.setting.troubles) <= set(TROUBLES), "those only"
        self.lives = Lives(self.setting)
        self._logs = [_Log((), (0,), World(self.setting.commands))]

    @cached_property
    def first(self) -> State:
        left = tuple(self.setting.troubles.get(kind, 0) for kind in TROUBLES)
        empty = self._number(RedisState())
        begun = State(0, empty, (), 0, 0, (), 0, 0, left, (DEAD, DEAD), ((), ()))
        return self._start(begun, 0)

    # --- what may happen -------------------------------------------------------------------------

    def choices(self, state: State) -> list[Choice]:
        found = [choice for worker in (0, 1) for choice in self._of_worker(state, worker)]
        found += [f"land {life}" for life, _ in state.flying]
        rebalances, _, wipes, rollbacks = state.left
        if rebalances:
            found.append("rebalance")
        if wipes and self._redis[state.redis].key() != RedisState().key():
            found.append("wipe")
        if rollbacks:
            older = enumerate(state.older)
            found += [f"roll back {index}" for index, old in older if old != state.redis]
        return found

    def _of_worker(self, state: State, worker: int) -> Iterator[Choice]:
        if state.lives[worker] == DEAD:
            if state.owner == worker:
                yield f"start {worker}"
            return
        life = self.lives.locals[state.lives[worker]]
        if life.waits is None and life.owns:
            waiting = len(self.setting.commands) - life.next
            for many in range(min(self.setting.batch, waiting), 0, -1):
                yield f"take {worker} {many}"
            if self.setting.ticks:
                yield f"tick {worker}"
            if state.owner == worker and life.done is not None:
                yield f"commit {worker}"
        elif life.waits is not None and not isinstance(life.waits, int):
            yield f"go {worker}"
        if self.setting.noticed and state.owner != worker and life.owns:
            yield f"notice {worker}"
        if state.left[1]:
            yield f"crash {worker}"

    # --- what comes of it ------------------------------------------------------------------------

    def after(self, state: State, choice: Choice) -> State:
        """Raises `ViolatedError` when that must not be."""
        kind, *which = choice.split(" ")
        match kind, which:
            case "go", [worker]:
                return self._go(state, int(worker), GO)
            case "take", [worker, many]:
                return self._go(state, int(worker), Input("go", int(many)))
            case "tick", [worker]:
                return self._go(state, int(worker), Input("go", 0))
            case "land", [life]:
                return self._land(state, int(life))
            case "commit", [worker]:
                return self._commit(state, int(worker))
            case "start", [worker]:
                return self._start(state, int(worker))
            case "notice", [worker]:
                return self._told(state, int(worker), LOSE)
            case _:
                return self._trouble(state, kind, which)

    def _trouble(self, state: State, kind: str, which: list[str]) -> State:
        index = TROUBLES.index("roll back" if kind == "roll" else kind)
        left = (*state.left[:index], state.left[index] - 1, *state.left[index + 1 :])
        state = state._replace(left=left)
        match kind, which:
            case "rebalance", []:
                state = state._replace(owner=1 - state.owner)
                if state.lives[state.owner] == DEAD:
                    return self._start(state, state.owner)
                return self._told(state, state.owner, OWN)
            case "crash", [worker]:
                return _with(state, int(worker), DEAD)
            case "wipe", []:
                return state._replace(redis=self._number(RedisState()))
            case _:
                return state._replace(redis=state.older[int(which[1])])

    def _start(self, state: State, worker: int) -> State:
        life = self.lives.born(state.born, self._sight(state))
        return _with(state._replace(born=state.born + 1), worker, life)

    def _told(self, state: State, worker: int, what: Input) -> State:
        outcome = self.lives.after(state.lives[worker], what, self._sight(state))
        return _with(state, worker, outcome.local, state.landed[worker])

    def _go(self, state: State, worker: int, what: Input) -> State:
        before = state.lives[worker]
        outcome = self.lives.after(before, what, self._sight(state))
        life = self.lives.locals[outcome.local]
        state = _with(state, worker, outcome.local)
        if outcome.redis is not None:
            state = state._replace(redis=self._number(outcome.redis))
        if outcome.showed:
            state = self._show(state)
        if outcome.sent:
            flying = dict(state.flying)
            flying[life.number] = (*flying.get(life.number, ()), *outcome.sent)
            state = state._replace(flying=tuple(sorted(flying.items())))
        if life.done is not None:
            self._acknowledge(state, life.done)
        return state

    def _land(self, state: State, number: int) -> State:
        flying = dict(state.flying)
        first, *rest = flying.pop(number)
        if rest:
            flying[number] = tuple(rest)
        log = self._longer(state.log, first)
        state = state._replace(log=log, flying=tuple(sorted(flying.items())))
        for worker in (0, 1):
            life = state.lives[worker]
            if life == DEAD or self.lives.locals[life].number != number:
                continue
            wanted = self.lives.locals[life].waits
            offsets = (*state.landed[worker], len(self._logs[log].records) - 1)
            if offsets and len(offsets) == wanted:
                return self._go(state, worker, Input("land", offsets=offsets))
            return _with(state, worker, life, offsets)
        return state

    def _commit(self, state: State, worker: int) -> State:
        done = self.lives.locals[state.lives[worker]].done
        assert done is not None
        if done < state.committed:
            raise ViolatedError("the committed offset went back")
        self._acknowledge(state, done)
        return self._told(state._replace(committed=done), worker, Input("commit", done))

    # --- what must hold --------------------------------------------------------------------------

    def _show(self, state: State) -> State:
        key = (state.redis, state.log)
        if key not in self._shown:
            world = self._logs[state.log].world
            world.redis, world.heard = self._redis[state.redis], {}
            world.show()
            ids = [str(command.command_id) for command in self.setting.commands]
            self._shown[key] = sum(1 << n for n, name in enumerate(ids) if name in world.heard)
        # Whatever is shown is what was accepted, so two answers to one command cannot be heard.
        state = state._replace(heard=state.heard | self._shown[key])
        if self.setting.troubles.get("roll back") and state.older[-1:] != (state.redis,):
            older = (*state.older, state.redis)[-self.setting.keep :]
            state = state._replace(older=older)
        return state

    def _acknowledge(self, state: State, done: int) -> None:
        for offset in range(state.committed, done):
            if not state.heard >> offset & 1:
                self._logs[state.log].world.heard = {}
                self._logs[state.log].world.acknowledge(offset + 1, offset)

    def complete(self, state: State) -> bool:
        world = self._logs[state.log].world
        world.redis, world.committed = self._redis[state.redis], state.committed
        return world.complete()

    # --- values and their numbers ----------------------------------------------------------------

    def log(self, state: State) -> tuple[bytes, ...]:
        return self._logs[state.log].records

    def redis(self, state: State) -> RedisState:
        return self._redis[state.redis]

    def _sight(self, state: State) -> Sight:
        log = self._logs[state.log]
        redis = self._redis[state.redis]
        return Sight(state.redis, state.log, log.prefixes, redis, log.records, state.committed)

    def _number(self, redis: RedisState) -> int:
        key = redis.key()
        if key not in self._redis_known:
            self._redis_known[key] = len(self._redis)
            self._redis.append(redis.copy())
        return self._redis_known[key]

    def _longer(self, log: int, record: bytes) -> int:
        shorter = self._logs[log]
        if record not in shorter.longer:
            number = len(self._logs)
            world = World(self.setting.commands)
            world.chains = {trial: list(chain) for trial, chain in shorter.world.chains.items()}
            world.decided = dict(shorter.world.decided)
            world.topics[LOG] = list(shorter.records)
            world.flying[0] = [(LOG, record, Sent(1))]
            world.land(0)
            made = _Log((*shorter.records, record), (*shorter.prefixes, number), world)
            self._logs.append(made)
            shorter.longer[record] = number
        return shorter.longer[record]


def _with(state: State, worker: int, life: int, landed: tuple[int, ...] = NONE) -> State:
    """The same with another life of a worker."""
    if worker == 0:
        return state._replace(lives=(life, state.lives[1]), landed=(landed, state.landed[1]))
    return state._replace(lives=(state.lives[0], life), landed=(state.landed[0], landed))
