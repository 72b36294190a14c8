"""What may happen next to two workers and what they share, one choice at a time.

A schedule is the list of the choices made. The same schedule gives the same world, so what was
found once can be run again.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from enrollment.commands import JudgedRequest
from streams.kafka import SendFailedError
from streams.topics import PARKED
from tests.streams.life import Idle, Life
from tests.streams.memory import FAILURES, LOST, UNHEARD, Step
from tests.streams.world import RedisState, ViolatedError, World

Choice = str
TROUBLES = ("rebalance", "crash", "wipe", "roll back", "fail", "resume")


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be decided, what may go wrong and how often, and the code that is tried."""

    commands: Sequence[JudgedRequest]
    troubles: Mapping[str, int] = field(default_factory=dict)
    batch: int = 1
    late: bool = False
    """Whether a reply may come late: then the world moves between an effect and its reply."""
    noticed: bool = False
    """Whether an old owner may hear that it lost the partition."""
    ticks: bool = True
    """Whether a worker looks, while it is idle, if log and Redis are as it left them."""
    new_life: Callable[..., Life] = Life
    keep: int = 2
    """To how many of the last states of Redis it may be rolled back."""


class Run:
    """One schedule as it unfolds. `happened` is the schedule so far."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.world = World(setting.commands)
        if setting.troubles.get("roll back"):
            self.world.kept = setting.keep
        self.left = dict(setting.troubles)
        self.owner = 0
        self.born = 0
        self.lives: list[Life | None] = [None, None]
        self.happened: list[Choice] = []
        self._start(0)

    def choices(self) -> list[Choice]:
        """All that may happen now, in an order that depends on nothing but the state."""
        found = [choice for worker in (0, 1) for choice in self._of_worker(worker)]
        found += [f"land {life}" for life in sorted(self.world.flying)]
        if self.left.get("rebalance"):
            found.append("rebalance")
        if self.left.get("wipe") and self.world.redis.key() != RedisState().key():
            found.append("wipe")
        if self.left.get("roll back"):
            now = self.world.redis.key()
            found += [
                f"roll back {index}"
                for index, old in enumerate(self.world.snapshots)
                if old.key() != now
            ]
        if self.left.get("resume") and self.world.topics[PARKED]:
            found.append("resume")
        return found

    def _of_worker(self, worker: int) -> list[Choice]:
        life = self.lives[worker]
        if life is None:
            return [f"start {worker}"] if self.owner == worker else []
        found: list[Choice] = []
        if isinstance(life.waits, Step):
            found.append(f"go {worker}")
            if self.left.get("fail"):
                found += self._failures(worker, life.waits)
        elif isinstance(life.waits, Idle) and life.owns:
            waiting = len(self.world.commands) - life.next
            found += [
                f"take {worker} {many}" for many in range(min(self.setting.batch, waiting), 0, -1)
            ]
            if self.setting.ticks:
                found.append(f"tick {worker}")
            if self.owner == worker and life.done is not None:
                # It may come later too, which is the same to everybody as if it came now.
                found.append(f"commit {worker}")
        if self.setting.noticed and self.owner != worker and life.owns:
            found.append(f"notice {worker}")
        if self.left.get("crash"):
            found.append(f"crash {worker}")
        return found

    def _failures(self, worker: int, step: Step) -> list[Choice]:
        found = [f"fail {worker} {LOST}"] if step in FAILURES else []
        if "redis" in step.writes:
            found.append(f"fail {worker} {UNHEARD}")
        return found

    def take(self, choice: Choice) -> None:
        """Lets it happen, and looks whether all still is as it must be."""
        self.happened.append(choice)
        kind, *which = choice.split(" ")
        match kind, which:
            case "go", [worker]:
                self._go(int(worker), None)
            case "take", [worker, many]:
                self._go(int(worker), int(many))
            case "tick", [worker]:
                self._go(int(worker), 0)
            case "land", [life]:
                self._land(int(life))
            case "commit", [worker]:
                self._commit(int(worker))
            case "start", [worker]:
                self._start(int(worker))
            case "notice", [worker]:
                self._life(int(worker)).lose()
            case _:
                self._trouble(kind, which)

    def _trouble(self, kind: str, which: list[str]) -> None:
        name = "roll back" if kind == "roll" else kind
        self.left[name] -= 1
        match kind, which:
            case "rebalance", []:
                self.owner = 1 - self.owner
                life = self.lives[self.owner]
                if life is None:
                    self._start(self.owner)
                else:
                    life.own()
            case "crash", [worker]:
                self._life(int(worker)).end()
                self.lives[int(worker)] = None
            case "fail", [worker, word]:
                self._go(int(worker), word)
            case "resume", []:
                self.world.resume()
            case "wipe", []:
                self.world.redis = RedisState()
            case "roll", ["back", index]:
                self.world.redis = self.world.snapshots[int(index)].copy()
            case _:
                raise AssertionError(f"no such choice: {kind} {which}")

    def _life(self, worker: int) -> Life:
        life = self.lives[worker]
        assert life is not None
        return life

    def _start(self, worker: int) -> None:
        self.lives[worker] = self.setting.new_life(self.world, self.born, self.setting.late)
        self.born += 1

    def _go(self, worker: int, word: object) -> None:
        life = self._life(worker)
        try:
            life.go(word)
            if life.done is not None:
                self.world.acknowledge(life.done, self.world.committed)
        except ViolatedError:
            raise
        except SendFailedError:
            # The process ends, as it must: what it sent may still land.
            self.lives[worker] = None
        except Exception as error:
            raise ViolatedError(f"a worker ended: {type(error).__name__}: {error}") from error

    def _land(self, number: int) -> None:
        sent = self.world.land(number)
        for worker, life in enumerate(self.lives):
            if life is not None and life.waits is sent and sent.landed:
                self._go(worker, None)

    def _commit(self, worker: int) -> None:
        life = self._life(worker)
        done = life.done
        assert done is not None
        self.world.commit(done)
        life.commit(done)

    def key(self) -> int:
        """Equal for equal states, whatever led to them (64 bits)."""
        world = self.world
        return hash(
            (
                tuple(world.log),
                world.redis.key(),
                tuple(old.key() for old in world.snapshots),
                world.committed,
                tuple(
                    (life, tuple(stored for _, stored, _ in flying))
                    for life, flying in sorted(world.flying.items())
                ),
                self.owner,
                self.born,
                tuple(sorted(self.left.items())),
                tuple(life and life.key() for life in self.lives),
            )
        )

    def end(self) -> None:
        for life in self.lives:
            if life is not None:
                life.end()


def calm(run: Run) -> list[Choice]:
    """What may happen when nothing more goes wrong."""
    found = [choice for choice in run.choices() if not is_trouble(choice)]
    for worker, life in enumerate(run.lives):
        if life is not None and life.owns and isinstance(life.waits, Idle):
            found.append(f"tick {worker}")
    return found


def is_trouble(choice: Choice) -> bool:
    return choice.split(" ")[0] in _WRONG


_WRONG = {kind.split(" ")[0] for kind in TROUBLES}


def come_to_rest(run: Run, chance: random.Random, steps: int = 3000) -> None:
    """Without further trouble everything is decided, committed and shown at last."""
    for number in range(1, steps + 1):
        if run.world.complete():
            return
        run.take(chance.choice(calm(run)))
        if number % 500 == 0 and run.world.topics[PARKED]:
            run.left["resume"] = 1  # The operator sees that a trial is halted.
            run.take("resume")
    raise ViolatedError(f"no rest: after {steps} further steps not everything is decided and shown")


def replay(setting: Setting, schedule: Sequence[Choice]) -> Run:
    run = Run(setting)
    for choice in schedule:
        run.take(choice)
    return run
