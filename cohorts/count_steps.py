"""What designs by counts (BOIN, mTPI, keyboard, i3+3, tables) do after whole cohorts, in bulk.

The letters are the design's own `decision`, asked once for each pair of counts; the walk over the
levels is that of `ByCounts.recommend` with nobody pending, which a test compares state by state.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.count_layers import ENDED, Cohorts, Counts, Vector, cohort_sizes
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.design import LevelHistory
from cohorts.exact_selection import closest_doses

ESCALATE, STAY, DOWN, ELIMINATE, UNTRIED = range(5)
CODES: Final = {"E": ESCALATE, "S": STAY, "D": DOWN, "U": ELIMINATE}


class CountSteps:
    """The steps of one design on a number of levels."""

    def __init__(self, design: ByCounts, levels: int) -> None:
        self.max_subjects = self.planned = design.max_subjects
        self._design = design
        self._levels = levels
        self._letters = _letters(design)

    def sizes(self, evaluable: Counts, level: Vector) -> Vector:
        """The cohort, or what the limits leave of it."""
        return cohort_sizes(self._design, evaluable, level)

    def lowest_eliminated(self, evaluable: Counts, dlts: Counts) -> Vector:
        """The lowest eliminated level of each row; the number of levels where none is."""
        out = np.empty(evaluable.shape, np.bool_)
        out[:, 0] = self._letters[0, evaluable[:, 0], dlts[:, 0]] == ELIMINATE
        out[:, 1:] = self._letters[1, evaluable[:, 1:], dlts[:, 1:]] == ELIMINATE
        return np.where(out.any(axis=1), out.argmax(axis=1), self._levels)

    def after(self, evaluable: Counts, dlts: Counts, last: Cohorts) -> Vector:
        """One level up, down, or the same, where there is one and room on it; else the end."""
        each, level = np.arange(len(last.level)), last.level
        letter = self._letters[np.minimum(level, 1), evaluable[each, level], dlts[each, level]]
        out = self.lowest_eliminated(evaluable, dlts)
        up = (letter == ESCALATE) & (level + 1 < np.minimum(out, self._levels))
        down = (out <= level) | ((letter == DOWN) & (level > 0))
        following = np.where(up, level + 1, np.where(down, np.minimum(out, level) - 1, level))
        has_room = self.sizes(evaluable, np.maximum(following, 0)) > 0
        return np.where((following >= 0) & has_room, following, ENDED)

    def selected(self, evaluable: Counts, dlts: Counts) -> Vector:
        """By the final rule of the design."""
        rule = self._design.isotonic_rule
        if rule is None:
            return np.array([self._select(*row) for row in zip(evaluable, dlts, strict=True)])
        target, bound = rule
        allowed = np.arange(self._levels) < self.lowest_eliminated(evaluable, dlts)[:, None]
        fewest = self._design.fewest_at_mtd
        fast = closest_doses(evaluable, dlts, allowed, target, fewest, bound)
        for row in np.flatnonzero(fast.doubtful):
            fast.dose[row] = self._select(evaluable[row], dlts[row])
        return fast.dose

    def _select(self, evaluable: Vector, dlts: Vector) -> int:
        counts = zip(evaluable.tolist(), dlts.tolist(), strict=True)
        selected = self._design.select_mtd([LevelHistory(n, t) for n, t in counts])
        return 0 if selected is None else selected + 1


def _letters(design: ByCounts) -> NDArray[np.int8]:
    """By whether the level is the lowest (0) or not (1), evaluable, DLTs."""
    most = design.max_per_level
    codes = np.full((2, most + 1, most + 1), UNTRIED, np.int8)
    for evaluable in range(1, most + 1):
        for dlts in range(evaluable + 1):
            codes[0, evaluable, dlts] = CODES[design.decision(evaluable, dlts, lowest=True)]
            codes[1, evaluable, dlts] = CODES[design.decision(evaluable, dlts, lowest=False)]
    return codes
