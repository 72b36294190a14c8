"""The first dose: leave for it may be refused, the fact of it never (rules R8, R11, R12)."""

from dataclasses import dataclass
from datetime import date, datetime

from cohorts.slots import Slot, window_end
from enrollment import judging
from enrollment.answer import Answer
from enrollment.backfill import still_cleared
from enrollment.commands import Actor, AuthoriseFirstDose, ReportFirstDose
from enrollment.confirming import confirmed
from enrollment.deaths import follow_known
from enrollment.events import Deviation, FirstDoseAuthorised, FirstDoseRecorded
from enrollment.outcomes import recorded
from enrollment.places import accruing_phase, site_is_open, utc_midnight
from enrollment.stagger import restagger
from enrollment.standing import is_stopped
from enrollment.trial import Subject, Trial
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import leave, refuse_the_hopeless


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against a first dose on a date."""

    rule: str
    sentence: str
    earliest: date | None = None
    anchor: str | None = None


def authorise_first_dose(turn: Turn, command: AuthoriseFirstDose) -> Answer:
    """Judges eligibility again for the planned date; checks slot, flag, stagger, suspension.

    And that the site has approved the version in force (decision 14).
    """
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(command.type, "unknown_subject", "No such subject.")
    if subject.slot is not None and subject.slot.treated:
        return turn.refused(
            command.type,
            "already_treated",
            "The first dose is recorded.",
            subject_id=subject.subject_id,
        )
    found = objections(turn, subject, command.planned_on)
    if found:
        first = found[0]
        return turn.refused(
            command.type,
            first.rule,
            first.sentence,
            subject_id=subject.subject_id,
            earliest=first.earliest,
            anchor=first.anchor,
        )
    slot = subject.slot
    assert slot is not None
    turn.record(
        FirstDoseAuthorised(
            **of_slot(subject),
            planned_on=command.planned_on,
        )
    )
    return Answer(
        outcome="recorded",
        subject_id=subject.subject_id,
        phase=slot.phase,
        level_id=slot.level_id,
        slot_id=slot.slot_id,
        expires_at=slot.expires_at,
        sentence=f"The first dose may be given on {command.planned_on}.",
    )


def objections(turn: Turn, subject: Subject, on: date) -> tuple[Objection, ...]:
    """Everything against a first dose on this date, in the order in which it is named."""
    slot = subject.slot
    if slot is None or not slot.undosed:
        return (Objection("no_live_slot", "The subject has no live reservation."),)
    return tuple(found for check in checks(turn, subject, slot, on) for found in check.objections)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at again before leave is given, and what it speaks against."""

    what: str
    objections: tuple[Objection, ...]


def checks(turn: Turn, subject: Subject, slot: Slot, on: date) -> tuple[Check, ...]:
    """All that leave for a first dose on a date depends on, in the order in which it is named."""
    return (
        Check("Assignment is open and no review is due", tuple(_of_the_trial(turn, slot))),
        Check("The site has approved the version in force", tuple(_of_the_site(turn, subject))),
        Check("The place is good on that date", tuple(_of_the_slot(turn, slot, on))),
        Check(
            "Every criterion is met on that date",
            tuple(_of_eligibility(turn, subject, slot, on)),
        ),
        *_confirmation(turn, subject),
    )


def checked_again(
    trial: Trial, subject: Subject, on: date | None, now: datetime
) -> tuple[Check, ...]:
    """What leave for a first dose would depend on, and what of it stands against it now.

    Without a date: as of today. None for who holds no undosed place.
    """
    slot = subject.slot
    if slot is None or not slot.undosed:
        return ()
    asking = Actor(id="whoever asks", role="site", sites=(subject.site_id,))
    turn = Turn(trial, now, asking)
    return checks(turn, subject, slot, on or turn.today)


def _confirmation(turn: Turn, subject: Subject) -> tuple[Check, ...]:
    """Looked at only where the protocol asks for an investigator's signature."""
    if not turn.protocol.assignment.confirm_eligibility:
        return ()
    found: tuple[Objection, ...] = ()
    if not confirmed(turn.trial, subject):
        sentence = "No investigator has confirmed eligibility as the form and the protocol are now."
        found = (Objection("eligibility.unconfirmed", sentence),)
    return (Check("An investigator has confirmed eligibility", found),)


def _of_the_trial(turn: Turn, slot: Slot) -> list[Objection]:
    found: list[Objection] = []
    if turn.trial.suspended:
        found.append(Objection("suspended", "Assignment is suspended until a signed resumption."))
    if slot.phase == 2 and turn.trial.phase2 == "stopped":
        found.append(Objection("level_stopped", "Phase II is stopped."))
    elif slot.phase == 1 and is_stopped(turn.trial, slot.level_id):
        found.append(Objection("level_stopped", "The level is stopped."))
    elif turn.trial.review is not None and not still_cleared(turn.trial, slot, turn.today):
        found.append(Objection("review_due", "The cohort review is due."))
    return found


