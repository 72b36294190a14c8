"""A slot: one subject's place at a dose level, from held to outcome, and its DLT window."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

SlotState = Literal[
    "held",
    "reserved",
    "authorised",
    "dosed",
    "cleared",
    "dlt",
    "not_evaluable",
    "released",
    "expired",
    "recalled",
]
UNDOSED: frozenset[SlotState] = frozenset({"held", "reserved", "authorised"})
TREATED: frozenset[SlotState] = frozenset({"dosed", "cleared", "dlt", "not_evaluable"})


@dataclass(frozen=True, slots=True)
class Slot:
    """The latest slot of a subject; earlier ones stay in the log."""

    slot_id: str
    number: int
    """Slots are numbered in order of reservation, over both phases."""
    phase: int
    level_id: str
    state: SlotState
    reserved_at: datetime
    expires_at: datetime
    dose_not_before: date | None = None
    flagged: tuple[str, ...] = ()
    """Criteria that an amended form no longer meets."""
    authorised_for: date | None = None
    dosed_on: date | None = None
    window_ends_on: date | None = None
    dlt_onset_on: date | None = None
    death_on: date | None = None
    """A death in the window: an onset that only an adjudication takes away (R14)."""
    dlt_reports: tuple[date, ...] = ()
    """Onsets that were reported as DLTs, also those outside the window: a corrected first dose may
    bring them in or out (rules R8)."""
    toxicities: int = 0
    """Toxicities recorded that do not count, shown to reviews."""
    backfill: bool = False
    """A further subject at a cleared lower level: no decision ever waits for its outcome."""
    counted: bool = True
    """Its outcome counts for escalation, once it is known."""
    given_level_id: str | None = None
    """The level really given, when it was another than the assigned one; not corrected yet."""

    @property
    def undosed(self) -> bool:
        """A live reservation: it counts until dosed, released, expired or recalled."""
        return self.state in UNDOSED

    @property
    def treated(self) -> bool:
        return self.state in TREATED

    @property
    def known(self) -> bool:
        """Evaluable: cleared, or with a DLT."""
        return self.state in ("cleared", "dlt")

    @property
    def read_by_design(self) -> bool:
        """What a design is told of: everybody, but of backfill only outcomes that count."""
        return not self.backfill or (self.counted and self.known)

    @property
    def live(self) -> bool:
        return self.undosed or self.treated

    def onsets_in(self, dosed_on: date, window_ends_on: date) -> tuple[date, ...]:
        """The onsets that count as a DLT under this window, the earliest first (rules R8, R14)."""
        onsets = set(self.dlt_reports)
        if self.death_on is not None:
            onsets.add(self.death_on)
        return tuple(sorted(o for o in onsets if in_window(o, dosed_on, window_ends_on)))


def with_onset(slot: Slot, was: date | None, now: date | None) -> Slot:
    """The slot with one reported onset corrected, or withdrawn; others that were reported stay."""
    reports = list(slot.dlt_reports)
    if was in reports:
        reports.remove(was)
    if now is not None:
        reports.append(now)
    return replace(slot, dlt_reports=tuple(reports), dlt_onset_on=None)


def window_end(dosed_on: date, window_days: int) -> date:
    """The window covers days 1 to w and ends at 00:00 of first dose + w days (rules R1)."""
    assert window_days >= 1
    return dosed_on + timedelta(days=window_days)


def in_window(onset_on: date, dosed_on: date, window_ends_on: date) -> bool:
    """Onset in days 1 to w (rules R8)."""
    return dosed_on <= onset_on < window_ends_on
