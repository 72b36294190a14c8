"""A death and its signed adjudication (rules R14)."""

from datetime import date
from typing import Final

from cohorts.slots import Slot, in_window
from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import AdjudicateDeath, ReportDeath
from enrollment.events import (
    AssignmentSuspended,
    DeathAdjudicated,
    DeathRecorded,
    DltRecorded,
    SubjectNotEvaluable,
)
from enrollment.outcomes import end_reservation, follow_withdrawal, recorded, without_live_slot
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import leave

UNRELATED: Final = "death adjudicated as unrelated"


def report_death(turn: Turn, command: ReportDeath) -> Answer:
    """In the window it is a DLT at once and suspends assignment; anywhere it is recorded."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(command.type, "unknown_subject", "No such subject.")
    if command.died_on > turn.today:
        return turn.in_the_future(command.type)
    if subject.died_on is not None:
        return turn.rejected(command.type, "already_dead", "The death is recorded.")
    inside = subject.slot is not None and _in_window(subject.slot, command.died_on)
    deviations = without_live_slot(subject)
    turn.record(
        DeathRecorded(
            subject_id=subject.subject_id,
            site_id=subject.site_id,
            died_on=command.died_on,
            in_window=inside,
            deviations=deviations,
        )
    )
    end_reservation(turn, subject, "death")
    leave(turn, subject.subject_id, "died", "died", "The subject has died.")
    if not inside:
        return recorded(subject, "The death is recorded.", *deviations)
    turn.record(
        DltRecorded(
            **of_slot(subject),
            onset_on=command.died_on,
            fatal=True,
        )
    )
    turn.record(
        AssignmentSuspended(reason="A death in the DLT window.", because_of=subject.subject_id)
    )
    return recorded(subject, "A death in the window: a DLT, and assignment is suspended.")


def _in_window(slot: Slot, died_on: date) -> bool:
    if slot.dosed_on is None or slot.window_ends_on is None:
        return False
    return in_window(died_on, slot.dosed_on, slot.window_ends_on)


def follow_known(turn: Turn, subject_id: str, old: Slot) -> None:
    """What was told before the first dose, or before it was corrected, is held against the window.

    A death inside counts now (R9, R14); who withdrew there, or died of something else, is not
    evaluable (R13). `old` is the slot as it was.
    """
    subject = turn.trial.subjects[subject_id]
    died_on, slot = subject.died_on, subject.slot
    assert slot is not None
    follow_withdrawal(turn, subject_id)
    if died_on is None or not _in_window(slot, died_on):
        return
    if _in_window(old, died_on):
        if not subject.death_open and slot.death_on is None and slot.state == "dosed":
            turn.record(SubjectNotEvaluable(**of_slot(subject), reason=UNRELATED))
        return
    if not subject.death_open:
        turn.record(
            DeathRecorded(
                subject_id=subject_id, site_id=subject.site_id, died_on=died_on, in_window=True
            )
        )
    turn.record(DltRecorded(**of_slot(subject), onset_on=died_on, fatal=True))
    turn.record(AssignmentSuspended(reason="A death in the DLT window.", because_of=subject_id))


def _was_the_death_alone(slot: Slot) -> bool:
    """A DLT, though no onset in the window is left once the death does not count."""
    if slot.state != "dlt" or slot.dosed_on is None or slot.window_ends_on is None:
        return False
    return not slot.onsets_in(slot.dosed_on, slot.window_ends_on)


def adjudicate_death(turn: Turn, command: AdjudicateDeath) -> Answer:
    """Signed; *unrelated* makes the subject not evaluable, unless it had a DLT of its own."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or not subject.death_open:
        return turn.rejected(
            command.type, "no_open_death", "No death in the window waits to be adjudicated."
        )
    if not turn.by_centre:
        return turn.refused(
            command.type,
            "role",
            "A death is adjudicated by the coordinating centre.",
            subject_id=subject.subject_id,
        )
    of = digest(canonical([subject.subject_id, str(subject.died_on), command.finding]))
    turn.record(
        DeathAdjudicated(
            subject_id=subject.subject_id,
            site_id=subject.site_id,
            finding=command.finding,
            reason=command.reason,
            signed=turn.signed(command.meaning, of),
        )
    )
    slot = turn.trial.subjects[subject.subject_id].slot
    if command.finding == "unrelated" and slot is not None and _was_the_death_alone(slot):
        turn.record(SubjectNotEvaluable(**of_slot(subject), reason=UNRELATED))
    return recorded(subject, f"The death is adjudicated: {command.finding}.")
