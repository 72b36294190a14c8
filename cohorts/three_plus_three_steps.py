"""What a 3+3 does after whole cohorts of three, for many states at once, from any starting level.

The rules are those of `ThreePlusThree.recommend` with nobody pending, which a test compares state
by state. From the lowest level there is a closed form (`exact_three_plus_three`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.count_layers import ENDED_WITH, Cohorts, Counts, Vector
from cohorts.designs.three_plus_three import Variant

COHORT: Final = 3
AT_MOST: Final = 6
"""Subjects at one level."""


class ThreePlusThreeSteps:
    """The steps of one variant on a number of levels; no number of subjects is planned."""

    planned = None

    def __init__(self, variant: Variant, levels: int) -> None:
        self.max_subjects = AT_MOST * levels
        self._variant = variant
        self._levels = levels

    def sizes(self, evaluable: Counts, level: Vector) -> Vector:
        """Three."""
        return np.full(len(level), COHORT)

    def after(self, evaluable: Counts, dlts: Counts, last: Cohorts) -> Vector:
        """Down from an exceeded level, three more, up, or the end with an MTD."""
        each, level = np.arange(len(last.level)), last.level
        here, toxic = evaluable[each, level], dlts[each, level]
        exceeded = dlts >= 2
        out = np.where(exceeded.any(axis=1), exceeded.argmax(axis=1), self._levels)
        can_go_up = level + 1 < np.minimum(out, self._levels)
        is_done = (here >= AT_MOST) | (toxic == 0)
        up_or_mtd = np.where(can_go_up, level + 1, ENDED_WITH - (level + 1))
        stays_for_six = is_done & ~can_go_up & (here < AT_MOST) & self._wants_six(level)
        following = np.where(is_done & ~stays_for_six, up_or_mtd, level)
        return np.where(out <= level, self._down(evaluable, out), following)

    def selected(self, evaluable: Counts, dlts: Counts) -> Vector:
        """Never asked: every end of a 3+3 says itself what it selects."""
        assert not len(evaluable)
        return np.zeros(0, np.int64)

    def _wants_six(self, level: Vector) -> NDArray[np.bool_]:
        """With none in three and no level to go up to, three more are asked for here."""
        if self._variant == "A":
            return np.zeros(len(level), np.bool_)
        return (level + 1 < self._levels) | (self._variant == "C")

    def _down(self, evaluable: Counts, out: Vector) -> Vector:
        """To the level under the lowest exceeded one; the MTD, if enough are evaluable there."""
        below = out - 1
        enough = COHORT if self._variant == "A" else AT_MOST
        there = evaluable[np.arange(len(out)), np.maximum(below, 0)]
        down = np.where(there >= enough, ENDED_WITH - out, below)
        return np.where(below < 0, ENDED_WITH, down)
