"""A trial's subjects counted again from their slots, apart from the counts that it carries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from enrollment.events import AnyEvent
from enrollment.standing import days_passed
from enrollment.trial import Subject, Trial


@dataclass(slots=True)
class Recount:
    """Follows subjects one by one, so that a decision costs the same at any size.

    `states` counts slots by phase, level and state; `live_at` undosed reservations by site;
    `phase2_at` places of Phase II by site; `met_at` treated subjects of Phase I by level who met
    the Phase II criteria; `orders` the places taken on the waitlist of each phase.
    """

    states: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    live_at: Counter[str] = field(default_factory=Counter)
    phase2_at: Counter[str] = field(default_factory=Counter)
    met_at: Counter[str] = field(default_factory=Counter)
    orders: Counter[tuple[int, int]] = field(default_factory=Counter)
    waiting: Counter[int] = field(default_factory=Counter)
    windows: Counter[tuple[str, date | None, date | None]] = field(default_factory=Counter)
    """Open outcomes of Phase I: level, first dose, end of the window."""
    backfilling: Counter[str] = field(default_factory=Counter)
    """Backfill by level that no count above holds."""
    deaths: int = 0
    _counted: dict[str, Subject] = field(default_factory=dict)

    @staticmethod
    def of(trial: Trial) -> "Recount":
        """Everybody, from nothing."""
        recount = Recount()
        recount.follow(trial, trial.subjects)
        return recount

    def follow(self, trial: Trial, subject_ids: Iterable[str]) -> None:
        """Takes these subjects as the trial has them now."""
        for subject_id in subject_ids:
            old, new = self._counted.get(subject_id), trial.subjects.get(subject_id)
            if old is not None:
                self._count(old, -1)
            if new is not None:
                self._count(new, +1)
                self._counted[subject_id] = new

    def same_as(self, other: "Recount") -> bool:
        """Whether both counted the same; a count of nobody is no count."""
        return self._all() == other._all()

    def level(self, level_id: str) -> tuple[int, int, int, int]:
        """n, t, pending, r of a level (R3)."""
        states = {state: self.states[1, level_id, state] for state in _STATES}
        reserved = states["held"] + states["reserved"] + states["authorised"]
        return states["cleared"] + states["dlt"], states["dlt"], states["dosed"], reserved

    def follow_up(self, level_id: str, on: date) -> tuple[Fraction, ...]:
        """The part of its window that has passed for each pending subject of a level (R1)."""
        parts: list[Fraction] = []
        for (level, dosed_on, ends_on), count in self.windows.items():
            if level == level_id:
                parts += [Fraction(*days_passed(dosed_on, ends_on, on))] * count
        return tuple(sorted(parts))

    def phase_two(self) -> tuple[int, int]:
        """Reserved and dosed in Phase II."""
        counts: Counter[str] = Counter()
        for (phase, _, state), count in self.states.items():
            if phase == 2:
                counts[state] += count
        dosed = sum(counts[state] for state in ("dosed", "cleared", "dlt", "not_evaluable"))
        return counts["held"] + counts["reserved"] + counts["authorised"], dosed

    def _count(self, subject: Subject, sign: int) -> None:
        slot = subject.slot
        self.deaths += sign * subject.death_open
        if subject.waiting is not None:
            self.waiting[subject.waiting.phase] += sign
            self.orders[subject.waiting.phase, subject.waiting.order] += sign
        if slot is None:
            return
        if slot.read_by_design:
            self.states[slot.phase, slot.level_id, slot.state] += sign
        elif slot.undosed or slot.state in ("dosed", "cleared", "dlt"):
            self.backfilling[slot.level_id] += sign
        self.live_at[subject.site_id] += sign * slot.undosed
        self.phase2_at[subject.site_id] += sign * (slot.phase == 2 and slot.live)
        if slot.phase == 1 and slot.state == "dosed" and slot.read_by_design:
            self.windows[slot.level_id, slot.dosed_on, slot.window_ends_on] += sign
        if slot.phase == 1 and slot.treated and subject.phase2_met:
            self.met_at[slot.level_id] += sign

    def _all(self) -> tuple[object, ...]:
        counters = (
            self.states, self.live_at, self.phase2_at, self.met_at, self.orders, self.waiting,
            self.windows, self.backfilling,
        )  # fmt: skip
        return (*(+counter for counter in counters), self.deaths)


_STATES = ("held", "reserved", "authorised", "dosed", "cleared", "dlt")


def subjects_of(event: AnyEvent) -> tuple[str, ...]:
    """Whom an event may change."""
    subject_id = getattr(event, "subject_id", None)
    return () if subject_id is None else (subject_id,)
