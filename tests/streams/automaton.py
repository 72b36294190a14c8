"""The lives of workers as automata: a step of the real code is run once for all that it can see.

What a life does next follows from what it knows (`Life.key`) and from what the step lets it see. So
a step that was taken once, in some state of Redis and of the log, need not be taken again: what
came of it is kept. The code itself runs in a world of its own, which tells how much it looked at.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from streams.kafka import SendFailedError
from streams.topics import LOG, PARKED
from tests.streams.life import Idle
from tests.streams.memory import Step, Wire
from tests.streams.schedule import Setting
from tests.streams.world import RedisState, Sent, ViolatedError, World

WHOLE = sys.maxsize
"""Of a log: also that it goes no further was seen."""
Does = Literal["go", "land", "own", "lose", "commit"]


@dataclass(slots=True)
class Looked:
    """A log that notes how much of it was looked at, and tells the life that it has seen that."""

    records: Sequence[bytes]
    wire: Wire
    seen: int = 0

    def __len__(self) -> int:
        self.seen = WHOLE
        return len(self.records)

    def __getitem__(self, offset: int) -> bytes:
        self.seen = max(self.seen, offset + 1)
        # Where this search goes, another log may have another record at this offset.
        self.wire.told(self.records[offset])
        return self.records[offset]


class Alone(World):
    """What one life sees of the world during one step. What it shows is judged by who asks."""

    __slots__ = ("showed",)
    showed: bool

    def show(self) -> None:
        self.showed = True


@dataclass(frozen=True, slots=True)
class Input:
    """What happens to a life: a step, that all it sent has landed, or what the group tells it."""

    does: Does
    word: int | None = None
    """Of a step: how many commands are taken, 0 for a look around; else an offset to commit."""
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """The shared things as they are: numbers of interned values, and the values."""

    redis: int
    log: int
    prefixes: Sequence[int]
    """The number of each beginning of the log, by its length; the last is the log itself."""
    state: RedisState
    records: Sequence[bytes]
    committed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a life is after a step, and what the step did to the world."""

    local: int
    sent: tuple[bytes, ...]
    redis: RedisState | None
    """None: it was not changed."""
    showed: bool


@dataclass(frozen=True, slots=True)
class Local:
    """All that may be asked of a life between two steps."""

    number: int
    waits: Step | int | None
    """A step; for how many messages to land; none when it is idle."""
    owns: bool
    next: int
    done: int | None
    born_at: int
    """The committed offset at its birth."""
    path: tuple[tuple[Input, Sight], ...]
    """One way to come here from there."""
    memory: object

    @property
    def in_redis(self) -> bool:
        return isinstance(self.waits, Step) and "redis" in self.waits.reads | self.waits.writes


@dataclass(slots=True)
class Lives:
    """All lives of a setting, as far as they were met. `ran` counts steps of the real code."""

    setting: Setting
    locals: list[Local] = field(default_factory=list)
    ran: int = 0
    _known: dict[object, int] = field(default_factory=dict)
    _outcomes: dict[object, Outcome] = field(default_factory=dict)
    _looks: dict[object, int] = field(default_factory=dict)
    _awake: dict[int, Any] = field(default_factory=dict)
    """Lives as coroutines, at most one for each local state."""
    _births: dict[tuple[int, int], int] = field(default_factory=dict)

    def born(self, number: int, sight: Sight) -> int:
        key = (number, sight.committed)
        if key not in self._births:
            life = self._new(number, sight.committed)
            self._births[key] = self._keep(life, sight.committed, ())
        return self._births[key]

    def after(self, local: int, what: Input, sight: Sight) -> Outcome:
        """Raises `ViolatedError` when the life ends by an error."""
        told = what.does in ("own", "lose", "commit")
        redis = sight.redis if self.locals[local].in_redis and not told else -1
        key = (local, what, redis, sight.committed if what.does == "own" else -1)
        looks = self._looks.get(key, 0)
        outcome = self._outcomes.get((key, _beginning(sight, looks)))
        if outcome is None:
            outcome, seen = self._run(local, what, sight, redis >= 0)
            looks = self._looks[key] = max(looks, seen)
            self._outcomes[(key, _beginning(sight, looks))] = outcome
        return outcome

    def _run(self, local: int, what: Input, sight: Sight, in_redis: bool) -> tuple[Outcome, int]:
        self.ran += 1
        was = self.locals[local]
        life = self._awake.pop(local, None) or self._again(was)
        life.world.looked_at = True
        log = Looked(sight.records, life.wire)
        _take(life, what, sight, log, in_redis)
        world = life.world
        sent = tuple(stored for _, stored, _ in world.flying.pop(was.number, ()))
        changed = in_redis and world.redis.key() != sight.state.key()
        redis = world.redis if changed else None
        after = self._keep(life, was.born_at, (*was.path, (what, sight)))
        return Outcome(after, sent, redis, world.showed), log.seen

    def _new(self, number: int, committed: int) -> Any:
        world = Alone(self.setting.commands, committed=committed)
        world.showed = False
        return self.setting.new_life(world, number, self.setting.late)

    def _again(self, local: Local) -> Any:
        """The same life once more, as a coroutine that has come as far."""
        life = self._new(local.number, local.born_at)
        life.world.looked_at = False
        for what, sight in local.path:
            _take(life, what, sight, Looked(sight.records, life.wire), True)
            life.world.flying.clear()
        life.memory = local.memory
        return life

    def _keep(self, life: Any, born_at: int, path: tuple[tuple[Input, Sight], ...]) -> int:
        """The number of the state that it is in; the life waits there until it is needed."""
        key = life.key()
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.locals)
            waits = life.waits
            self.locals.append(
                Local(
                    life.number,
                    waits.wanted if isinstance(waits, Sent) else _step(waits),
                    life.owns,
                    life.next,
                    life.done,
                    born_at,
                    path,
                    life.memory,
                )
            )
        if number in self._awake:
            life.end()
        else:
            self._awake[number] = life
        return number

    def end(self) -> None:
        for life in self._awake.values():
            life.end()
        self._awake.clear()


def _step(waits: object) -> Step | None:
    assert isinstance(waits, Step | Idle)
    return waits if isinstance(waits, Step) else None


def _beginning(sight: Sight, looked_at: int) -> int:
    """The number of as much of the log as was looked at."""
    if looked_at == WHOLE:
        return sight.log
    # Not the number of the log itself: another log may begin with it, and is not it.
    return -1 - sight.prefixes[min(looked_at, len(sight.records))]


def _take(life: Any, what: Input, sight: Sight, log: Looked, in_redis: bool) -> None:
    world = life.world
    world.topics = {LOG: log, PARKED: []}
    world.redis = sight.state.copy() if in_redis else _HIDDEN
    world.committed, world.showed = sight.committed, False
    try:
        match what.does:
            case "go":
                life.go(what.word)
            case "land":
                life.waits.offsets.extend(what.offsets)
                life.go(None)
            case "own":
                life.own()
            case "lose":
                life.lose()
            case "commit":
                life.commit(what.word)
    except SendFailedError as error:
        raise AssertionError("nothing that was sent is lost here") from error
    except Exception as error:
        raise ViolatedError(f"a worker ended: {type(error).__name__}: {error}") from error


class _Hidden:
    """Redis during a step that does not say that it touches it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a step that touches no Redis asked for its {name}")


_HIDDEN: Any = _Hidden()
