"""A trial as a reader has folded it from `{trial}:log`: nothing is taken that is not the chain."""

from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

from enrollment.canonical import digest
from enrollment.events import FormJudged
from enrollment.trial import Trial
from streams import keys
from streams.chain import EMPTY, Link, Tip, link
from streams.ledger import TrialLedger
from streams.ports import Evolve
from streams.record import Record, UnreadableRecordError, parse

RECENT = 2048


class NotTheChainError(Exception):
    """What Redis holds is another chain than was folded, or none; the message says what."""


class Fold:
    """The fold up to its tip. `recent` are the last decisions, `judged` where verdicts stand."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.tip: Tip = EMPTY
        self.recent: OrderedDict[UUID, Record] = OrderedDict()
        self.judged: dict[str, int] = {}
        """Subject -> the sequence at which its latest verdict stands."""

    @classmethod
    def at(cls, snapshot: TrialLedger) -> "Fold":
        """Begun where a snapshot ends."""
        fold = cls(snapshot.trial)
        fold.tip, fold.judged = snapshot.tip, snapshot.judged
        return fold

    def take(self, entry: bytes, fields: Mapping[bytes, bytes], evolve: Evolve) -> Record | None:
        """Folds the next record; returns it as it is kept, none for one that it has."""
        record = checked(self.trial.trial_id, entry, fields)
        content = record.content
        joined = link(self.tip, content.sequence, content.previous, record.hash)
        if joined is Link.DUPLICATE:
            return None
        if joined is Link.VOID:
            raise NotTheChainError(f"record {content.sequence} does not follow")
        self.trial = evolve(self.trial, content.at, content.events)
        self.tip = Tip(content.sequence, record.hash)
        for event in content.events:
            if isinstance(event, FormJudged):
                self.judged[event.subject_id] = content.sequence
        return self._remember(record)

    def _remember(self, record: Record) -> Record:
        """Without what holds forms: those of two thousand records would fill a memory."""
        content = record.content.model_copy(update={"events": (), "command": {}})
        record = Record(content, b"", record.hash)
        self.recent[content.command_id] = record
        if len(self.recent) > RECENT:
            self.recent.popitem(last=False)
        return record

    def stands(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether this entry of the log still is our last record, to the byte."""
        said = fields.get(b"h", b"").decode("ascii", "replace")
        return said == self.tip.hash == digest(fields.get(b"r", b""))


def checked(trial_id: str, entry: bytes, fields: Mapping[bytes, bytes]) -> Record:
    """The record of an entry. Raises `NotTheChainError` where its bytes are not what it says."""
    try:
        record = parse(fields.get(b"r", b""))
    except UnreadableRecordError:
        raise NotTheChainError(f"{entry.decode()} is unreadable") from None
    said = fields.get(b"h", b"").decode("ascii", "replace")
    place = (trial_id, keys.sequence_of(entry), said)
    if (record.content.trial, record.content.sequence, record.hash) != place:
        raise NotTheChainError(f"{entry.decode()} holds other bytes than it says")
    return record
