"""What happens to a dosed subject: toxicity, window outcome, withdrawal (R1, R8, R11, R13)."""

from datetime import date
from typing import Any

from cohorts.slots import Slot, in_window
from enrollment.answer import Answer
from enrollment.commands import (
    ReportDlt,
    Reported,
    ReportToxicity,
    ReportWindowOutcome,
    WithdrawSubject,
)
from enrollment.events import (
    Deviation,
    DltRecorded,
    SlotReleased,
    SubjectCleared,
    SubjectNotEvaluable,
    SubjectWithdrew,
    ToxicityRecorded,
)
from enrollment.trial import Subject
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import leave


def recorded(subject: Subject, sentence: str, *deviations: Deviation) -> Answer:
    """A fact was recorded."""
    slot = subject.slot
    return Answer(
        outcome="recorded",
        subject_id=subject.subject_id,
        phase=None if slot is None else slot.phase,
        level_id=None if slot is None else slot.level_id,
        slot_id=None if slot is None else slot.slot_id,
        sentence=sentence,
        deviations=tuple(deviation.rule for deviation in deviations),
    )


def without_live_slot(subject: Subject) -> tuple[Deviation, ...]:
    """A fact about somebody who held a slot once, and holds none now (R11)."""
    if subject.slot is None or subject.slot.live:
        return ()
    return (Deviation(rule="no_live_slot", sentence="The subject had no live slot."),)


def without_first_dose(slot: Slot) -> tuple[Deviation, ...]:
    """A fact of treatment about a subject whose first dose nobody has reported."""
    if slot.dosed_on is not None:
        return ()
    found = [Deviation(rule="no_first_dose", sentence="No first dose has been reported.")]
    if not slot.live:
        found.insert(0, Deviation(rule="no_live_slot", sentence="The subject had no live slot."))
    return tuple(found)


def report_dlt(turn: Turn, command: ReportDlt) -> Answer:
    """Counts if and only if its onset lies in days 1 to w, whatever the state by then (R8).

    Without a first dose it counts until the first dose shows otherwise: caution acts at once (R9).
    """
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or subject.slot is None:
        return turn.rejected(
            command.type, "never_held_a_slot", "The subject never held a slot in this trial."
        )
    if command.onset_on > turn.today:
        return turn.in_the_future(command.type)
    slot = subject.slot
    deviations = without_first_dose(slot)
    if slot.dosed_on is not None and command.onset_on < slot.dosed_on:
        sentence = f"Onset lies before the first dose of {slot.dosed_on}."
        deviations = (Deviation(rule="before_first_dose", sentence=sentence),)
        return _toxicity(turn, subject, command, late=False, deviations=deviations)
    if slot.phase == 2:
        return _toxicity(turn, subject, command, late=False, deviations=deviations)
    ends_on = slot.window_ends_on
    if ends_on is not None and command.onset_on >= ends_on:
        return _toxicity(turn, subject, command, late=True, deviations=deviations)
    leave(turn, subject.subject_id, "dosed", "dosed", "A DLT is recorded.")
    turn.record(
        DltRecorded(
            **of_slot(subject),
            onset_on=command.onset_on,
            term=command.term,
            grade=command.grade,
            **_reported(command),
            deviations=deviations,
        )
    )
    return recorded(subject, "The DLT is recorded and counts.", *deviations)


def _reported(command: ReportDlt | ReportToxicity) -> dict[str, Any]:
    """What is kept beside term and grade, as it was reported."""
    return {name: getattr(command, name) for name in Reported.model_fields}


def _toxicity(
    turn: Turn,
    subject: Subject,
    command: ReportDlt | ReportToxicity,
    *,
    late: bool,
    deviations: tuple[Deviation, ...],
) -> Answer:
    turn.record(
        ToxicityRecorded(
            **of_slot(subject),
            onset_on=command.onset_on,
            term=command.term,
            grade=command.grade,
            **_reported(command),
            late=late,
            reported_as_dlt=command.type == "ReportDlt",
            deviations=deviations,
        )
    )
    sentence = "Recorded as a late toxicity; not counted." if late else "Recorded; not counted."
    return recorded(subject, sentence, *deviations)


