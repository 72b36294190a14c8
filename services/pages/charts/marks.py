"""How a subject is drawn: one shape and one word for each state, the same in every picture."""

from dataclasses import dataclass
from datetime import date, datetime

from cohorts.slots import Slot
from enrollment.trial import Trial

WORDS = {
    "held": "place held",
    "reserved": "place reserved",
    "authorised": "first dose authorised",
    "dosed": "in the DLT window",
    "to_confirm": "window over, outcome to confirm",
    "cleared": "cleared, no DLT",
    "dlt": "DLT",
    "not_evaluable": "not evaluable",
}
"""In the order of a legend. `to_confirm` is a dosed subject whose window has ended."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One subject who holds or used a place of Phase I."""

    subject_id: str
    site_id: str
    level: int
    """Index of the dose level, the lowest 0."""
    shape: str
    """A key of `WORDS`."""
    number: int
    """Order of reservation."""
    dosed_on: date | None
    window_ends_on: date | None
    dlt_onset_on: date | None
    expires_at: datetime

    @property
    def words(self) -> str:
        return WORDS[self.shape]


def phase1_marks(trial: Trial, today: date) -> tuple[Mark, ...]:
    """Everybody with a live slot of Phase I, in order of reservation."""
    indexes = {level.level_id: index for index, level in enumerate(trial.levels)}
    found = []
    for level in trial.levels:
        for subject_id in (*level.dosed, *level.reservations):
            subject = trial.subjects[subject_id]
            slot = subject.slot
            if slot is not None and slot.phase == 1:
                found.append(
                    Mark(
                        subject_id=subject_id,
                        site_id=subject.site_id,
                        level=indexes[slot.level_id],
                        shape=shape_of(slot, today),
                        number=slot.number,
                        dosed_on=slot.dosed_on,
                        window_ends_on=slot.window_ends_on,
                        dlt_onset_on=slot.dlt_onset_on,
                        expires_at=slot.expires_at,
                    )
                )
    return tuple(sorted(found, key=lambda mark: mark.number))


def shape_of(slot: Slot, today: date) -> str:
    if slot.state != "dosed":
        return slot.state
    over = slot.window_ends_on is not None and slot.window_ends_on <= today
    return "to_confirm" if over else "dosed"
