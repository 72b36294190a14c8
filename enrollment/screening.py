"""A form's way into the trial: judged, then reserved, waiting, refused or sent back (R15-R18)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from eligibility.verdict import Gist, Outcomes
from enrollment import judging
from enrollment.answer import NOT_ELIGIBLE, Answer
from enrollment.commands import AmendForm, Phase, SubmitForm
from enrollment.earliest import earliest
from enrollment.events import EnrollmentRefused, SlotReleased, Waitlisted
from enrollment.live_slot import amend_live_slot, of_held_slot
from enrollment.places import accruing_phase, barrier, site_barrier
from enrollment.trial import Subject
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import leave, position_of, reserve


def receive_form(
    turn: Turn, command: SubmitForm | AmendForm, given: Gist | dict[str, Any] | None
) -> Answer:
    """A new, amended or re-screening form; `given` is the judge stage's verdict, if it took one."""
    stopped = _not_accepted(turn, command, judged=given is not None)
    if stopped is not None:
        return stopped
    subject = turn.trial.subjects.get(command.subject_id)
    why = _why(command, subject)
    if why == "rescreened":
        assert subject is not None
        stopped = _rescreening_refused(turn, command, subject)
        if stopped is not None:
            return stopped
    if subject is not None and subject.slot is not None and subject.slot.undosed:
        if subject.slot.state != "held":
            return amend_live_slot(turn, subject, command.form)
        return _held_subject(turn, subject, command.form, why)
    verdict = _verdict(turn, command.form, subject, given)
    phase = accruing_phase(turn.trial)
    if subject is not None and subject.waiting is not None:
        phase = 1 if subject.waiting.phase == 1 else 2
    turn.record(judging.form_judged(command.form, verdict, phase, why))
    return place(turn, command.subject_id, phase, verdict)


def _not_accepted(turn: Turn, command: SubmitForm | AmendForm, *, judged: bool) -> Answer | None:
    """What is said before a form is even judged."""
    trial, kind = turn.trial, command.type
    form = command.form
    if (form.get("subject_id"), form.get("site_id")) != (command.subject_id, command.site_id):
        return turn.rejected(kind, "form.identity", "The form names another subject or site.")
    if not judged and not judging.readable(form):
        return turn.rejected(kind, "form.unreadable", "The form is not a screening form.")
    if trial.protocol is None or not trial.activated:
        return _refused(
            turn, command.subject_id, command.site_id, 1, "trial_not_open", "The trial is not open."
        )
    if command.site_id not in trial.protocol.site_ids:
        return turn.rejected(kind, "unknown_site", "The protocol names no such site.")
    return _subject_not_accepted(turn, command) or _site_not_open(turn, command)


def _subject_not_accepted(turn: Turn, command: SubmitForm | AmendForm) -> Answer | None:
    kind = command.type
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        if kind == "SubmitForm":
            return None
        return turn.rejected(kind, "unknown_subject", "No such subject.")
    if subject.site_id != command.site_id:
        return turn.rejected(
            kind, "subject_not_available", "This subject id cannot be used at this site."
        )
    if subject.slot is not None and subject.slot.treated:
        phase, sentence = accruing_phase(turn.trial), "The subject has been treated in this trial."
        return _refused(
            turn, command.subject_id, command.site_id, phase, "already_treated", sentence
        )
    if subject.died_on is not None:
        return turn.rejected(kind, "subject_died", "The subject's death is recorded.")
    return None


def _site_not_open(turn: Turn, command: SubmitForm | AmendForm) -> Answer | None:
    phase = accruing_phase(turn.trial)
    found = site_barrier(turn.trial, phase, command.site_id)
    if found is None or found.rule != "site_not_open":
        return None
    return _refused(turn, command.subject_id, command.site_id, phase, found.rule, found.sentence)


def _why(command: SubmitForm | AmendForm, subject: Subject | None) -> judging.Why:
    """A second form amends the first while screening goes on; after that it is a re-screening.

    A screen failure's form may be amended where it was wrong: as of the day that it was filled in.
    """
    if subject is None or (subject.outcome is None and subject.slot is None):
        return "submitted"
    if subject.waiting is not None or (subject.slot is not None and subject.slot.undosed):
        return "amended"
    ended = subject.slot is not None or subject.withdrawn_on is not None
    if not ended and subject.outcome in ("incomplete", "needs_review"):
        return "amended"
    if not ended and command.type == "AmendForm" and not _later(command, subject):
        return "amended"
    return "rescreened"


def _later(command: AmendForm, subject: Subject) -> bool:
    """Filled in on a later day than the form judged last, so it tells of what was found since."""
    known = subject.completed_on
    return known is not None and date.fromisoformat(command.form["completed_on"]) > known


def _rescreening_refused(
    turn: Turn, command: SubmitForm | AmendForm, subject: Subject
) -> Answer | None:
    """Re-screening takes a fresh consent and is limited (rules, "Eligibility")."""
    limit = turn.protocol.assignment.max_rescreens
    if subject.rescreens >= limit:
        return _refused(
            turn,
            subject.subject_id,
            subject.site_id,
            accruing_phase(turn.trial),
            "rescreen_limit",
            f"The subject was screened again {limit} times already.",
        )
    consent_on = judging.consent_date(command.form)
    known = subject.consented_on
    if consent_on is None or (known is not None and consent_on <= known):
        return _refused(
            turn,
            subject.subject_id,
            subject.site_id,
            accruing_phase(turn.trial),
            "rescreen_consent",
            "Screening again needs a consent signed after the last one.",
        )
    return None