def report_toxicity(turn: Turn, command: ReportToxicity) -> Answer:
    """Kept for the reviews; late when its onset lies behind the window."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or subject.slot is None:
        return turn.rejected(
            command.type, "never_held_a_slot", "The subject never held a slot in this trial."
        )
    if command.onset_on > turn.today:
        return turn.in_the_future(command.type)
    slot = subject.slot
    late = slot.window_ends_on is not None and command.onset_on >= slot.window_ends_on
    return _toxicity(turn, subject, command, late=late, deviations=without_first_dose(slot))


def report_window_outcome(turn: Turn, command: ReportWindowOutcome) -> Answer:
    """Cleared not before the window has ended (R1); not evaluable with its reason (R13)."""
    subject = turn.trial.subjects.get(command.subject_id)
    slot = None if subject is None else subject.slot
    if subject is None or slot is None or slot.dosed_on is None or slot.phase != 1:
        return turn.rejected(
            command.type, "no_open_window", "The subject has no DLT window in this trial."
        )
    if slot.state == "dlt":
        return turn.rejected(command.type, "has_dlt", "A DLT is evaluable; correct it if wrong.")
    if slot.state != "dosed":
        return turn.rejected(
            command.type, "outcome_known", f"The outcome is recorded: {slot.state}."
        )
    if command.outcome == "not_evaluable":
        return _not_evaluable(turn, subject, command)
    ends_on = slot.window_ends_on
    assert ends_on is not None
    if turn.today < ends_on:
        return turn.refused(
            command.type,
            "window_open",
            f"The DLT window is open until 00:00 of {ends_on}.",
            subject_id=subject.subject_id,
            earliest=ends_on,
        )
    turn.record(
        SubjectCleared(
            **of_slot(subject),
        )
    )
    return recorded(subject, "The window is over without a DLT.")


def _not_evaluable(turn: Turn, subject: Subject, command: ReportWindowOutcome) -> Answer:
    """Only once the required doses can no longer be reached, per drug, with the reason (R13)."""
    required = {drug.name: drug.required_doses for drug in turn.protocol.phase1.drugs}
    for missed in command.missed_doses:
        if missed.drug not in required:
            return turn.rejected(command.type, "unknown_drug", "The protocol has no such drug.")
    short = [m for m in command.missed_doses if m.doses_given < required[m.drug]]
    if not short:
        return turn.refused(
            command.type,
            "doses_reached",
            "Not evaluable needs a drug whose required doses can no longer be reached.",
            subject_id=subject.subject_id,
        )
    turn.record(
        SubjectNotEvaluable(
            **of_slot(subject),
            reason=command.reason or short[0].reason,
            missed_doses=command.missed_doses,
        )
    )
    return recorded(subject, "Not evaluable; the place is free again.")


def withdraw(turn: Turn, command: WithdrawSubject) -> Answer:
    """A fact. In the window and without a DLT it makes the subject not evaluable at once (R13)."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(command.type, "unknown_subject", "No such subject.")
    if command.withdrawn_on > turn.today:
        return turn.in_the_future(command.type)
    if subject.withdrawn_on is not None:
        return turn.rejected(command.type, "already_withdrawn", "The withdrawal is recorded.")
    deviations = without_live_slot(subject)
    turn.record(
        SubjectWithdrew(
            subject_id=subject.subject_id,
            site_id=subject.site_id,
            withdrawn_on=command.withdrawn_on,
            deviations=deviations,
        )
    )
    end_reservation(turn, subject, "consent withdrawn")
    leave(turn, subject.subject_id, "withdrawn", "withdrawn", "Consent was withdrawn.")
    follow_withdrawal(turn, subject.subject_id)
    return recorded(subject, "The withdrawal is recorded.", *deviations)


def follow_withdrawal(turn: Turn, subject_id: str) -> None:
    """Whose consent is known to have been withdrawn in the window is not evaluable (R13)."""
    subject = turn.trial.subjects[subject_id]
    slot, on = subject.slot, subject.withdrawn_on
    if slot is None or on is None or slot.state != "dosed" or not _open_on(slot, on):
        return
    turn.record(
        SubjectNotEvaluable(
            **of_slot(subject),
            reason="consent withdrawn in the DLT window",
        )
    )


def end_reservation(turn: Turn, subject: Subject, reason: str) -> None:
    """Releases a live reservation, if there is one."""
    slot = turn.trial.subjects[subject.subject_id].slot
    if slot is None or not slot.undosed:
        return
    turn.record(
        SlotReleased(
            **of_slot(subject),
            reason=reason,
        )
    )


def _open_on(slot: Slot, on: date) -> bool:
    """The window is open on this date."""
    if slot.window_ends_on is None or slot.dosed_on is None:
        return False
    return in_window(max(on, slot.dosed_on), slot.dosed_on, slot.window_ends_on)
