"""Many trials at once, in step, from drawn outcomes: the rules of one trial, on whole arrays.

Nothing is drawn here: outcomes come in, so that the same draws give the same trials anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.characteristics import OVERDOSED_ABOVE, Characteristics, checked_truth
from cohorts.count_layers import Cohorts, Counts, States, Steps, Vector, doses_selected
from cohorts.designs.three_plus_three import Variant

COHORT: Final = 3
Flags = NDArray[np.bool_]
Uniforms = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trials:
    """One row for each trial: the dose selected (from 1; 0 none), subjects, DLTs at each dose.

    `planned` is the number of subjects of a whole trial; none where the design plans no number.
    """

    selected: Vector
    subjects: Counts
    dlts: Counts
    planned: int | None = None

    def characteristics(self, truth: Sequence[float], target: float) -> Characteristics:
        """Means over the trials. Raises ValueError for a truth that is none."""
        truth = checked_truth(truth)
        share = np.bincount(self.selected, minlength=len(truth) + 1) / len(self.selected)
        above = self.subjects[:, [p > target for p in truth]].sum(axis=1)
        of = self.subjects.sum(axis=1) if self.planned is None else self.planned
        overdosed = above * OVERDOSED_ABOVE.denominator > of * OVERDOSED_ABOVE.numerator
        return Characteristics(
            truth=truth,
            target=target,
            select=tuple(share.tolist()),
            subjects=tuple(self.subjects.mean(axis=0).tolist()),
            dlts=tuple(self.dlts.mean(axis=0).tolist()),
            overdosing=float(overdosed.mean()),
        )


def trials_by_counts(
    steps: Steps, uniforms: Uniforms, truth: Sequence[float], start: int = 0
) -> Trials:
    """Trials of whole cohorts, one for each row of `uniforms`, all of them in step.

    Column i decides of the i-th subject treated: a DLT where it is under the truth of the dose.
    """
    chances = np.array(checked_truth(truth))
    trials = len(uniforms)
    assert uniforms.shape[1] >= steps.max_subjects
    evaluable, dlts = (np.zeros((trials, len(chances)), np.int64) for _ in range(2))
    following = np.full(trials, start)
    going = np.arange(trials)
    while len(going):
        level = following[going]
        sizes = steps.sizes(evaluable[going], level)
        assert sizes.min() > 0, "a trial goes on without a place for anybody"
        treated = evaluable[going].sum(axis=1)
        places = treated[:, None] + np.arange(sizes.max())
        drawn = uniforms[going[:, None], np.minimum(places, uniforms.shape[1] - 1)]
        has_dlt = (drawn < chances[level][:, None]) & (places < (treated + sizes)[:, None])
        toxic = has_dlt.sum(axis=1)
        evaluable[going, level] += sizes
        dlts[going, level] += toxic
        cohorts = Cohorts(level, sizes, toxic)
        following[going] = steps.after(evaluable[going], dlts[going], cohorts)
        going = going[following[going] >= 0]
    ends = States(evaluable, dlts, following, np.ones(trials))
    return Trials(doses_selected(steps, ends), evaluable, dlts, steps.planned)


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
