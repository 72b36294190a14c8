"""`trial.parked` as an operator reads it: every message with its place and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from streams.halts import Halt, take
from streams.log_reader import LogReader
from streams.parked import ENTRY, ParkedMessage, Retried, Source
from streams.topics import PARKED

State = Literal["parked", "retried", "halted", "to be decided", "decided"]
"""`halted` and what follows are of a halted trial: until unhalted, then until its owner is done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in `trial.parked`; written `partition/offset`."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A parked message; in a list its payload is left out."""

    place: Place
    message: ParkedMessage
    state: State
    sent_to: Source | None = None


async def listed(
    reader: LogReader, partition: int, advance: Callable[[int], None] = lambda _: None
) -> list[Listed]:
    """All that is parked in a partition, oldest first; `advance` is told how many were read."""
    end = await reader.end(PARKED, partition)
    halts: dict[str, Halt] = {}
    found: dict[int, ParkedMessage] = {}
    again: dict[int, Source] = {}
    shown: set[tuple[object, ...]] = set()
    async for offset, stored in reader.read(PARKED, partition, 0, end):
        advance(1)
        try:
            entry = ENTRY.validate_json(stored)
        except ValidationError:
            continue
        if isinstance(entry, ParkedMessage):
            entry = entry.model_copy(update={"payload": ""})
            # A worker that was killed parks the same again; what is kept is a copy too.
            source = entry.source
            same = (entry.trial, source.topic, source.offset, entry.timestamp_ms, entry.reason)
            if same not in shown:
                found[offset] = entry
            shown.add(same)
        elif isinstance(entry, Retried):
            again[entry.offset] = entry.sent_to
        take(halts, entry)
    return [
        Listed(Place(partition, at), message, _state(message, halts, at in again), again.get(at))
        for at, message in found.items()
    ]


async def read_one(reader: LogReader, place: Place) -> ParkedMessage | None:
    """The message with its payload; none when nothing parked stands there."""
    end = await reader.end(PARKED, place.partition)
    stored = await reader.at(PARKED, place.partition, place.offset, end)
    try:
        entry = ENTRY.validate_json(stored or b"")
    except ValidationError:
        return None
    return entry if isinstance(entry, ParkedMessage) else None


def _state(message: ParkedMessage, halts: dict[str, Halt], sent_again: bool) -> State:
    if message.reason not in ("raised", "halted"):
        return "retried" if sent_again else "parked"
    halt = halts.get(message.trial or "")
    if halt is None or (message.source.offset, message.timestamp_ms) not in halt.identities():
        return "decided"
    return "to be decided" if halt.resumed else "halted"
