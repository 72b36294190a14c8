"""Many 3+3 trials at once, from drawn outcomes: the same rules as one trial, on whole arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.characteristics import OVERDOSED_ABOVE, Characteristics, checked_truth
from cohorts.designs.three_plus_three import Variant

COHORT: Final = 3
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trials:
    """One row for each trial: the dose selected (from 1; 0 none), subjects, DLTs at each dose."""

    selected: Counts
    subjects: Counts
    dlts: Counts

    def characteristics(self, truth: Sequence[float], target: float) -> Characteristics:
        """Means over the trials. Raises ValueError for a truth that is none."""
        truth = checked_truth(truth)
        share = np.bincount(self.selected, minlength=len(truth) + 1) / len(self.selected)
        above = self.subjects[:, [p > target for p in truth]].sum(axis=1)
        limit = OVERDOSED_ABOVE
        overdosed = above * limit.denominator > self.subjects.sum(axis=1) * limit.numerator
        return Characteristics(
            truth=truth,
            target=target,
            select=tuple(share.tolist()),
            subjects=tuple(self.subjects.mean(axis=0).tolist()),
            dlts=tuple(self.dlts.mean(axis=0).tolist()),
            overdosing=float(overdosed.mean()),
        )


def three_plus_three_trials(variant: Variant, first: Counts, second: Counts) -> Trials:
    """Trials of whole cohorts of three from the lowest dose up.

    `first` and `second` hold, for each trial (row) and dose (column), how many DLTs the first and
    the second three there would have; no variant treats more than six at one dose.
    """
    clear = first == 0
    expanded = first == 1
    passed = clear | (expanded & (second == 0))
    climbed = np.logical_and.accumulate(passed, axis=1)
    reached = np.ones_like(passed)
    reached[:, 1:] = climbed[:, :-1]
    six = reached & expanded
    if variant == "A":
        return _trials(climbed.sum(axis=1), reached, six, first, second)
    if variant == "C":
        six[:, -1] |= climbed[:, -1] & clear[:, -1]
        climbed[:, -1] &= ~clear[:, -1] | (second[:, -1] <= 1)
    accepted = np.where(clear, second <= 1, passed)
    selected = np.where(climbed[:, -1], first.shape[1], 0)
    walks_down = ~climbed[:, -1]
    for dose in range(first.shape[1] - 2, -1, -1):
        is_asked = walks_down & climbed[:, dose]
        six[:, dose] |= is_asked & clear[:, dose]
        ends = is_asked & accepted[:, dose]
        selected[ends] = dose + 1
        walks_down &= ~ends
    return _trials(selected, reached, six, first, second)


def _trials(selected: Counts, reached: Flags, six: Flags, first: Counts, second: Counts) -> Trials:
    return Trials(selected, COHORT * (reached + six.astype(int)), reached * first + six * second)
