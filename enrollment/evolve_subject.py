"""What the events about a subject do to the subject, its slot and the carried counts."""

from datetime import date
from typing import Any

from cohorts.slots import Slot, SlotState, with_onset
from enrollment import events as e
from enrollment.copying import replace
from enrollment.evolve_screening import with_subject
from enrollment.evolve_slots import (
    staggered_anew,
    with_new_deadline,
    with_passed_over,
    with_slot,
    with_waiting,
    without_waiting,
)
from enrollment.trial import Trial


def placed(trial: Trial, event: e.SlotHeld | e.SlotReserved) -> Trial:
    """A new slot, or the held one becomes reserved; the subject leaves the waitlist."""
    trial = without_waiting(trial, trial.subjects[event.subject_id])
    known = trial.subjects[event.subject_id]
    slot = known.slot
    if isinstance(event, e.SlotReserved) and event.from_held:
        assert slot is not None
        assert slot.state == "held"
        changed = replace(
            slot,
            state="reserved",
            reserved_at=event.reserved_at,
            expires_at=event.expires_at,
            dose_not_before=event.dose_not_before,
        )
    else:
        assert slot is None or not slot.live, "at most one live slot for each subject"
        number = trial.slots + 1
        changed = Slot(
            slot_id=event.slot_id,
            number=number,
            phase=event.phase,
            level_id=event.level_id,
            state="held" if isinstance(event, e.SlotHeld) else "reserved",
            reserved_at=event.held_at if isinstance(event, e.SlotHeld) else event.reserved_at,
            expires_at=event.expires_at,
            dose_not_before=event.dose_not_before,
            backfill=event.backfill,
            counted=event.counted,
        )
        trial = replace(trial, slots=number)
    trial = with_slot(trial, known, changed)
    trial = with_new_deadline(trial, event.subject_id, event.expires_at)
    return replace(trial, last_reserved_site=event.site_id)


def waitlisted(trial: Trial, event: e.Waitlisted) -> Trial:
    return with_waiting(trial, trial.subjects[event.subject_id], event.phase, event.order)


def passed_over(trial: Trial, event: e.PassedOver) -> Trial:
    return with_passed_over(trial, trial.subjects[event.subject_id])


def left_waitlist(trial: Trial, event: e.LeftWaitlist) -> Trial:
    trial = without_waiting(trial, trial.subjects[event.subject_id])
    return _without_form(trial, event.subject_id)


def refused(trial: Trial, event: e.EnrollmentRefused) -> Trial:
    """Moves no one; a form that waits for nothing is let go of."""
    known = trial.subjects.get(event.subject_id)
    if known is None or known.waiting or (known.slot and known.slot.undosed):
        return trial
    return _without_form(trial, event.subject_id)


def flagged(trial: Trial, event: e.SlotFlagged) -> Trial:
    """An authorisation given before falls with it."""
    slot = slot_of(trial, event.subject_id)
    state: SlotState = "reserved" if slot.state == "authorised" else slot.state
    return _slot(trial, event, flagged=event.criteria, state=state, authorised_for=None)


def flag_lifted(trial: Trial, event: e.FlagLifted) -> Trial:
    return _slot(trial, event, flagged=())


def reservation_changed(trial: Trial, event: e.ReservationChanged) -> Trial:
    """An authorisation for a day before the stagger ends falls with it."""
    slot, not_before = slot_of(trial, event.subject_id), event.dose_not_before
    state, planned = slot.state, slot.authorised_for
    if planned is not None and not_before is not None and planned < not_before:
        state, planned = "reserved", None
    trial = _slot(
        trial,
        event,
        expires_at=event.expires_at,
        dose_not_before=not_before,
        state=state,
        authorised_for=planned,
    )
    return with_new_deadline(trial, event.subject_id, event.expires_at)


def released(trial: Trial, event: e.SlotReleased) -> Trial:
    return _without_form(_slot(trial, event, state="released"), event.subject_id)


def expired(trial: Trial, event: e.SlotExpired) -> Trial:
    return _without_form(_slot(trial, event, state="expired"), event.subject_id)


def recalled(trial: Trial, event: e.SlotRecalled) -> Trial:
    trial = _slot(trial, event, state="recalled", authorised_for=None)
    return with_waiting(trial, trial.subjects[event.subject_id], event.phase, event.order)


def authorised(trial: Trial, event: e.FirstDoseAuthorised) -> Trial:
    return _slot(trial, event, state="authorised", authorised_for=event.planned_on)


def dosed(trial: Trial, event: e.FirstDoseRecorded) -> Trial:
    """Day 1. A DLT reported before stays one if its onset lies in the window (R8)."""
    trial = without_waiting(trial, trial.subjects[event.subject_id])
    slot = slot_of(trial, event.subject_id)
    ends_on = event.window_ends_on
    onsets = () if ends_on is None else slot.onsets_in(event.dosed_on, ends_on)
    state: SlotState = "dlt" if onsets else "dosed"
    trial = _slot(
        trial,
        event,
        state=state,
        dosed_on=event.dosed_on,
        window_ends_on=event.window_ends_on,
        given_level_id=event.given_level_id,
        dlt_onset_on=onsets[0] if onsets else None,
    )
    trial = _first_at_level(trial, event)
    return _without_form(trial, event.subject_id)


