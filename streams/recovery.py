"""Makes the memory of a partition anew from Redis and `trial.log`, and brings Redis up to date.

Redis only shortens the way: from its lowest head on, `trial.log` is read under the chain rule; if
anything in Redis does not fit, from its beginning. Where Redis and Kafka diverge, Kafka wins.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from enrollment.canonical import digest
from enrollment.events import ProtocolAdopted
from streams.cases import Case, Cases
from streams.chain import Link
from streams.ledger import Ledger, TrialLedger, fold, known_trials
from streams.log_reader import LogReader
from streams.ports import Rules
from streams.pulse import beat
from streams.read_side import Entry, Head, Held, Publication, ReadSide, Reply
from streams.rebuild import Rebuild
from streams.record import Record, UnreadableRecordError, parse
from streams.snapshots import Snapshots, UnusableError
from streams.topics import LOG as LOG_TOPIC
from streams.work import entry_of

LOG = logging.getLogger(__name__)
MOST_ATTEMPTS = 50
"""One for each trial that diverged, and a few for a Redis that is lost meanwhile."""
CHUNK = 200
"""How many records are published at once while reading on."""

Append = Callable[[int, str, list[bytes]], Awaitable[list[int]]]
"""Sends records of a trial to a partition of `trial.log`; returns their offsets."""


class DoesNotFitError(Exception):
    """Redis is not what `trial.log` says, at this trial: begin again from the first record."""

    def __init__(self, trial_id: str, case: Case, why: str) -> None:
        super().__init__(why)
        self.trial_id = trial_id
        self.case = case


@dataclass(frozen=True, slots=True)
class Recovery:
    """Everything that a recovery needs; the owner of the partition runs it, never two at once."""

    reader: LogReader
    read_side: ReadSide
    rules: Rules
    append: Append
    cases: Cases = field(default_factory=Cases)
    snapshots: Snapshots | None = None
    rebuild: Rebuild | None = None

    async def recover(self, partition: int) -> Ledger:
        """The ledger of the partition at the end of its log, with Redis brought up to date."""
        from_start = False
        for left in reversed(range(MOST_ATTEMPTS)):
            try:
                return await self._attempt(partition, from_start)
            except DoesNotFitError as error:
                await self._set_aside(partition, error, from_start)
                if not left:
                    raise
                from_start = True
        raise AssertionError("the last attempt returns or raises")

    async def _set_aside(self, partition: int, error: DoesNotFitError, from_start: bool) -> None:
        """Tells the case. What cannot be brought up to date goes into quarantine, never away.

        A branch is called one only when all of `trial.log` was read; a damaged log stays damaged.
        """
        if error.case is Case.DIVERGED and not from_start:
            return
        says = f"Redis does not fit trial.log: {error}"
        if error.case in (Case.DIVERGED, Case.REDIS_DAMAGED):
            tag = await self.read_side.quarantine(partition, error.trial_id)
            says += f"; what it had is now {tag}"
        self.cases.met(error.case, says, partition=partition, trial=error.trial_id)

    async def _attempt(self, partition: int, from_start: bool) -> Ledger:
        ledger = Ledger(partition)
        if not from_start:
            ledger.last_offset = await self._load(ledger)
        if ledger.last_offset < 0:
            # Without a checkpoint nothing in Redis is taken on trust; the script compares it all.
            ledger, from_start = Ledger(partition), True
        loaded = ledger.last_offset
        lacked = await self._read_on(ledger)
        await self._tell_what_was_missing(ledger, loaded, lacked)
        if from_start:
            # In this order: what Redis shows was in the log before, so reading on finds it all,
            # unless Kafka has lost it. Another owner may be publishing at this very moment.
            heads = await self._heads(ledger)
            await self._read_on(ledger)
            await self._send_surplus(ledger, heads)
            await self._read_on(ledger)
            await self._place_heads(ledger)
        await self.read_side.list_all(partition, known_trials(ledger), ledger.last_offset)
        LOG.info(
            "partition recovered",
            extra={
                "partition": partition,
                "trials": len(ledger.trials),
                "last_offset": ledger.last_offset,
                "void": ledger.void,
                "from_start": from_start,
            },
        )
        return ledger

    async def _tell_what_was_missing(self, ledger: Ledger, loaded: int, lacked: int) -> None:
        """`lacked`: records that no log in Redis had; a head not moved along is no lack."""
        if loaded >= 0 and lacked:
            says = "Redis lacked records that had landed: shown now"
            case = Case.REDIS_BEHIND
        elif known_trials(ledger) and not (await self.read_side.listed(ledger.partition))[0]:
            says = "Redis did not know the trials of the partition: all shown anew"
            case = Case.REDIS_EMPTY
        else:
            return
        self.cases.met(case, says, partition=ledger.partition, records=lacked)

    async def _load(self, ledger: Ledger) -> int:
        """Folds what Redis has of each trial; returns the offset from which all is to be read."""
        trial_ids, checkpoint = await self.read_side.listed(ledger.partition)
        if checkpoint < 0:
            return -1
        end = await self.reader.end(LOG_TOPIC, ledger.partition)
        heads = await self.read_side.heads(trial_ids)
        for trial_id, head in zip(trial_ids, heads, strict=True):
            if head is None:
                raise DoesNotFitError(trial_id, Case.TRIAL_KEYS_GONE, "it has no head")
            begun = await self._from_snapshot(ledger, trial_id)
            async for entry in self.read_side.entries(trial_id, begun):
                self._fold(ledger, trial_id, entry)
            known: TrialLedger | None = ledger.trials.get(trial_id)
            if known is None or (known.tip.sequence, known.tip.hash) != (head.sequence, head.hash):
                why = "its head is not the end of its log"
                raise DoesNotFitError(trial_id, Case.HEAD_CHANGED, why)
            stored = await self.reader.at(LOG_TOPIC, ledger.partition, head.offset, end)
            if stored is None or digest(stored) != head.hash:
                why = "its head points to another record"
                raise DoesNotFitError(trial_id, Case.HEAD_CHANGED, why)
            known.offset, known.through = head.offset, head.through
            checkpoint = min(checkpoint, head.through)
        if checkpoint >= end:
            raise DoesNotFitError("", Case.KAFKA_SHORTER, "trial.log is shorter than it was")
        return checkpoint

    async def _from_snapshot(self, ledger: Ledger, trial_id: str) -> int:
        """Begins at the trial's snapshot if it is of the chain that Redis shows; its sequence."""
        if self.snapshots is None:
            return -1
        try:
            found = await self.snapshots.read(trial_id, self.read_side)
        except UnusableError as error:
            ids = {"partition": ledger.partition, "trial": trial_id}
            self.cases.met(Case.SNAPSHOT_UNUSABLE, f"a snapshot is not used: {error}", **ids)
            return -1
        if found is None:
            return -1
        ledger.trials[trial_id] = found
        return found.tip.sequence

    def _fold(self, ledger: Ledger, trial_id: str, entry: Held) -> None:
        beat()
        try:
            record = parse(entry.stored)
        except UnreadableRecordError:
            why = "its log holds something unreadable"
            raise DoesNotFitError(trial_id, Case.REDIS_DAMAGED, why) from None
        known = ledger.of(trial_id, self.rules)
        content = record.content
        follows = (content.sequence, content.previous) == (known.tip.sequence + 1, known.tip.hash)
        if record.hash != entry.hash or content.trial != trial_id or not follows:
            raise DoesNotFitError(trial_id, Case.REDIS_DAMAGED, "its log is not a chain")
        fold(known, record, entry.offset, self.rules)

    async def _read_on(self, ledger: Ledger) -> int:
        """Reads to the end, and on until nothing more has come; how many records were new."""
        pending: dict[str, list[Entry]] = {}
        waiting = accepted = 0
        while True:
            start, partition = ledger.last_offset + 1, ledger.partition
            end = await self.reader.end(LOG_TOPIC, partition)
            if start >= end:
                break
            async for offset, stored in self.reader.read(LOG_TOPIC, partition, start, end):
                record = self._accepted(ledger, offset, stored)
                if record is not None:
                    pending.setdefault(record.trial_id, []).append(
                        entry_of(record, offset, _adopts(record))
                    )
                    waiting += 1
                    accepted += 1
                if waiting >= CHUNK:
                    await self._publish(ledger, pending)
                    pending, waiting = {}, 0
                    await asyncio.sleep(0)
            ledger.last_offset = end - 1
        await self._publish(ledger, pending)
        return accepted

    def _accepted(self, ledger: Ledger, offset: int, stored: bytes) -> Record | None:
        try:
            record = parse(stored)
        except UnreadableRecordError:
            ledger.last_offset = offset
            ledger.void += 1
            self.cases.met(
                Case.VOID_RECORD,
                "trial.log holds something unreadable",
                partition=ledger.partition,
                offset=offset,
            )
            return None
        joined = ledger.read(record, offset, self.rules)
        if joined is Link.VOID:
            self.cases.met(
                Case.VOID_RECORD,
                "void record",
                partition=ledger.partition,
                trial=record.trial_id,
                sequence=record.sequence,
                offset=offset,
            )
        return record if joined is Link.ACCEPTED else None

    async def _publish(self, ledger: Ledger, pending: dict[str, list[Entry]]) -> None:
        publications = [
            Publication(
                trial_id,
                before=entries[0].previous,
                through=ledger.last_offset,
                entries=tuple(entries),
            )
            for trial_id, entries in pending.items()
        ]
        if not publications:
            return
        replies = await self.read_side.publish(publications)
        for publication, reply in zip(publications, replies, strict=True):
            if reply is not Reply.OK:
                case = Case.PUBLISH_REFUSED if reply is Reply.GAP else Case.DIVERGED
                why = f"publishing answered {reply.value}"
                raise DoesNotFitError(publication.trial_id, case, why)

    async def _heads(self, ledger: Ledger) -> dict[str, Head]:
        listed, _ = await self.read_side.listed(ledger.partition)
        trial_ids = tuple(sorted({*listed, *known_trials(ledger)}))
        heads = await self.read_side.heads(trial_ids)
        return {trial: head for trial, head in zip(trial_ids, heads, strict=True) if head}

    async def _send_surplus(self, ledger: Ledger, heads: Mapping[str, Head]) -> None:
        """What Redis has and Kafka lost is sent again, when it extends the accepted chain."""
        for trial_id, head in heads.items():
            known = ledger.of(trial_id, self.rules)
            if head.sequence <= known.tip.sequence:
                continue
            surplus = [e async for e in self.read_side.entries(trial_id, known.tip.sequence)]
            previous = known.tip.hash
            for entry in surplus:
                if not _extends(entry, previous):
                    raise DoesNotFitError(trial_id, Case.DIVERGED, "its surplus is no chain")
                previous = entry.hash
            self.cases.met(
                Case.KAFKA_SHORTER,
                "trial.log had lost records that Redis has: sent again",
                partition=ledger.partition,
                trial=trial_id,
                records=len(surplus),
            )
            await self.append(ledger.partition, trial_id, [entry.stored for entry in surplus])

    async def _place_heads(self, ledger: Ledger) -> None:
        for trial_id in known_trials(ledger):
            known = ledger.trials[trial_id]
            reply = await self.read_side.place(
                trial_id, known.tip, known.offset, ledger.last_offset
            )
            if reply is not Reply.OK:
                why = "Redis changed while it was brought up to date"
                raise DoesNotFitError(trial_id, Case.HEAD_CHANGED, why)
            known.through = ledger.last_offset


def _adopts(record: Record) -> bool:
    return any(isinstance(event, ProtocolAdopted) for event in record.content.events)


def _extends(held: Held, previous: str) -> bool:
    try:
        record = parse(held.stored)
    except UnreadableRecordError:
        return False
    return record.hash == held.hash and record.content.previous == previous
