"""One turn of the decider: the events so far and the trial as they leave it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from enrollment.answer import Answer
from enrollment.commands import Actor
from enrollment.events import AnyEvent, CommandRefused, Rejected, Signed
from enrollment.evolve import apply
from enrollment.trial import Subject, Trial
from protocols.model import Protocol


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command came to. No events: nothing is written, and the trial stays what it was."""

    events: tuple[AnyEvent, ...]
    answer: Answer
    trial: Trial
    """What `evolve` makes of the trial and these events; decide has followed each of them."""


def of_slot(subject: Subject) -> dict[str, Any]:
    """What every event about a slot carries; of the subject as it is before the event."""
    slot = subject.slot
    assert slot is not None, f"{subject.subject_id} never held a slot"
    return {
        "subject_id": subject.subject_id,
        "site_id": subject.site_id,
        "slot_id": slot.slot_id,
        "phase": slot.phase,
        "level_id": slot.level_id,
    }


@dataclass(slots=True)
class Turn:
    """Lives for one `decide` only; `now` is the trial's time, never a clock's."""

    trial: Trial
    now: datetime
    actor: Actor
    events: list[AnyEvent] = field(default_factory=list)
    _dated: tuple[datetime, Protocol, date] | None = None
    """The date as worked out last: several rules of one decision ask for it."""

    @property
    def protocol(self) -> Protocol:
        return self.trial.in_force

    @property
    def today(self) -> date:
        """The calendar date in the trial's time zone."""
        known, protocol = self._dated, self.protocol
        if known is not None and known[0] is self.now and known[1] is protocol:
            return known[2]
        today = protocol.local_date(self.now)
        self._dated = (self.now, protocol, today)
        return today

    def record(self, event: AnyEvent) -> None:
        """Appends an event and lets the trial follow it."""
        self.trial = apply(self.trial, event)
        self.events.append(event)

    def signed(self, meaning: str, of: str) -> Signed:
        return Signed(by=self.actor.id, meaning=meaning, of=of)

    @property
    def by_centre(self) -> bool:
        """The actor speaks for the coordinating centre."""
        return self.actor.role in ("coordinator", "reviewer")

    def rejected(self, command: str, rule: str, sentence: str) -> Answer:
        """The caller is confused: nothing else changes."""
        self.record(Rejected(command=command, rule=rule, sentence=sentence))
        return Answer(outcome="rejected", rule=rule, sentence=sentence)

    def in_the_future(self, command: str) -> Answer:
        """Rejected: only what has happened is a fact."""
        return self.rejected(command, "in_the_future", "A fact lies in the future.")

    def refused(
        self,
        command: str,
        rule: str,
        sentence: str,
        *,
        subject_id: str | None = None,
        earliest: date | None = None,
        anchor: str | None = None,
    ) -> Answer:
        """A permission refused, by a rule."""
        subject = self.trial.subjects.get(subject_id) if subject_id else None
        self.record(
            CommandRefused(
                subject_id=subject_id,
                site_id=subject.site_id if subject else None,
                command=command,
                rule=rule,
                sentence=sentence,
                earliest=earliest,
                anchor=anchor,
            )
        )
        return Answer(
            outcome="refused",
            subject_id=subject_id,
            rule=rule,
            sentence=sentence,
            earliest=earliest,
            anchor=anchor,
        )
