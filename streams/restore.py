"""Brings an export back into `trial.log`; workers find it there and show it to everybody."""

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from streams.export import accepted
from streams.export_file import records_in
from streams.kafka import Outgoing, Producer
from streams.log_reader import LogReader
from streams.numbers import number_of
from streams.partition import partition_of
from streams.record import Record
from streams.settings import Settings
from streams.topics import LOG

AT_ONCE = 100
"""Records sent together; the next go when every replica has these."""
Advance = Callable[[int], None]


class NotRestoredError(Exception):
    """Nothing was sent, or what was sent is not what stands in the log; the message says which."""


async def restore(
    settings: Settings, file: Path, trial_id: str, go_on: bool, advance: Advance
) -> int:
    """Sends every record that the log lacks, in order; returns how many. The file was verified.

    With a record of the trial in the log it sends nothing, unless `go_on`: then the log must hold
    the beginning of the file. Raises `NotRestoredError`, `SendFailedError`, `KafkaError`.
    """
    partition = partition_of(trial_id, settings.partitions)
    reader, producer = LogReader(settings), Producer(settings)
    await reader.start()
    try:
        there = [record.hash async for record in accepted(reader, partition, trial_id)]
        if there and not go_on:
            raise NotRestoredError(
                f"trial.log has {number_of(len(there), 'record')} of {trial_id} already"
            )
        _begins_with(file, there)
        await producer.start()
        sent = await _send(producer, partition, file, len(there), advance)
        await _stands(reader, partition, trial_id, file)
        return sent
    finally:
        await producer.stop()
        await reader.stop()


def _begins_with(file: Path, there: list[str]) -> None:
    """What the log has must be the first records of the file."""
    if not there:
        return
    mine = (record.hash for record in records_in(file))
    if [found for found, _ in zip(mine, there, strict=False)] != there:
        raise NotRestoredError("the log has other records of the trial than the file begins with")


async def _send(producer: Producer, partition: int, file: Path, skip: int, advance: Advance) -> int:
    lacking = (record for record in records_in(file) if record.sequence >= skip)
    sent, last = 0, -1
    for some in _batched(lacking):
        offsets = await producer.send_all(
            [Outgoing(LOG, partition, r.trial_id.encode(), r.stored) for r in some]
        )
        if offsets != sorted(set(offsets)) or offsets[0] <= last:
            raise NotRestoredError("the records did not land in their order")
        last = offsets[-1]
        sent += len(some)
        advance(len(some))
    return sent


def _batched(records: Iterable[Record]) -> Iterable[tuple[Record, ...]]:
    left = iter(records)
    while some := tuple(islice(left, AT_ONCE)):
        yield some


async def _stands(reader: LogReader, partition: int, trial_id: str, file: Path) -> None:
    """Reads the log again: its accepted chain must be the file, record for record."""
    wanted = records_in(file)
    async for found in accepted(reader, partition, trial_id):
        mine = next(wanted, None)
        if mine is None:
            return  # Decided since: the trial goes on already.
        if mine.hash != found.hash:
            raise NotRestoredError("somebody else wrote records of this trial meanwhile")
    if next(wanted, None) is not None:
        raise NotRestoredError("the log does not hold all that was sent")