def _verdict(
    turn: Turn,
    form: Mapping[str, Any],
    subject: Subject | None,
    given: Gist | dict[str, Any] | None,
) -> Outcomes:
    """The judge stage's verdict where it fits, else a new one."""
    settlements = judging.NO_SETTLEMENTS if subject is None else subject.settlements
    fitting = None if settlements else judging.fitting(given, form, turn.protocol, turn.now)
    if fitting is not None:
        return fitting
    return judging.judge_on_arrival(judging.parsed(form), turn.protocol, turn.now, settlements)


def place(turn: Turn, subject_id: str, phase: Phase, verdict: Outcomes) -> Answer:
    """What a judged subject without a live slot gets: a place, a wait, or why it gets neither.

    Who fails Phase II alone is told that Phase I is closed; who might still fit, what is missing.
    """
    subject = turn.trial.subjects[subject_id]
    outcome = verdict.outcome(phase)
    if outcome == "eligible":
        return place_eligible(turn, subject_id, phase)
    if phase == 2 and outcome == "ineligible" and verdict.outcome(1) == "eligible":
        leave(turn, subject_id, "closed", "phase_closed", "Phase I is closed.")
        return _refused(turn, subject_id, subject.site_id, 1, "phase_closed", "Phase I is closed.")
    if outcome == "ineligible":
        leave(turn, subject_id, "no_longer_eligible", verdict.fails(phase)[0], "Not eligible.")
    return not_eligible(subject_id, phase, verdict)


def place_eligible(turn: Turn, subject_id: str, phase: Phase) -> Answer:
    """Reserves, or lists at the end, or refuses for good (R15, R16)."""
    subject = turn.trial.subjects[subject_id]
    site_id = subject.site_id
    found = barrier(turn.trial, phase, site_id, turn.today)
    if subject.waiting is not None:
        return waiting_answer(turn, subject_id)
    if found is None:
        reserve(turn, subject_id, phase)
        return reserved_answer(turn, subject_id)
    if found.for_good:
        return _refused(turn, subject_id, site_id, phase, found.rule, found.sentence)
    event = Waitlisted(
        subject_id=subject_id,
        site_id=site_id,
        phase=phase,
        order=turn.trial.orders[1] + 1,
        position=turn.trial.waiting[phase - 1] + 1,
        rule=found.rule,
        sentence=found.sentence,
        earliest=earliest(turn.trial, phase, subject_id, site_id, found, turn.now),
    )
    turn.record(event)
    return Answer(
        outcome="waitlisted",
        subject_id=subject_id,
        phase=phase,
        position=event.position,
        rule=event.rule,
        sentence=event.sentence,
        earliest=event.earliest,
    )


def reserved_answer(turn: Turn, subject_id: str) -> Answer:
    """The place that a subject holds now."""
    slot = turn.trial.subjects[subject_id].slot
    assert slot is not None
    return of_held_slot(subject_id, slot, "held" if slot.state == "held" else "slot_reserved")


def waiting_answer(turn: Turn, subject_id: str) -> Answer:
    """An amended form of a subject that waits: the place on the list stays."""
    subject = turn.trial.subjects[subject_id]
    assert subject.waiting is not None
    phase: Phase = 1 if subject.waiting.phase == 1 else 2
    found = barrier(turn.trial, phase, subject.site_id, turn.today)
    when = None
    if found is not None:
        when = earliest(turn.trial, phase, subject_id, subject.site_id, found, turn.now)
    return Answer(
        outcome="waitlisted",
        subject_id=subject_id,
        phase=phase,
        position=position_of(turn.trial, subject_id),
        rule=None if found is None else found.rule,
        sentence=None if found is None else found.sentence,
        earliest=when,
    )


def not_eligible(subject_id: str, phase: Phase, verdict: Outcomes) -> Answer:
    """The first finding that stands in the way, with its sentence, and what is missing."""
    outcome = verdict.outcome(phase)
    wanted = {"ineligible": "fail", "incomplete": "unknown", "needs_review": "review"}[outcome]
    finding = next((f for f in verdict.telling_for(phase) if f.answer == wanted), None)
    when = verdict.earliest(phase) if outcome == "ineligible" else None
    return Answer(
        outcome=NOT_ELIGIBLE[outcome],
        subject_id=subject_id,
        phase=phase,
        rule=None if finding is None else finding.criterion_id,
        sentence=None if finding is None else finding.because,
        earliest=None if when is None else when.on,
        anchor=None if when is None else when.anchor,
        missing=verdict.missing(phase),
    )


def _held_subject(
    turn: Turn, subject: Subject, form: Mapping[str, Any], why: judging.Why
) -> Answer:
    """A held place becomes reserved when eligible and is released on screen failure (R23)."""
    assert subject.slot is not None
    phase: Phase = 1 if subject.slot.phase == 1 else 2
    verdict = _verdict(turn, form, subject, None)
    turn.record(judging.form_judged(form, verdict, phase, why))
    outcome = verdict.outcome(phase)
    if outcome == "eligible":
        reserve(turn, subject.subject_id, phase, from_held=True)
        return reserved_answer(turn, subject.subject_id)
    if outcome == "ineligible":
        turn.record(
            SlotReleased(
                **of_slot(subject),
                reason="screen failure",
            )
        )
    return not_eligible(subject.subject_id, phase, verdict)


def _refused(
    turn: Turn, subject_id: str, site_id: str, phase: Phase, rule: str, sentence: str
) -> Answer:
    """Refused and not listed; no date could change it (R16)."""
    turn.record(
        EnrollmentRefused(
            subject_id=subject_id,
            site_id=site_id,
            phase=phase,
            rule=rule,
            sentence=sentence,
            earliest=None,
        )
    )
    return Answer(
        outcome="refused", subject_id=subject_id, phase=phase, rule=rule, sentence=sentence
    )