def dlt(trial: Trial, event: e.DltRecorded) -> Trial:
    """The earliest onset stands; a death counts as a DLT of its own until adjudicated (R14)."""
    trial = without_waiting(trial, trial.subjects[event.subject_id])
    slot = slot_of(trial, event.subject_id)
    onset_on = event.onset_on
    if slot.state == "dlt" and slot.dlt_onset_on is not None:
        onset_on = min(onset_on, slot.dlt_onset_on)
    return _slot(
        trial,
        event,
        state="dlt",
        dlt_onset_on=onset_on,
        death_on=event.onset_on if event.fatal else slot.death_on,
        dlt_reports=slot.dlt_reports if event.fatal else (*slot.dlt_reports, event.onset_on),
    )


def toxicity(trial: Trial, event: e.ToxicityRecorded) -> Trial:
    """Not counted; one that was reported as a DLT may count once a first dose is corrected."""
    slot = slot_of(trial, event.subject_id)
    reports = slot.dlt_reports
    if event.reported_as_dlt:
        reports = (*reports, event.onset_on)
    return _slot(trial, event, toxicities=slot.toxicities + 1, dlt_reports=reports)


def cleared(trial: Trial, event: e.SubjectCleared) -> Trial:
    return _slot(trial, event, state="cleared")


def not_evaluable(trial: Trial, event: e.SubjectNotEvaluable) -> Trial:
    return _slot(trial, event, state="not_evaluable", dlt_onset_on=None)


def outcome_reopened(trial: Trial, event: e.OutcomeReopened) -> Trial:
    return _slot(trial, event, state="dosed")


def died(trial: Trial, event: e.DeathRecorded) -> Trial:
    known = trial.subjects[event.subject_id]
    trial = with_subject(trial, replace(known, died_on=event.died_on, death_open=event.in_window))
    return replace(trial, deaths_open=trial.deaths_open + int(event.in_window))


def death_adjudicated(trial: Trial, event: e.DeathAdjudicated) -> Trial:
    trial = with_subject(trial, replace(trial.subjects[event.subject_id], death_open=False))
    if event.finding == "unrelated":
        trial = _slot(trial, event, death_on=None)
    assert trial.deaths_open > 0
    return replace(trial, deaths_open=trial.deaths_open - 1)


def withdrew(trial: Trial, event: e.SubjectWithdrew) -> Trial:
    known = trial.subjects[event.subject_id]
    return with_subject(trial, replace(known, withdrawn_on=event.withdrawn_on))


def corrected(trial: Trial, event: e.FactCorrected) -> Trial:
    """The new value, the window and the state that follow from it."""
    old = slot_of(trial, event.subject_id)
    slot = _corrected_slot(old, event)
    trial = with_slot(trial, trial.subjects[event.subject_id], slot)
    if slot.state == "released":
        return _without_form(trial, event.subject_id)
    if event.fact == "dosed_level":
        return _first_dose_elsewhere(trial, old, slot, event.subject_id)
    if event.fact != "first_dose_on" or slot.phase != 1:
        return trial
    index = trial.level_index(slot.level_id)
    level = trial.levels[index]
    if level.first_dosed != event.subject_id:
        return trial
    level = replace(level, first_dose_on=slot.dosed_on)
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))


def _first_dose_elsewhere(trial: Trial, was: Slot, now: Slot, subject_id: str) -> Trial:
    """A dose given at another level than told was the open one's first, or is it now (R12)."""
    index = trial.open_level
    if index is None or was.level_id == now.level_id:
        return trial
    level = trial.levels[index]
    left = level.level_id == was.level_id and level.first_dosed == subject_id
    came = level.level_id == now.level_id and level.stagger
    return staggered_anew(trial, index) if left or came else trial


def _corrected_slot(slot: Slot, event: e.FactCorrected) -> Slot:
    if event.fact == "dosed_level":
        assert event.now is not None
        return replace(slot, level_id=event.now, given_level_id=None)
    now = None if event.now is None else date.fromisoformat(event.now)
    if event.fact == "first_dose_on":
        slot = replace(slot, dosed_on=now, window_ends_on=event.window_ends_on)
    else:
        slot = with_onset(slot, slot.dlt_onset_on, now)
    if event.state != "dlt":
        return replace(slot, state=event.state, dlt_onset_on=None)
    onsets = slot.dlt_reports
    if slot.dosed_on is not None and slot.window_ends_on is not None:
        onsets = slot.onsets_in(slot.dosed_on, slot.window_ends_on)
    return replace(slot, state="dlt", dlt_onset_on=min(onsets))


def slot_of(trial: Trial, subject_id: str) -> Slot:
    """The latest slot of a subject that has had one."""
    slot = trial.subjects[subject_id].slot
    assert slot is not None, f"{subject_id} never held a slot"
    return slot


def _slot(trial: Trial, event: Any, **changes: Any) -> Trial:
    known = trial.subjects[event.subject_id]
    assert known.slot is not None
    return with_slot(trial, known, replace(known.slot, **changes))


def _without_form(trial: Trial, subject_id: str) -> Trial:
    return with_subject(
        trial, replace(trial.subjects[subject_id], form=None, confirmed=None, reviews=())
    )


def _first_at_level(trial: Trial, event: e.FirstDoseRecorded) -> Trial:
    """The first dose of a staggered level sets the date before which the others wait (R12)."""
    if event.phase != 1:
        return trial
    index = trial.level_index(event.level_id)
    level = trial.levels[index]
    if not level.stagger:
        return trial
    level = replace(
        level, stagger=False, first_dose_on=event.dosed_on, first_dosed=event.subject_id
    )
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))
