"""What the designs share that treat in cohorts: how many may enter, and when nobody else may."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from cohorts.designs.design import History, LevelHistory, Limits

FEWEST_AT_MTD: Final = 3
"""No dose is declared the MTD with fewer evaluable subjects."""


class InCohorts(ABC):
    """A design that fills one cohort after another, within limits of each level and of the trial.

    `max_subjects` and `max_per_level` count evaluable, pending and reserved subjects. A child
    declares the three fields, in the order in which its protocol table is written.
    """

    __slots__ = ()
    cohort_size: int
    max_subjects: int
    max_per_level: int

    @property
    def fewest_at_mtd(self) -> int:
        """Three."""
        return FEWEST_AT_MTD

    @property
    def limits(self) -> Limits:
        """Of each level and of the trial."""
        return Limits(self.max_per_level, self.max_subjects)

    @property
    def reads_follow_up(self) -> bool:
        """No: the time passed in open windows changes nothing."""
        return False

    @abstractmethod
    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Nobody may enter this level, were it open."""

    def opening_target(self, levels: Sequence[LevelHistory], level: int) -> int:
        """One cohort more than are here, as far as `max_per_level` and `max_subjects` allow."""
        here = levels[level]
        left = self._left(levels) + here.reserved
        return here.treated + max(0, min(self.cohort_size, self.max_per_level - here.treated, left))

    def has_room(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """A cohort, if only of one, may still be treated at this level."""
        return self.opening_target(levels, level) > levels[level].treated

    def places(self, history: History) -> int:
        """What is left of the cohort and of both limits; 0 where the level is stopped."""
        if self.stopped(history.levels, history.current):
            return 0
        here = history.here
        most = min(here.target, self.max_per_level) - here.enrolled
        return max(0, min(most, self._left(history.levels)))

    def full(self, levels: Sequence[LevelHistory]) -> bool:
        """Nobody else may enter the trial."""
        return self._left(levels) <= 0

    def _left(self, levels: Sequence[LevelHistory]) -> int:
        """How many `max_subjects` still lets in."""
        return self.max_subjects - sum(level.enrolled for level in levels)