def _of_the_site(turn: Turn, subject: Subject) -> list[Objection]:
    """Who is dosed now is dosed under the version in force (decision 14)."""
    if site_is_open(turn.trial, subject.site_id):
        return []
    found = f"Site {subject.site_id} has no recorded approval of version {turn.protocol.version}."
    return [Objection("site_not_open", found)]


def _of_the_slot(turn: Turn, slot: Slot, on: date) -> list[Objection]:
    found: list[Objection] = []
    if slot.state == "held":
        found.append(Objection("held", "The place is held; the subject is not eligible yet."))
    if slot.dose_not_before is not None and on < slot.dose_not_before:
        sentence = f"The stagger allows no dose before {slot.dose_not_before}."
        found.append(Objection("stagger", sentence, slot.dose_not_before))
    if utc_midnight(turn.trial, on) >= slot.expires_at:
        sentence = f"The reservation expires at {slot.expires_at:%Y-%m-%dT%H:%MZ}, before that."
        found.append(Objection("expires_before", sentence))
    return found


def _of_eligibility(turn: Turn, subject: Subject, slot: Slot, on: date) -> list[Objection]:
    """Each criterion that does not pass on that date; the rule is the criterion's own id."""
    if subject.form is None:
        return [Objection("eligibility", "No form has been judged for this subject.")]
    phase = 1 if slot.phase == 1 else 2
    verdict = judging.judge_for_dosing(
        judging.parsed(judging.kept_form(subject)),
        turn.protocol,
        turn.protocol.local_date(slot.reserved_at),
        on,
        subject.settlements,
    )
    return [
        Objection(
            finding.criterion_id,
            finding.because,
            None if finding.earliest is None else finding.earliest.on,
            None if finding.earliest is None else finding.earliest.anchor,
        )
        for finding in verdict.findings_for(phase)
        if finding.answer != "pass"
    ]


def report_first_dose(turn: Turn, command: ReportFirstDose) -> Answer:
    """Recorded and counted, with named deviations where it breaks a rule (R11)."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or subject.slot is None:
        return turn.rejected(
            command.type, "never_held_a_slot", "The subject never held a slot in this trial."
        )
    slot = subject.slot
    if slot.dosed_on is not None:
        return turn.rejected(
            command.type,
            "already_dosed",
            f"The first dose is recorded on {slot.dosed_on}; correct it if that is wrong.",
        )
    if command.dosed_on > turn.today:
        return turn.in_the_future(command.type)
    if command.level_id is not None and command.level_id not in _level_ids(turn):
        return turn.rejected(command.type, "unknown_level", "The protocol has no such level.")
    deviations = _deviations(turn, subject, slot, command)
    leave(turn, subject.subject_id, "dosed", "dosed", "The subject has been dosed.")
    ends_on = None
    if slot.phase == 1:
        ends_on = window_end(command.dosed_on, turn.protocol.phase1.dlt_window_days)
    given = None if command.level_id == slot.level_id else command.level_id
    turn.record(
        FirstDoseRecorded(
            **of_slot(subject),
            dosed_on=command.dosed_on,
            window_ends_on=ends_on,
            given_level_id=given,
            deviations=deviations,
        )
    )
    follow_known(turn, subject.subject_id, slot)
    if slot.phase == 1:
        level = turn.trial.levels[turn.trial.level_index(slot.level_id)]
        restagger(turn, level, "The first dose at this level was given.")
    if accruing_phase(turn.trial) == 2 and turn.trial.phase2 != "not_open":
        refuse_the_hopeless(turn)
    return recorded(subject, _window_sentence(ends_on), *deviations)


def _window_sentence(ends_on: date | None) -> str:
    if ends_on is None:
        return "First dose recorded."
    return f"First dose recorded; the DLT window ends at 00:00 of {ends_on}."


def _level_ids(turn: Turn) -> frozenset[str]:
    return frozenset(level.level_id for level in turn.protocol.phase1.levels)


def _deviations(
    turn: Turn, subject: Subject, slot: Slot, command: ReportFirstDose
) -> tuple[Deviation, ...]:
    found = [
        Deviation(rule=objection.rule, sentence=objection.sentence)
        for objection in objections(turn, subject, command.dosed_on)
        if objection.rule != "expires_before"
    ]
    if command.level_id is not None and command.level_id != slot.level_id:
        sentence = f"Assigned to {slot.level_id}, given {command.level_id}."
        found.append(Deviation(rule="other_level", sentence=sentence))
    return tuple(found)
