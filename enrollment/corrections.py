"""Corrections: the old value stays in the log; counts, windows and verdict are taken again."""

from datetime import date, timedelta
from typing import Literal

from cohorts.slots import Slot, with_onset
from enrollment.answer import Answer
from enrollment.commands import CorrectFact
from enrollment.deaths import follow_known
from enrollment.events import FactCorrected
from enrollment.outcomes import recorded
from enrollment.stagger import restagger
from enrollment.trial import Subject
from enrollment.turn import Turn, of_slot

State = Literal["dosed", "cleared", "dlt", "not_evaluable", "released"]


def correct_fact(turn: Turn, command: CorrectFact) -> Answer:
    """Takes the right value; turns *cleared* back to open where the new window has not ended."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or subject.slot is None or not subject.slot.treated:
        return turn.rejected(command.type, "nothing_to_correct", "The subject was never treated.")
    if command.on is not None and command.on > turn.today:
        return turn.in_the_future(command.type)
    match command.fact:
        case "first_dose_on":
            return _first_dose(turn, subject, subject.slot, command)
        case "dlt_onset_on":
            return _onset(turn, subject, subject.slot, command)
        case "dosed_level":
            return _level(turn, subject, subject.slot, command)


def _first_dose(turn: Turn, subject: Subject, slot: Slot, command: CorrectFact) -> Answer:
    if command.on is None or slot.dosed_on is None:
        return turn.rejected(
            command.type, "nothing_to_correct", "Give `on`, the right date of a recorded dose."
        )
    ends_on = _moved_window(slot, command.on - slot.dosed_on)
    state = _state(slot, command.on, ends_on, turn.today)
    _record(turn, subject, command, str(slot.dosed_on), str(command.on), state, ends_on)
    follow_known(turn, subject.subject_id, slot)
    _move_stagger(turn, subject, slot)
    return recorded(subject, f"First dose corrected from {slot.dosed_on} to {command.on}.")


def _moved_window(slot: Slot, by: timedelta) -> date | None:
    """As long as it was: an amended protocol's window is for those dosed under it."""
    return None if slot.window_ends_on is None else slot.window_ends_on + by


def _state(slot: Slot, dosed_on: date, ends_on: date | None, today: date) -> State:
    """The state under the corrected window: every DLT reported is held against it again (R8)."""
    if ends_on is not None and slot.onsets_in(dosed_on, ends_on):
        return "dlt"
    if slot.state == "dlt":
        return "dosed"
    if slot.state == "cleared" and ends_on is not None and today < ends_on:
        return "dosed"
    assert slot.state in ("dosed", "cleared", "dlt", "not_evaluable")
    return slot.state


def _onset(turn: Turn, subject: Subject, slot: Slot, command: CorrectFact) -> Answer:
    """A later onset, or none, un-counts the DLT: its outcome is open again, nothing re-opens.

    Who was never dosed holds no place then, as before. A death is adjudicated, never corrected.
    """
    if slot.state != "dlt" or slot.dlt_onset_on is None:
        return turn.rejected(command.type, "nothing_to_correct", "No DLT of this subject counts.")
    if slot.dlt_onset_on not in slot.dlt_reports:
        return turn.rejected(
            command.type, "nothing_to_correct", "A death counts until it is adjudicated."
        )
    after = with_onset(slot, slot.dlt_onset_on, command.on)
    state: State
    if slot.dosed_on is None or slot.window_ends_on is None:
        state = "dlt" if after.dlt_reports else "released"
    else:
        state = "dlt" if after.onsets_in(slot.dosed_on, slot.window_ends_on) else "dosed"
    now = None if command.on is None else str(command.on)
    _record(turn, subject, command, str(slot.dlt_onset_on), now, state, slot.window_ends_on)
    follow_known(turn, subject.subject_id, slot)
    stays = state == "dlt"
    return recorded(subject, "The DLT is corrected." if stays else "The DLT no longer counts.")


def _level(turn: Turn, subject: Subject, slot: Slot, command: CorrectFact) -> Answer:
    """A signed correction moves the subject's counts to the level that was really given."""
    if not turn.by_centre or command.meaning is None:
        return turn.refused(
            command.type,
            "signature",
            "The coordinating centre signs a correction of the level.",
            subject_id=subject.subject_id,
        )
    known = {level.level_id for level in turn.protocol.phase1.levels}
    if command.level_id not in known or slot.phase != 1:
        return turn.rejected(command.type, "unknown_level", "The protocol has no such level.")
    assert slot.state in ("dosed", "cleared", "dlt", "not_evaluable")
    _record(
        turn, subject, command, slot.level_id, command.level_id, slot.state, slot.window_ends_on
    )
    left, came = (turn.trial.level_index(at) for at in (slot.level_id, command.level_id))
    restagger(turn, turn.trial.levels[left], "The first dose at this level was given at another.")
    restagger(turn, turn.trial.levels[came], "The first dose here was told of another level.")
    return recorded(subject, f"The subject counts at {command.level_id} now.")


def _record(
    turn: Turn,
    subject: Subject,
    command: CorrectFact,
    was: str | None,
    now: str | None,
    state: State,
    ends_on: date | None,
) -> None:
    turn.record(
        FactCorrected(
            **of_slot(subject),
            fact=command.fact,
            was=was,
            now=now,
            window_ends_on=ends_on,
            state=state,
            reason=command.reason,
            by=turn.actor.id,
        )
    )


def _move_stagger(turn: Turn, subject: Subject, slot: Slot) -> None:
    """The first dose of a staggered level moved: so do the dates of those who wait for it (R12)."""
    if slot.phase != 1:
        return
    level = turn.trial.levels[turn.trial.level_index(slot.level_id)]
    if level.first_dosed == subject.subject_id:
        restagger(turn, level, "The first dose at this level was corrected.")
