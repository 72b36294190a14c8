"""One life of a worker: the real stage, moved by hand from step to step, and all that it can know.

The stage's coroutine is driven without an event loop, so a whole schedule costs milliseconds. What
a life can know is its memory when it last began something anew, and what it has heard since.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache
from inspect import isawaitable
from types import coroutine
from typing import Any
from uuid import UUID

import pytest

from enrollment.answer import Answer
from enrollment.commands import JudgedRequest, SuspendAssignment
from enrollment.events import AnyEvent
from enrollment.trial import Trial
from streams import batch, recovery, work
from streams.cases import Cases
from streams.decide import DecideStage
from streams.health import Health
from streams.inbox import Item
from streams.ledger import Ledger
from streams.partition import partition_of
from streams.ports import Rules
from streams.record import Record, build, parse
from streams.recovery import Recovery
from streams.settings import Settings
from tests.streams.counting import AT, COUNTING, Counted, count, follow
from tests.streams.memory import MemoryKafka, MemoryRedis, Step, Wire
from tests.streams.world import Sent, World

SETTINGS = Settings(kafka_bootstrap="none:1", redis_url="redis://none", partitions=1)
PAUSE = Step("waits before it tries again")
StageClass = type[DecideStage]


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to do until told how many commands have come; none is a tick of the clock."""

    def __await__(self) -> Any:
        return (yield self)


IDLE = Idle()
AT_MS = AT.timestamp() * 1000
Waits = Step | Sent | Idle


def of_another_version(number: int, world: World) -> Rules:
    """Decides the same command to other bytes, as another version of the rules may do.

    With equal deciders two owners write equal records, which hides most of what can go wrong.
    """

    def decide(trial: Trial, request: JudgedRequest) -> Counted:
        if world.mended:
            request = request.model_copy(update={"command": SuspendAssignment(reason="mended")})
        counted = count(trial, request)
        answer = Answer(outcome="recorded", sentence=f"version {number}")
        return Counted(counted.events, answer, _follow_once(trial, request.at, counted.events))

    return replace(COUNTING, decide=decide, evolve=_follow_once)


_FOLLOWED: dict[tuple[str, int, int], Trial] = {}


def _follow_once(trial: Trial, at: datetime, events: tuple[AnyEvent, ...]) -> Trial:
    """All commands have the same time, so what the counting fold gives follows from its count."""
    key = (trial.trial_id, trial.slots, len(events))
    if key not in _FOLLOWED:
        _FOLLOWED[key] = follow(trial, at, events)
    return _FOLLOWED[key]


_SENT: dict[tuple[UUID, str], bytes] = {}


def as_sent(request: JudgedRequest) -> bytes:
    """The bytes of a command in its topic."""
    key = (request.command_id, request.digest)
    if key not in _SENT:
        _SENT[key] = request.model_dump_json().encode()
    return _SENT[key]


class Life:
    """From the start of a process to its end; it may lose the partition and get it back."""

    def __init__(
        self,
        world: World,
        number: int,
        late: bool = False,
        stage: StageClass = DecideStage,
        recovering: type[Recovery] = Recovery,
    ) -> None:
        self.world = world
        self.number = number
        self.wire = Wire(world, number, late)
        self.next = 0
        self.taken: tuple[object, ...] = ()
        kafka, redis = MemoryKafka(self.wire), MemoryRedis(self.wire)
        rules = of_another_version(number, world)
        self.stage = stage(
            SETTINGS,
            rules,
            kafka,  # type: ignore[arg-type]
            redis,  # type: ignore[arg-type]
            _Watched(recovering(kafka, redis, rules, _no_surplus), self),  # type: ignore[arg-type]
            kafka,  # type: ignore[arg-type]
            Health(),
        )
        self.memory: object = None
        self.waits: Waits = IDLE
        self._run: Coroutine[Any, Any, None] = self._live()
        self.go(None)
        self.own()

    def own(self) -> None:
        """The group gives it the partition, from the committed offset on."""
        self.stage.assigned([0])
        self.next = self.world.committed
        self._interrupted(("assigned", self.next))

    def lose(self) -> None:
        """It hears that the partition went elsewhere."""
        self.stage.revoked([0])
        self._interrupted("revoked")

    def _interrupted(self, by: object) -> None:
        if isinstance(self.waits, Idle):
            self.remember(())
        else:
            self.wire.told(by)

    @property
    def owns(self) -> bool:
        return bool(self.stage.inbox.owned)

    @property
    def done(self) -> int | None:
        """What it has acknowledged and not committed."""
        return self.stage.inbox.to_commit().get(0)

    def commit(self, done: int) -> None:
        """What it asked to commit is committed."""
        self.stage.inbox.committed({0: done})
        self._interrupted(("committed", done))

    def go(self, word: object) -> None:
        """On to the next step. An exception of the stage comes out of here."""
        waits = self._run.send(word)
        while waits is None:  # asyncio.sleep(0)
            waits = self._run.send(None)
        self.waits = waits
        if isinstance(waits, Idle):
            self.taken = ()
            self.remember(())

    def end(self) -> None:
        self._run.close()

    def remember(self, where: object) -> None:
        """From here on all that it does follows from this and from what it hears."""
        if self.world.looked_at:
            self.memory = (where, self.taken, plain(self.stage), self.next)
        self.wire.heard.clear()

    def key(self) -> tuple[object, ...]:
        """Equal only for lives that will do the same when they hear the same."""
        return self.number, self.memory, tuple(self.wire.heard), type(self.waits).__name__

    async def _live(self) -> None:
        inbox = self.stage.inbox
        while True:
            many = await IDLE
            self.wire.told(many)
            for request in self.world.commands[self.next : self.next + many]:
                assert partition_of(request.trial_id, 1) == 0
                await inbox.put(0, self.next, AT_MS, b"", as_sent(request))
                self.next += 1
            items = await inbox.take(0, many) if many else []
            self.taken = tuple((item.epoch, item.offset) for item in items)
            await self.stage._recover_owned()
            await self.stage.handle(items)
            if not many:
                await self.stage._tick()


