"""A CRM skeleton from an indifference interval, so that nobody has to guess it level by level.

Source: Lee and Cheung 2009 (10.1177/1740774509105076), as in `getprior` of the R package dfcrm. Two
neighbouring levels are spaced so that one value of the parameter puts the lower one at target -
halfwidth and the higher one at target + halfwidth.
"""

import math
from itertools import pairwise

from cohorts.designs.crm_model import Working, expit, logit


def skeleton(
    *,
    target: float,
    halfwidth: float,
    prior_mtd: int,
    levels: int,
    model: Working = "empiric",
    a0: float = 3.0,
) -> tuple[float, ...]:
    """The skeleton whose value at level `prior_mtd` (counted from 1) is the target.

    Raises ValueError that says what to mend.
    """
    if not 0 < target < 1:
        raise ValueError("the target must lie between 0 and 1, both excluded")
    if not 0 < halfwidth < min(target, 1 - target):
        raise ValueError(
            "halfwidth must be above 0 and leave target - halfwidth and target + halfwidth "
            "between 0 and 1"
        )
    if not 1 <= prior_mtd <= levels:
        raise ValueError(f"the level thought to be the MTD must be one of 1 to {levels}")
    steps = range(1 - prior_mtd, levels - prior_mtd + 1)
    if model == "empiric":
        ratio = math.log(target + halfwidth) / math.log(target - halfwidth)
        return _apart(tuple(math.exp(math.log(target) * ratio**step) for step in steps))
    if logit(target + halfwidth) >= a0:
        raise ValueError(
            f"with a0 = {a0:g} target + halfwidth must stay under {expit(a0):.4f}: raise a0"
        )
    ratio = (logit(target + halfwidth) - a0) / (logit(target - halfwidth) - a0)
    return _apart(tuple(expit(a0 + (logit(target) - a0) * ratio**step) for step in steps))


def _apart(values: tuple[float, ...]) -> tuple[float, ...]:
    """The values, if floating point can tell them from 0, from 1 and from one another."""
    if not all(low < high for low, high in pairwise((0.0, *values, 1.0))):
        raise ValueError("the interval is too wide for so many levels: lower halfwidth")
    return values
