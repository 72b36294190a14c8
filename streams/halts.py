"""Which trials of a partition are halted, and what must be decided first when one is resumed.

`trial.parked` is the memory of it: a trial is halted from the command at which its decider raised
until an operator's `Resume`; from then until the owner's `Resumed`, its parked commands come first.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from streams.log_reader import LogReader
from streams.parked import ENTRY, Entry, ParkedMessage, Resume, Resumed
from streams.topics import PARKED

LOG = logging.getLogger(__name__)


Identity = tuple[int, int]
"""Offset and time of arrival: the offset alone could come again in topics that were made anew."""


@dataclass(slots=True)
class Halt:
    """A halted trial: what was parked, and whether it may go on."""

    parked: dict[Identity, ParkedMessage] = field(default_factory=dict)
    kept: dict[Identity, ParkedMessage] = field(default_factory=dict)
    resumed: bool = False
    over: bool = False
    """Everything was decided: what an owner that did not know it kept after that does not count."""

    def in_order(self) -> list[ParkedMessage]:
        """As they came: keeping takes all that was there by then, so the others came later."""
        later = [m for identity, m in self.parked.items() if identity not in self.kept]
        return [*sorted(self.kept.values(), key=_place), *later]

    def identities(self) -> frozenset[Identity]:
        return frozenset(self.parked) | frozenset(self.kept)

    def oldest_ms(self) -> int:
        """When the one that Kafka forgets first was parked or kept, or earlier."""
        return min(m.kept.at_ms if m.kept else m.timestamp_ms for m in self.in_order())

    def take(self, message: ParkedMessage) -> None:
        identity = (message.source.offset, message.timestamp_ms)
        if message.kept is not None:
            self.kept[identity] = message
        else:
            self.parked.setdefault(identity, message)


def _place(message: ParkedMessage) -> int:
    assert message.kept is not None, "only what was kept has a place"
    return message.kept.place


def fold(halts: dict[str, Halt], stored: bytes) -> None:
    """Takes the next message of `trial.parked`."""
    try:
        entry = ENTRY.validate_json(stored)
    except ValidationError:
        LOG.error("trial.parked holds something unreadable")
        return
    take(halts, entry)


def take(halts: dict[str, Halt], entry: Entry) -> None:
    if isinstance(entry, ParkedMessage):
        _park(halts, entry)
    elif isinstance(entry, Resume):
        if entry.trial in halts:
            halts[entry.trial].resumed = not halts[entry.trial].over
    elif isinstance(entry, Resumed):
        halts[entry.trial] = Halt(over=True)


def _park(halts: dict[str, Halt], entry: ParkedMessage) -> None:
    if entry.reason not in ("raised", "halted") or entry.trial is None:
        return
    halt = halts.setdefault(entry.trial, Halt())
    if entry.kept is None:
        if halt.over:
            halt = halts[entry.trial] = Halt()
        if entry.reason == "raised":
            halt.resumed = False
    if not halt.over:
        halt.take(entry)


async def halts_of(reader: LogReader, partition: int) -> tuple[dict[str, Halt], int]:
    """The halts of a partition, and the offset at which the next message of it will stand."""
    halts: dict[str, Halt] = {}
    end = await reader.end(PARKED, partition)
    async for _, stored in _from_start(reader, partition, end):
        fold(halts, stored)
    return halts, end


def _from_start(reader: LogReader, partition: int, end: int) -> AsyncIterator[tuple[int, bytes]]:
    return reader.read(PARKED, partition, 0, end)
