"""Those who wait for the stagger of a level get its date as it is now (rules R12)."""

from enrollment.events import ReservationChanged
from enrollment.places import expiry, stagger_date
from enrollment.trial import Level
from enrollment.turn import Turn, of_slot


def restagger(turn: Turn, level: Level, reason: str) -> None:
    """Called where a first dose is told or corrected, and where a version has other days.

    Each place lives as long as it would have with the right date from the start, and no shorter
    than it did. Leave for a day before that date falls with it.
    """
    not_before = stagger_date(turn.trial, level)
    if not_before is None:
        return
    for subject_id in level.reservations:
        subject = turn.trial.subjects[subject_id]
        slot = subject.slot
        assert slot is not None
        if slot.backfill or slot.dose_not_before == not_before:
            continue
        expires_at = expiry(turn.trial, not_before, slot.reserved_at)
        turn.record(
            ReservationChanged(
                **of_slot(subject),
                expires_at=max(slot.expires_at, expires_at),
                dose_not_before=not_before,
                reason=reason,
            )
        )