class _Watched:
    """A recovery as the stage calls it: it begins with nothing but what its caller holds."""

    def __init__(self, recovery: Recovery, life: Life) -> None:
        self._recovery = recovery
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recovery, name)

    async def recover(self, partition: int) -> Ledger:
        self._life.remember(_where(self._life.stage))
        ledger = await self._recovery.recover(partition)
        self._life.remember((*_where(self._life.stage), plain(ledger)))
        return ledger


def _where(stage: DecideStage) -> tuple[object, ...]:
    """Each function between the loop of the life and here: how far it has come, what it holds."""
    found: list[object] = []
    frame = sys._getframe(2)
    while frame.f_code.co_name != "_live" and frame.f_back is not None:
        held = tuple(
            (name, _held(value, stage))
            for name, value in sorted(frame.f_locals.items())
            if name != "self" and not isawaitable(value)
        )
        found.append((frame.f_code.co_name, frame.f_lasti, held))
        frame = frame.f_back
    return (*found, frame.f_lasti)


def _held(value: object, stage: DecideStage) -> object:
    """Of a ledger also whether it still is the stage's: the stage asks for that very object."""
    if isinstance(value, Ledger):
        return plain(value), stage.ledger(value.partition) is value
    return plain(value)


async def _no_surplus(partition: int, trial_id: str, records: list[bytes]) -> list[int]:
    raise AssertionError("Redis had more than trial.log")


_SHARED = (MemoryKafka, MemoryRedis, Rules, Settings, Health, Cases, asyncio.Event, Wire, Recovery)


ONLY_TOLD = frozenset({"void", "_taken_over", "_decided"})
"""Counted for people; no code looks at it. From `_decided` follows how many records of Redis a tick
looks at (`streams/scrub.py`), but no log here is longer than the fewest."""


def plain(value: object) -> object:
    """All that an object holds, as something to be compared; what workers share is left out."""
    kind: Any = type(value)
    return _plain_of(kind)(value)


@cache
def _plain_of(kind: Any) -> Callable[[Any], object]:
    """How to make values of a type plain: worked out once, for it is done a million times."""
    if issubclass(kind, float):  # A moment of the clock: no schedule is told by it.
        return lambda _: None
    if kind is type(None) or issubclass(kind, str | bytes | int | Enum):
        return lambda value: value
    if issubclass(kind, Trial):
        return lambda trial: (trial.slots, trial.time)
    if issubclass(kind, Mapping):
        return lambda value: frozenset((key, plain(each)) for key, each in value.items())
    if issubclass(kind, (*_SHARED, _Watched)) or _is_called(kind):
        return lambda _: None
    if issubclass(kind, frozenset | set):
        return lambda value: frozenset(plain(each) for each in value)
    if hasattr(kind, "__iter__"):
        return lambda value: tuple(plain(each) for each in value)
    if is_dataclass(kind):
        names = [each.name for each in fields(kind) if each.name not in ONLY_TOLD]
        return lambda value: tuple([plain(getattr(value, name)) for name in names])
    if hasattr(kind, "__slots__"):
        return lambda value: value
    return lambda value: tuple(
        [plain(each) for name, each in vars(value).items() if name not in ONLY_TOLD]
    )


def _is_called(kind: type) -> bool:
    return any("__call__" in vars(each) for each in kind.__mro__)


@contextmanager
def by_hand() -> Iterator[None]:
    """Lets lives be moved without an event loop: a pause is a step; what is pure is kept."""

    async def pause(seconds: float) -> None:
        if seconds > 0:
            await PAUSE
        else:
            await _a_moment()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", pause)
        patch.setattr(recovery, "parse", lru_cache(maxsize=100_000)(parse))
        patch.setattr(work, "_read", _read_once(work._read))
        patch.setattr(batch, "build", _build_once)
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _read_once(read: Callable[[Item, int], Any]) -> Callable[[Item, int], Any]:
    known: dict[bytes | None, Any] = {}

    def of(item: Item, partitions: int) -> Any:
        if item.value not in known:
            known[item.value] = read(item, partitions)
        return known[item.value]

    return of


_BUILT: dict[tuple[object, ...], Record] = {}


def _build_once(request: JudgedRequest, answer: Answer, **rest: Any) -> Record:
    """The events of the counting decider follow from the command and its place."""
    key = (request.command_id, request.digest, answer.sentence, rest["sequence"], rest["previous"])
    if key not in _BUILT:
        _BUILT[key] = build(request, answer=answer, **rest)
    return _BUILT[key]


@coroutine
def _a_moment() -> Generator[None, None, None]:
    yield
