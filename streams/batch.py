"""Decides all commands that wait, trial by trial, without any I/O: the heart of group commit.

Nothing here changes the ledger but the halt of a trial whose decider raised: what was decided
becomes true only when Kafka has it where it must be (`decide`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from enrollment.commands import AdoptProtocol, JudgedRequest
from enrollment.events import ProtocolAdopted
from enrollment.trial import Trial
from streams.chain import Tip
from streams.kafka import MAX_MESSAGE_BYTES
from streams.ledger import Decision, Ledger, TrialLedger, pack, unpack
from streams.ports import Rules
from streams.record import Record, build

LOG = logging.getLogger(__name__)
AHEAD = timedelta(minutes=2)
"""How far a real-clock request may be ahead of the time at which Kafka received it."""
LARGEST_RECORD = MAX_MESSAGE_BYTES - 64 * 1024

Reason = Literal["unreadable", "conflict", "raised", "halted", "ahead_of_time", "too_large"]
"""`raised`: the decider did, at this command; `halted`: the trial was halted by an earlier one."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request with the time at which Kafka received it (`trial.requests`, log append time)."""

    request: JudgedRequest
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A record to be written, and the fold of the trial with it."""

    record: Record
    trial: Trial
    public: int
    adopts: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Decided before: the answer stands at `sequence`; nothing is written."""

    sequence: int


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Nothing to decide (a tick with nothing due): nothing is written."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Not decided: goes to `trial.parked` with the reason."""

    reason: Reason
    detail: str


Result = Written | Known | NoEffect | Parked


@dataclass(slots=True)
class _Draft:
    """A trial as this batch leaves it, on top of its ledger."""

    ledger: TrialLedger
    trial: Trial
    tip: Tip
    public: int
    decided: dict[bytes, bytes] = field(default_factory=dict)

    def decision(self, request: JudgedRequest) -> Decision | None:
        packed = self.decided.get(request.command_id.bytes)
        return self.ledger.decision(request.command_id) if packed is None else unpack(packed)


def decide_all(ledger: Ledger, commands: Sequence[Command], rules: Rules) -> list[Result]:
    """One result for each command, in order, each decided on what the ones before it left."""
    drafts: dict[str, _Draft] = {}
    results: list[Result] = []
    for command in commands:
        trial_id = command.request.trial_id
        draft = drafts.get(trial_id)
        if draft is None:
            entry = ledger.of(trial_id, rules)
            draft = drafts[trial_id] = _Draft(entry, entry.trial, entry.tip, entry.public)
        results.append(_decide_one(draft, command, rules))
    return results


def _decide_one(draft: _Draft, command: Command, rules: Rules) -> Result:
    request = command.request
    before = draft.decision(request)
    if before is not None:
        if before.digest == request.digest:
            return Known(before.sequence)
        return Parked("conflict", f"command id was used at sequence {before.sequence}")
    if draft.ledger.halted:
        return Parked("halted", "the trial is halted")
    if _ahead_of_time(draft.trial, command):
        return Parked("ahead_of_time", "at is more than two minutes ahead of its arrival")
    try:
        written = _written(draft, request, rules)
    except Exception as error:  # Whatever a decider raises is our own bug: the trial halts.
        draft.ledger.halted = True
        # Only the type: the message may quote clinical data.
        LOG.critical(
            "decider raised %s: trial halted",
            type(error).__name__,
            extra={"trial": request.trial_id, "command_id": str(request.command_id)},
        )
        return Parked("raised", f"the decider raised {type(error).__name__}")
    if written is None:
        return NoEffect()
    if len(written.record.stored) > LARGEST_RECORD:
        return Parked("too_large", f"the record would have {len(written.record.stored)} bytes")
    draft.trial = written.trial
    draft.public += written.public
    draft.tip = Tip(written.record.sequence, written.record.hash)
    draft.decided[request.command_id.bytes] = pack(written.record.sequence, request.digest)
    return written


def _written(draft: _Draft, request: JudgedRequest, rules: Rules) -> Written | None:
    """The record of a decision, with the trial after it; none when nothing is to be written."""
    decided = rules.decide(draft.trial, request)
    if not decided.events:
        return None
    protocol = draft.trial.protocol
    record = build(
        request,
        sequence=draft.tip.sequence + 1,
        previous=draft.tip.hash,
        protocol="" if protocol is None else protocol.digest,
        public_from=draft.public,
        answer=decided.answer,
        events=decided.events,
    )
    adopts = any(isinstance(event, ProtocolAdopted) for event in decided.events)
    public = rules.public_count(decided.events, request.trial_id)
    return Written(record, decided.trial, public, adopts)


def _ahead_of_time(trial: Trial, command: Command) -> bool:
    """Real-clock trials only: a clock that runs ahead would apply deadlines before their time."""
    request = command.request
    if trial.protocol is not None:
        real = trial.clock == "real"
    else:
        real = not isinstance(request.command, AdoptProtocol) or request.command.clock == "real"
    return real and request.at > command.received_at + AHEAD


def received_at(timestamp_ms: float) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
