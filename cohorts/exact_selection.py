"""The final MTD for thousands of counts at once, equal to the isotonic rule of one trial.

Floating point decides where it can; counts of which two levels are as good as equally close to the
target are handed back, to be decided in rationals.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.count_layers import Counts, Vector
from cohorts.designs.isotonic import TIE

TOO_CLOSE: Final = float(TIE) / 2
"""Differences below this are left to rationals; pooled levels differ by TIE, or more."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The dose of each row (0 none, 1 the first); `doubtful` rows are for rationals to decide."""

    dose: Vector
    doubtful: NDArray[np.bool_]


def closest_doses(
    evaluable: Counts,
    dlts: Counts,
    allowed: NDArray[np.bool_],
    target: Fraction,
    fewest: int,
    bound: Fraction | None = None,
) -> Selected:
    """The rule of `closest_level` (cohorts/designs/isotonic.py), row by row.

    Only levels that are `allowed` (not eliminated) and tried are fitted.
    """
    fits = allowed & (evaluable > 0)
    order = np.cumsum(fits, axis=1)
    estimates = _fitted(evaluable, dlts, fits) + order * float(TIE)
    distances = np.abs(estimates - float(target))
    can_be = fits & (evaluable >= fewest)
    doubtful = np.zeros(len(evaluable), np.bool_)
    if bound is not None:
        over = estimates - float(bound)
        doubtful |= (can_be & (np.abs(over) < TOO_CLOSE)).any(axis=1)
        can_be &= over <= 0
    distances[~can_be] = np.inf
    dose = np.where(can_be.any(axis=1), distances.argmin(axis=1) + 1, 0)
    if distances.shape[1] > 1:
        best = np.partition(distances, 1, axis=1)
        doubtful |= best[:, 1] < best[:, 0] + TOO_CLOSE
    return Selected(dose, doubtful)


def _fitted(evaluable: Counts, dlts: Counts, fits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Isotonic estimates: of the means from each start, least over ends, the greatest."""
    hits, misses = dlts + 0.05, evaluable - dlts + 0.05
    total = hits + misses
    weight = np.where(fits, total**2 * (total + 1) / (hits * misses), 0.0)
    weighted = weight * hits / total
    levels = evaluable.shape[1]
    estimates = np.full(evaluable.shape, -np.inf)
    for start in range(levels):
        mass = np.cumsum(weight[:, start:], axis=1)
        means = np.full(mass.shape, np.inf)
        np.divide(np.cumsum(weighted[:, start:], axis=1), mass, out=means, where=mass > 0)
        lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        np.maximum(
            estimates[:, start:], np.where(mass > 0, lowest, -np.inf), out=estimates[:, start:]
        )
    return np.where(fits, estimates, 0.0)
