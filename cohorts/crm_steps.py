"""What a CRM does after whole cohorts, in bulk: one posterior for each set of counts.

The posteriors are those of the design's own model and sums; the rules about levels are those of
`Crm.recommend` with nobody pending, which a test compares state by state.
"""

import numpy as np
from numpy.typing import NDArray

from cohorts.count_layers import ENDED_WITH, Cohorts, Counts, Vector, cohort_sizes, packed
from cohorts.designs.crm import TIE, Crm
from cohorts.designs.crm_quadrature import quadrature

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class CrmSteps:
    """The steps of one CRM.

    At its end a live trial selects among the doses with enough evaluable subjects. With
    `untried_too` it selects whichever dose it would treat next, tried or not, as published
    characteristics do (`crmsim` of the R package dfcrm).
    """

    def __init__(self, design: Crm, untried_too: bool = False) -> None:
        self.max_subjects = self.planned = design.max_subjects
        self._design = design
        self._untried_too = untried_too

    def sizes(self, evaluable: Counts, level: Vector) -> Vector:
        """The cohort, or what the limits leave of it."""
        return cohort_sizes(self._design, evaluable, level)

    def after(self, evaluable: Counts, dlts: Counts, last: Cohorts) -> Vector:
        """Where the model sends the next cohort within the rules of the design; else the end."""
        design, level = self._design, last.level
        estimates, too_toxic = self._known(evaluable, dlts)
        everything = np.ones(estimates.shape, np.bool_)
        dose = closest(estimates, design.target, everything)
        following = np.minimum(dose, level + 1) if design.no_skip else dose
        if design.coherent:
            following = np.where(last.dlts > 0, np.minimum(following, level), following)
        full = evaluable.sum(axis=1) >= self.max_subjects
        if self._untried_too:
            at_the_end = following + 1
        else:
            tried = evaluable >= design.fewest_at_mtd
            chosen = closest(estimates, design.target, tried)
            at_the_end = np.where(tried.any(axis=1), chosen + 1, 0)
        no_room = self.sizes(evaluable, following) <= 0
        after = np.where(no_room, ENDED_WITH - (following + 1), following)
        after = np.where(full, ENDED_WITH - at_the_end, after)
        return np.where(too_toxic, ENDED_WITH, after)

    def selected(self, evaluable: Counts, dlts: Counts) -> Vector:
        """Never asked: every end of a CRM says itself what it selects."""
        assert not len(evaluable)
        return np.zeros(0, np.int64)

    def _known(self, evaluable: Counts, dlts: Counts) -> tuple[Floats, Flags]:
        """The estimates by which the design goes, and whether no dose is tolerable."""
        keys = packed(evaluable, dlts, self.max_subjects)
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        design, rows = self._design, which.ravel()
        sums = quadrature(design.working_model, design.target)
        by_plug_in = design.estimate == "plug_in"
        estimates, exceeds = sums.of_many(evaluable[first], dlts[first], by_plug_in)
        too_toxic = np.zeros(len(rows), np.bool_)
        if design.stop_above is not None:
            too_toxic = exceeds[rows, 0] > design.stop_above
        return estimates[rows], too_toxic


def closest(estimates: Floats, target: float, choices: Flags) -> Vector:
    """The rule of `closest` (cohorts/designs/crm.py) row by row, among the choices of each row."""
    levels = estimates.shape[1]
    distances = np.where(choices, np.abs(estimates - target), np.inf)
    least = distances.min(axis=1, keepdims=True) + TIE
    nearest = (distances <= least).argmax(axis=1)
    highest = levels - 1 - choices[:, ::-1].argmax(axis=1)
    none_above = ((estimates <= target) | ~choices).all(axis=1)
    found: Vector = np.where(none_above, highest, nearest)
    return found
