"""Consent, extension, release and expiry of undosed places (rules R2, R23, R24)."""

from enrollment.answer import Answer
from enrollment.commands import ExtendReservation, RecordConsent, ReleaseReservation, utc
from enrollment.events import (
    ConsentRecorded,
    ReservationChanged,
    SlotExpired,
)
from enrollment.evolve_slots import next_deadline
from enrollment.outcomes import end_reservation, recorded
from enrollment.places import accruing_phase, barrier
from enrollment.screening import reserved_answer
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import hold, leave


def record_consent(turn: Turn, command: RecordConsent) -> Answer:
    """A fact; under `reserve_on = "consented"` it holds a place where one is free (R23)."""
    kind, trial = command.type, turn.trial
    if trial.protocol is None:
        return turn.rejected(kind, "trial_not_open", "The trial has no protocol in force.")
    if command.site_id not in trial.protocol.site_ids:
        return turn.rejected(kind, "unknown_site", "The protocol names no such site.")
    if command.consented_on > turn.today:
        return turn.in_the_future(kind)
    subject = trial.subjects.get(command.subject_id)
    if subject is not None and subject.site_id != command.site_id:
        return turn.rejected(
            kind, "subject_not_available", "This subject id cannot be used at this site."
        )
    turn.record(
        ConsentRecorded(
            subject_id=command.subject_id,
            site_id=command.site_id,
            consented_on=command.consented_on,
            consent_version=command.consent_version,
        )
    )
    subject = turn.trial.subjects[command.subject_id]
    fresh = subject.outcome is None and subject.slot is None and subject.withdrawn_on is None
    if trial.protocol.assignment.reserve_on == "eligible" or not fresh:
        return recorded(subject, "The consent is recorded.")
    return _hold(turn, command.subject_id, command.site_id)


def _hold(turn: Turn, subject_id: str, site_id: str) -> Answer:
    """A place before the verdict; it counts like a reservation and expires like one."""
    trial = turn.trial
    subject = trial.subjects[subject_id]
    if not trial.activated:
        return recorded(subject, "The consent is recorded; the trial is not open.")
    phase = accruing_phase(trial)
    found = barrier(trial, phase, site_id, turn.today)
    if found is not None:
        answer = recorded(subject, f"The consent is recorded; no place: {found.sentence}")
        return answer.model_copy(update={"rule": found.rule})
    hold(turn, subject_id, phase)
    return reserved_answer(turn, subject_id)


def extend(turn: Turn, command: ExtendReservation) -> Answer:
    """A coordinator may extend a live reservation, with a reason (R24)."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None or subject.slot is None or not subject.slot.undosed:
        return turn.rejected(command.type, "no_live_slot", "No live reservation to extend.")
    if not turn.by_centre:
        return turn.refused(
            command.type,
            "role",
            "A coordinator extends reservations.",
            subject_id=subject.subject_id,
        )
    slot = subject.slot
    if command.expires_at <= slot.expires_at:
        return turn.rejected(
            command.type, "not_later", f"It lives until {slot.expires_at:%Y-%m-%dT%H:%MZ} already."
        )
    turn.record(
        ReservationChanged(
            **of_slot(subject),
            expires_at=utc(command.expires_at),
            dose_not_before=slot.dose_not_before,
            reason=command.reason,
        )
    )
    return reserved_answer(turn, subject.subject_id)


def release(turn: Turn, command: ReleaseReservation) -> Answer:
    """Gives the place back, or leaves the waitlist."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(command.type, "unknown_subject", "No such subject.")
    if subject.slot is not None and subject.slot.undosed:
        end_reservation(turn, subject, command.reason)
        return recorded(subject, "The place is released.")
    if subject.waiting is not None:
        leave(turn, subject.subject_id, "released", "released", command.reason)
        return recorded(subject, "The subject has left the waitlist.")
    return turn.rejected(
        command.type, "no_live_slot", "The subject has no reservation and does not wait."
    )


def expire_next(turn: Turn) -> bool:
    """Applies the earliest deadline up to now, at its own instant; says whether one was due."""
    due = next_deadline(turn.trial)
    if due is None or due[0] > turn.now:
        return False
    expires_at, subject_id = due
    subject = turn.trial.subjects[subject_id]
    assert subject.slot is not None
    turn.record(
        SlotExpired(
            **of_slot(subject),
            expired_at=expires_at,
        )
    )
    return True
