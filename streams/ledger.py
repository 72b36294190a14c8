"""What the owner of a partition keeps in memory: each trial's fold, tip and decided commands."""

from dataclasses import dataclass, field
from uuid import UUID

from enrollment.events import FormJudged, ProtocolAdopted
from enrollment.trial import Trial
from streams.chain import EMPTY, Link, Tip, link
from streams.ports import Rules
from streams.record import Record


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a decided command stands, and the digest that it had."""

    sequence: int
    digest: str


@dataclass(slots=True)
class TrialLedger:
    """One trial as its accepted records give it. `offset` is that of the last one."""

    trial: Trial
    tip: Tip = EMPTY
    offset: int = -1
    decided: dict[bytes, bytes] = field(default_factory=dict)
    """Command id -> digest and sequence, packed: there is one entry per decision, for ever."""
    halted: bool = False
    public: int = 0
    """How many public events its records gave: the number of the next one."""
    through: int = -1
    """Up to which offset the head in Redis says that this trial is known."""
    adopted: int = -1
    """The sequence of the record that adopted the protocol in force."""
    judged: dict[str, int] = field(default_factory=dict)
    """Subject -> the sequence at which its latest verdict stands: for those who read snapshots."""

    def decision(self, command_id: UUID) -> Decision | None:
        packed = self.decided.get(command_id.bytes)
        return None if packed is None else unpack(packed)

    def accept(self, record: Record, offset: int, trial: Trial, public: int) -> None:
        """Takes a record that follows the tip; `trial` is the fold with it, `public` its events."""
        content = record.content
        assert content.sequence == self.tip.sequence + 1, "only the next record is accepted"
        assert content.previous == self.tip.hash, "only a successor of the tip is accepted"
        self.trial = trial
        self.tip = Tip(content.sequence, record.hash)
        self.offset = offset
        self.public = content.public_from + public
        self.decided[content.command_id.bytes] = pack(content.sequence, content.digest)
        for event in content.events:
            if isinstance(event, FormJudged):
                self.judged[event.subject_id] = content.sequence
            elif isinstance(event, ProtocolAdopted):
                self.adopted = content.sequence


def pack(sequence: int, digest: str) -> bytes:
    return bytes.fromhex(digest) + sequence.to_bytes(8, "big")


def unpack(packed: bytes) -> Decision:
    return Decision(sequence_in(packed), packed[:32].hex())


def sequence_in(packed: bytes) -> int:
    return int.from_bytes(packed[32:], "big")


@dataclass(slots=True)
class Ledger:
    """One partition of `trial.log` as read so far; `last_offset` was the last read or written."""

    partition: int
    trials: dict[str, TrialLedger] = field(default_factory=dict)
    last_offset: int = -1
    void: int = 0

    def of(self, trial_id: str, rules: Rules) -> TrialLedger:
        found = self.trials.get(trial_id)
        if found is None:
            found = self.trials[trial_id] = TrialLedger(rules.new_trial(trial_id))
        return found

    def read(self, record: Record, offset: int, rules: Rules) -> Link:
        """Takes the next record of the partition under the chain rule, and folds it if accepted."""
        assert offset > self.last_offset, "records are read in the order of their offsets"
        self.last_offset = offset
        content = record.content
        known = self.trials.get(content.trial)
        tip = known.tip if known is not None else EMPTY
        joined = link(tip, content.sequence, content.previous, record.hash)
        if joined is Link.ACCEPTED:
            fold(self.of(content.trial, rules), record, offset, rules)
        elif joined is Link.VOID and known is not None and _again(known, record):
            return Link.DUPLICATE
        elif joined is Link.VOID:
            self.void += 1
        return joined


def fold(known: TrialLedger, record: Record, offset: int, rules: Rules) -> None:
    """Lets a trial follow its next record."""
    content = record.content
    trial = rules.evolve(known.trial, content.at, content.events)
    known.accept(record, offset, trial, rules.public_count(content.events, content.trial))


def known_trials(ledger: Ledger) -> tuple[str, ...]:
    """The trials of a ledger that have a record, sorted."""
    return tuple(sorted(name for name, known in ledger.trials.items() if known.tip != EMPTY))


def _again(known: TrialLedger, record: Record) -> bool:
    """Whether a record below the tip is the very decision that stands at its sequence."""
    decision = known.decision(record.content.command_id)
    return decision is not None and decision.sequence == record.content.sequence
