"""What the protocol's design says of a trial's levels as they stand at an instant (rules R3 to R5).

The trial carries counts; the history that designs read is made from them only when one is asked,
and each answer is worked out once for each state of the levels.
"""

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final

from cohorts.designs.design import Design, History, LevelHistory, Recommendation
from enrollment.trial import Level, Trial

Pending = int | tuple[tuple[int, int], ...]
"""How many are pending; or for each the days passed and the days of its window."""

LevelKey = tuple[int, int, Pending, int, int, int, int]


class Standing:
    """A design asked about every level; `current` is the open level, or the MTD in question."""

    def __init__(self, design: Design, levels: tuple[LevelHistory, ...], current: int) -> None:
        self.design = design
        self.levels = levels
        self.current = current

    @cached_property
    def history(self) -> History:
        return History(self.levels, self.current)

    @cached_property
    def _stopped(self) -> tuple[bool, ...]:
        return tuple(self.design.stopped(self.levels, at) for at in range(len(self.levels)))

    @cached_property
    def _allows_above(self) -> tuple[bool, ...]:
        return tuple(self.design.allows_above(self.levels, at) for at in range(len(self.levels)))

    @cached_property
    def places(self) -> int:
        """How many more may enter the current level, were no review due."""
        return self.design.places(self.history)

    @cached_property
    def recommendation(self) -> Recommendation | None:
        return self.design.recommend(self.history)

    def stopped(self, level: int) -> bool:
        """Nobody may enter this level, were it open."""
        return self._stopped[level]

    def allows_above(self, level: int) -> bool:
        """Its counts still allow that a higher level is open (R10)."""
        return self._allows_above[level]

    def allows_mtd(self, level: int) -> bool:
        """Its counts still allow that it was declared the MTD (R10)."""
        return self.design.allows_mtd(self.levels, level)

    def opening_target(self, level: int) -> int:
        return self.design.opening_target(self.levels, level)

    def once_open(self, level: int) -> "Standing":
        """The same levels, had this one just been opened: its newest cohort begins now."""
        here = self.levels[level]
        opened = replace(
            here,
            target=self.opening_target(level),
            evaluable_before=here.evaluable,
            dlts_before=here.dlts,
        )
        levels = (*self.levels[:level], opened, *self.levels[level + 1 :])
        return Standing(self.design, levels, level)


def standing(trial: Trial, today: date) -> Standing:
    """The design's answers on this date of the trial's time zone; it must have a protocol."""
    design = trial.in_force.phase1.design
    if not design.reads_follow_up:
        return _blind(trial, design)
    keys = tuple([_key(level, _follow_up(trial, level, today), design) for level in trial.levels])
    return _standing(design, keys, current_level(trial))


def explained(trial: Trial, today: date) -> str:
    """Why the design asks for what it asks for, in one sentence; levels by their ids."""
    now, ids = standing(trial, today), tuple(level.level_id for level in trial.levels)
    return now.design.explain(replace(now.history, names=ids))


def standing_at(trial: Trial, now: datetime) -> Standing:
    """The same at an instant; the date is worked out only where the design reads follow-up."""
    design = trial.in_force.phase1.design
    if not design.reads_follow_up:
        return _blind(trial, design)
    return standing(trial, trial.in_force.local_date(now))


def _blind(trial: Trial, design: Design) -> Standing:
    """One decision asks several times about the very same levels: these are looked up at once."""
    current = current_level(trial)
    latest = _latest[0]
    if latest is not None and latest[0] is trial.levels:
        asked = latest[1]
        if asked.current == current and asked.design is design:
            return asked
    keys = tuple([_key(level, level.counts.pending, design) for level in trial.levels])
    asked = _standing(design, keys, current)
    if asked.design is design:
        _latest[0] = (trial.levels, asked)
    return asked


def current_level(trial: Trial) -> int:
    """The open level, or the one declared the MTD; the lowest where there is neither."""
    if trial.open_level is not None:
        return trial.open_level
    return 0 if trial.mtd is None else trial.level_index(trial.mtd)


def is_stopped(trial: Trial, level_id: str | None = None) -> bool:
    """The open level, or this one too, was stopped, and no signature has opened it since (R10)."""
    if level_id is not None and trial.levels[trial.level_index(level_id)].stopped:
        return True
    return trial.open_level is not None and trial.levels[trial.open_level].stopped


def weakest_level(trial: Trial, asked: Standing) -> int | None:
    """The lowest opened level whose counts no longer allow what is open, or none.

    In Phase I every level below the open one must allow it, and the open one not be stopped. A
    declared MTD holds as long as its design says so, from all counts.
    """
    top = asked.current
    if trial.phase1 != "open" and (trial.mtd is None or asked.allows_mtd(top)):
        return None
    for index in range(top):
        if trial.levels[index].opened and not asked.allows_above(index):
            return index
    return top if trial.phase1 != "open" or asked.stopped(top) else None


def target_of(level: Level, design: Design) -> int:
    """Up to how many may be at an opened level; fewer where an amendment lowered its limit."""
    limits = design.limits
    return level.target if limits is None else min(level.target, limits.per_level)


def _key(level: Level, pending: Pending, design: Design) -> LevelKey:
    counts = level.counts
    return (
        counts.evaluable,
        counts.dlts,
        pending,
        counts.reserved,
        target_of(level, design) if level.opened else 0,
        level.evaluable_before,
        level.dlts_before,
    )


def _follow_up(trial: Trial, level: Level, today: date) -> tuple[tuple[int, int], ...]:
    """Days passed and days of the window of each pending subject (R1)."""
    if not level.counts.pending:
        return ()
    slots = (trial.subjects[subject_id].slot for subject_id in level.dosed)
    return tuple(
        sorted(
            days_passed(slot.dosed_on, slot.window_ends_on, today)
            for slot in slots
            if slot is not None and slot.state == "dosed" and slot.read_by_design
        )
    )


def days_passed(dosed_on: date | None, ends_on: date | None, today: date) -> tuple[int, int]:
    """How much of a window is over; nothing of one whose first dose nobody has reported."""
    if dosed_on is None or ends_on is None:
        return 0, 1
    window = (ends_on - dosed_on).days
    return min(max(0, (today - dosed_on).days), window), window


_latest: Final[list[tuple[tuple[Level, ...], Standing] | None]] = [None]
"""The levels asked about last and what was answered: one entry, replaced whole."""


@lru_cache(maxsize=4096)
def _standing(design: Design, keys: tuple[LevelKey, ...], current: int) -> Standing:
    return Standing(design, tuple(history_of(key) for key in keys), current)


@lru_cache(maxsize=4096)
def history_of(key: LevelKey) -> LevelHistory:
    """The history that one level's key stands for."""
    evaluable, dlts, pending, reserved, target, evaluable_before, dlts_before = key
    return LevelHistory(
        evaluable, dlts, _fractions(pending), reserved, target, evaluable_before, dlts_before
    )


def _fractions(pending: Pending) -> tuple[Fraction, ...]:
    """A design that reads no follow-up is told that none has passed."""
    if isinstance(pending, int):
        return (Fraction(0),) * pending
    return tuple(sorted(Fraction(passed, window) for passed, window in pending))
