"""What is due for a subject and by when, read from the trial as it is: deadlines, never advice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from cohorts.slots import Slot
from eligibility.finding import Answer, Finding
from enrollment import judging
from enrollment.confirming import asked_for
from enrollment.earliest import earliest
from enrollment.places import Phase, accruing_phase, barrier
from enrollment.trial import Subject, Trial

NEWCOMER: Final = "newcomer of nobody"
"""An id that no subject can have."""
LOOKED_AHEAD_DAYS: Final = 28
"""How far ahead results are looked at that will be too old."""

Kind = Literal[
    "outcome_to_confirm",
    "flagged",
    "to_confirm",
    "first_dose_by",
    "stale_on",
    "incomplete",
    "needs_review",
    "window_ends",
    "waits",
]


@dataclass(frozen=True, slots=True)
class Due:
    """One thing about one subject. `at`, if there is one, is when it is due or will happen.

    `reasons` says of each of the criteria in a sentence what stands against it then.
    """

    subject_id: str
    kind: Kind
    sentence: str
    at: datetime | date | None = None
    criteria: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def due(trial: Trial, subject: Subject, now: datetime) -> tuple[Due, ...]:
    """Everything about a subject that somebody must do or watch, the most urgent first."""
    return tuple(_of_slot(trial, subject, now)) + tuple(_of_screening(trial, subject, now))


def _of_slot(trial: Trial, subject: Subject, now: datetime) -> Iterator[Due]:
    slot, who = subject.slot, subject.subject_id
    if slot is None:
        return
    today = trial.in_force.local_date(now)
    if slot.state == "dosed" and slot.window_ends_on is not None:
        ends = slot.window_ends_on
        if ends <= today:
            yield Due(who, "outcome_to_confirm", "The DLT window has ended: confirm it.", ends)
        else:
            yield Due(who, "window_ends", "The DLT window ends.", ends)
    if slot.undosed:
        if slot.state != "held" and not slot.flagged and asked_for(trial, subject):
            sentence = "An investigator must confirm eligibility, signed, before the first dose."
            yield Due(who, "to_confirm", sentence, slot.expires_at)
        if slot.flagged:
            sentence = "The amended form no longer meets the criteria: no dose is authorised."
            yield Due(who, "flagged", sentence, None, slot.flagged)
        yield Due(who, "first_dose_by", _first_dose(slot, today), slot.expires_at)
    if slot.undosed or subject.waiting is not None:
        yield from _stale(trial, subject, today)


def _first_dose(slot: Slot, today: date) -> str:
    """By when, from when, and whether there is leave: what a moved stagger may change (R12)."""
    begins, planned = slot.dose_not_before, slot.authorised_for
    sentence = "First dose by then, or the place expires."
    if begins is not None and begins > today:
        sentence = f"First dose by then, and not before {begins.isoformat()}."
    if planned is None:
        return f"{sentence} It is not authorised yet."
    return f"{sentence} It is authorised for {planned.isoformat()}."


def _of_screening(trial: Trial, subject: Subject, now: datetime) -> Iterator[Due]:
    who, waiting = subject.subject_id, subject.waiting
    live = subject.slot is not None and subject.slot.live
    if waiting is not None:
        yield from _waits(trial, subject, now)
        if subject.slot is None:
            yield from _stale(trial, subject, trial.in_force.local_date(now))
    elif not live and subject.withdrawn_on is None and subject.outcome == "incomplete":
        yield Due(who, "incomplete", "Something is missing or unclear: amend the form.")
    elif not live and subject.withdrawn_on is None and subject.outcome == "needs_review":
        yield Due(who, "needs_review", "The coordinating centre must decide on a finding.")


def _waits(trial: Trial, subject: Subject, now: datetime) -> Iterator[Due]:
    assert subject.waiting is not None
    phase: Phase = 1 if subject.waiting.phase == 1 else 2
    stands = barrier(trial, phase, subject.site_id, trial.in_force.local_date(now))
    on = None
    if stands is not None:
        on = earliest(trial, phase, subject.subject_id, subject.site_id, stands, now)
    sentence = "Waits for a place. No date can be told."
    if on is not None:
        sentence = "Waits for a place; this is the earliest date for one."
    yield Due(subject.subject_id, "waits", sentence, on)


def _stale(trial: Trial, subject: Subject, today: date) -> Iterator[Due]:
    found = stale_on(trial, subject, today)
    if found is not None:
        on, against = found
        criteria = tuple(finding.criterion_id for finding in against)
        reasons = tuple(finding.because for finding in against)
        sentence = "From then on results are too old or dates do not fit: renew them."
        yield Due(subject.subject_id, "stale_on", sentence, on, criteria, reasons)


def earliest_for_newcomer(trial: Trial, site_id: str, now: datetime) -> date | None:
    """The earliest date (R17) for somebody of a site who is not known yet and would come last.

    None where a place is free now, and where no date can be told.
    """
    phase = accruing_phase(trial)
    stands = barrier(trial, phase, site_id, trial.in_force.local_date(now))
    if stands is None:
        return None
    newcomer = Subject(NEWCOMER, site_id)
    with_newcomer = replace(trial, subjects=trial.subjects.set(NEWCOMER, newcomer))
    return earliest(with_newcomer, phase, NEWCOMER, site_id, stands, now)


def stale_on(
    trial: Trial, subject: Subject, today: date
) -> tuple[date, tuple[Finding, ...]] | None:
    """The first day, today or later, on which the kept form would no longer be eligible (R15, R18).

    With the findings that stand against it then; none within `LOOKED_AHEAD_DAYS`, and none without
    a kept form.
    """
    if subject.form is None:
        return None
    phase = _phase_of(subject)
    form = judging.parsed(judging.kept_form(subject))
    for ahead in range(LOOKED_AHEAD_DAYS + 1):
        on = today + timedelta(days=ahead)
        verdict = judging.judge_on_promotion(form, trial.in_force, on, None, subject.settlements)
        if verdict.outcome(phase) != "eligible":
            found = verdict.findings_for(phase)
            return on, tuple(finding for finding in found if finding.answer is not Answer.PASS)
    return None


def _phase_of(subject: Subject) -> int:
    if subject.slot is not None and subject.slot.live:
        return subject.slot.phase
    return 1 if subject.waiting is None else subject.waiting.phase


URGENCY: Final[dict[Kind, int]] = {
    "outcome_to_confirm": 0,
    "flagged": 1,
    "to_confirm": 2,
    "first_dose_by": 2,
    "stale_on": 2,
    "incomplete": 3,
    "needs_review": 4,
    "window_ends": 5,
    "waits": 6,
}
"""What is late or forbids a dose, then what has a deadline, then what can be done at any time, then
what the site can only wait for."""


def most_urgent_first(found: list[Due]) -> list[Due]:
    """By urgency, then by date, then by subject."""
    return sorted(found, key=lambda one: (URGENCY[one.kind], _when(one), one.subject_id))


def _when(one: Due) -> str:
    return "9999" if one.at is None else one.at.isoformat()
