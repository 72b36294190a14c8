"""One partition's share of a batch of `decide`: what waits, what was decided, what to send."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from enrollment.canonical import exact
from enrollment.commands import AmendForm, JudgedRequest, SubmitForm
from streams.batch import Command, Parked, Result, Written, decide_all, received_at
from streams.inbox import Item
from streams.judged import NoCommandError, read_command
from streams.kafka import Outgoing
from streams.ledger import Ledger
from streams.parked import parked
from streams.partition import partition_of
from streams.ports import Rules
from streams.read_side import Entry, Publication
from streams.record import Record
from streams.topics import COMMANDS, LOG


@dataclass(slots=True)
class Work:
    """Commands of one partition with their results, in order, on one ledger."""

    ledger: Ledger
    items: Sequence[Item]
    commands: list[Command | Parked] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def partition(self) -> int:
        return self.ledger.partition

    @property
    def written(self) -> list[Written]:
        return [result for result in self.results if isinstance(result, Written)]

    def records(self) -> list[Outgoing]:
        return [
            Outgoing(LOG, self.partition, written.record.trial_id.encode(), written.record.stored)
            for written in self.written
        ]

    def parked(self) -> list[Outgoing]:
        """In the order in which the commands came."""
        outgoing = []
        for item, command, result in zip(self.items, self.commands, self.results, strict=True):
            if isinstance(result, Parked):
                trial_id = command.request.trial_id if isinstance(command, Command) else None
                outgoing.append(parked(item, COMMANDS, trial_id, result.reason, result.detail))
        return outgoing

    def follows(self, offsets: Sequence[int]) -> bool:
        """Whether the records landed right behind the last one that this owner read or wrote."""
        start = self.ledger.last_offset + 1
        return list(offsets) == list(range(start, start + len(offsets)))

    def accept(self, offsets: Sequence[int]) -> list[Publication]:
        """The records are in the accepted chain: takes them into the ledger, to be published."""
        entries: dict[str, list[Entry]] = {}
        for written, offset in zip(self.written, offsets, strict=True):
            record = written.record
            self.ledger.trials[record.trial_id].accept(
                record, offset, written.trial, written.public
            )
            self.ledger.last_offset = offset
            entry = entry_of(record, offset, written.adopts)
            entries.setdefault(record.trial_id, []).append(entry)
        return [
            Publication(trial_id, found[0].previous, self.ledger.last_offset, tuple(found))
            for trial_id, found in entries.items()
        ]

    def places(self) -> Iterator[tuple[int, int, Record]]:
        """Partition and offset where each record will stand, unless somebody else writes too."""
        for offset, written in enumerate(self.written, self.ledger.last_offset + 1):
            yield self.partition, offset, written.record

    def new_trials(self) -> list[tuple[int, str]]:
        return [
            (self.partition, written.record.trial_id)
            for written in self.written
            if written.record.sequence == 0
        ]


def entry_of(record: Record, offset: int, adopts: bool) -> Entry:
    content = record.content
    return Entry(
        sequence=content.sequence,
        hash=record.hash,
        previous=content.previous,
        offset=offset,
        command_id=str(content.command_id),
        adopts=adopts,
        stored=record.stored,
    )


def decide_items(ledger: Ledger, items: Sequence[Item], rules: Rules, partitions: int) -> Work:
    """Reads and decides what waits for one partition; what is unreadable is parked in its place."""
    work = Work(ledger, items)
    work.commands = [_read(item, partitions) for item in items]
    readable = [command for command in work.commands if isinstance(command, Command)]
    decided = iter(decide_all(ledger, readable, rules))
    for command in work.commands:
        work.results.append(next(decided) if isinstance(command, Command) else command)
    return work


def _read(item: Item, partitions: int) -> Command | Parked:
    try:
        request = read_command(item.value or b"")
    except NoCommandError as error:
        return Parked("unreadable", str(error))
    if partition_of(request.trial_id, partitions) != item.partition:
        return Parked("unreadable", "in another partition than its trial's")
    if _cannot_be_kept(request):
        return Parked("unreadable", "a form with fractions or huge whole numbers as JSON numbers")
    return Command(request, received_at(item.timestamp_ms))


def _cannot_be_kept(request: JudgedRequest) -> bool:
    """The record keeps what was sent; a form that got a verdict was read strictly before."""
    command = request.command
    if request.verdict is not None or not isinstance(command, SubmitForm | AmendForm):
        return False
    return not exact(command.form)
