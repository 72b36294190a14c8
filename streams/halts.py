"""Which trials of a partition are halted, and what must be decided first when one is resumed.

`trial.parked` is the memory of it: a trial is halted from the command at which its decider raised
until an operator's `Resume`; from then until the owner's `Resumed`, its parked commands come first.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from streams.log_reader import LogReader
from streams.parked import ENTRY, ParkedMessage, Resume
from streams.topics import PARKED

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Halt:
    """A halted trial: what was parked, in order, and whether it may go on."""

    parked: list[ParkedMessage] = field(default_factory=list)
    resumed: bool = False


def fold(halts: dict[str, Halt], stored: bytes) -> None:
    """Takes the next message of `trial.parked`."""
    try:
        entry = ENTRY.validate_json(stored)
    except ValidationError:
        LOG.error("trial.parked holds something unreadable")
        return
    if isinstance(entry, ParkedMessage):
        if entry.reason in ("raised", "halted") and entry.trial is not None:
            halt = halts.setdefault(entry.trial, Halt())
            halt.parked.append(entry)
            if entry.reason == "raised":
                halt.resumed = False
    elif isinstance(entry, Resume):
        if entry.trial in halts:
            halts[entry.trial].resumed = True
    else:
        halts.pop(entry.trial, None)


async def halts_of(reader: LogReader, partition: int) -> tuple[dict[str, Halt], int]:
    """The halts of a partition, and the offset at which the next message of it will stand."""
    halts: dict[str, Halt] = {}
    end = await reader.end(PARKED, partition)
    async for _, stored in _from_start(reader, partition, end):
        fold(halts, stored)
    return halts, end


def _from_start(reader: LogReader, partition: int, end: int) -> AsyncIterator[tuple[int, bytes]]:
    return reader.read(PARKED, partition, 0, end)
