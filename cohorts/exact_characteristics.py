"""Operating characteristics computed exactly, with no trial simulated, where a design allows it.

The 3+3 has a closed form. Designs that decide after whole cohorts from counts alone are followed
through every reachable set of counts (dynamic programming), with the decisions of the very object
that runs the live trial. Where time matters (windows, arrivals) there is only simulation.
"""

from collections.abc import Sequence

import numpy as np

from cohorts.characteristics import OVERDOSED_ABOVE, Characteristics, checked_truth
from cohorts.count_layers import Endings, Steps, endings
from cohorts.count_steps import CountSteps
from cohorts.crm_steps import CrmSteps
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.design import Design
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.exact_three_plus_three import exact_three_plus_three
from cohorts.three_plus_three_steps import ThreePlusThreeSteps


def exact_characteristics(
    design: Design, truth: Sequence[float], target: float, start: int = 0
) -> Characteristics:
    """The operating characteristics of a trial in whole cohorts, each followed to its end.

    `target` says which doses count as over-dosing; `start` is the index of the first level. Raises
    ValueError for a truth that is none or does not fit the design, for a start that is no level,
    for a design for which there is no exact way (`exactly_computable` says so before), and for a
    trial with too many outcomes to follow.
    """
    truth = checked_truth(truth)
    if not 0 <= start < len(truth):
        raise ValueError(f"the trial cannot start at level {start + 1} of {len(truth)}")
    if isinstance(design, ThreePlusThree) and start == 0:
        return exact_three_plus_three(design.variant, truth, target)
    return characteristics_of(steps_of(design, len(truth)), truth, target, start)


def exactly_computable(design: Design) -> bool:
    """It decides from counts alone, after whole cohorts."""
    return isinstance(design, ThreePlusThree | ByCounts | Crm) and not design.reads_follow_up


def steps_of(design: Design, levels: int) -> Steps:
    """What a design does after whole cohorts. Raises ValueError if that does not say it all."""
    if isinstance(design, ThreePlusThree):
        return ThreePlusThreeSteps(design.variant, levels)
    if isinstance(design, ByCounts):
        return CountSteps(design, levels)
    if isinstance(design, Crm) and exactly_computable(design):
        if len(design.skeleton) != levels:
            raise ValueError(f"the skeleton has {len(design.skeleton)} levels, not {levels}")
        return CrmSteps(design)
    raise ValueError(f"{design.name} depends on when outcomes come: simulate it")


def characteristics_of(
    steps: Steps, truth: tuple[float, ...], target: float, start: int = 0
) -> Characteristics:
    """The characteristics of any steps, followed through every reachable set of counts."""
    found = endings(steps, truth, start)
    return Characteristics(
        truth=truth,
        target=target,
        select=tuple(_by_dose(found, len(truth))),
        subjects=tuple(found.subjects.tolist()),
        dlts=tuple((found.subjects * np.array(truth)).tolist()),
        overdosing=_overdosing(found, steps.planned, truth, target),
    )


def _by_dose(found: Endings, levels: int) -> list[float]:
    select = np.zeros(levels + 1)
    np.add.at(select, found.selected, found.chances)
    return [float(chance) for chance in select]


def _overdosing(
    found: Endings, planned: int | None, truth: tuple[float, ...], target: float
) -> float:
    above = found.evaluable[:, [p > target for p in truth]].sum(axis=1)
    of = found.evaluable.sum(axis=1) if planned is None else planned
    overdosed = above * OVERDOSED_ABOVE.denominator > of * OVERDOSED_ABOVE.numerator
    return float(found.chances[overdosed].sum())
