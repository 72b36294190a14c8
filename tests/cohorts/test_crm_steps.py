"""A CRM in bulk decides as the CRM asked alone, at every set of counts, reachable or not."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from cohorts.count_layers import ENDED_WITH, Cohorts
from cohorts.crm_steps import CrmSteps
from cohorts.designs.crm import Crm
from cohorts.designs.design import History, LevelHistory

SMALL: list[dict[str, Any]] = [
    {},
    {"estimate": "posterior_mean", "model": "logistic"},
    {"no_skip": False, "coherent": False, "stop_above": 0.85},
]


@pytest.mark.parametrize("given", SMALL, ids=range(len(SMALL)))
def test_in_bulk_a_crm_decides_as_recommend_does_at_every_set_of_counts(
    given: dict[str, Any],
) -> None:
    """All counts of three levels with up to four subjects each, also those no trial would reach."""
    design = Crm(skeleton=(0.1, 0.25, 0.4), target=0.25, max_subjects=11, max_per_level=4, **given)
    pairs = [(n, t) for n in range(5) for t in range(n + 1)]
    rows = [
        (counts, level, new)
        for counts in product(pairs, repeat=3)
        for level in range(3)
        for new in (0, counts[level][1])
        if counts[level][0] and sum(n for n, _ in counts) <= 11
    ]
    evaluable = np.array([[n for n, _ in counts] for counts, _, _ in rows])
    dlts = np.array([[t for _, t in counts] for counts, _, _ in rows])
    level = np.array([level for _, level, _ in rows])
    cohorts = Cohorts(
        level, np.minimum(3, evaluable.max(axis=1)), np.array([n for _, _, n in rows])
    )
    found = CrmSteps(design).after(evaluable, dlts, cohorts)
    for (counts, current, new), following in zip(rows, found.tolist(), strict=True):
        levels = [LevelHistory(evaluable=n, dlts=t, target=n, dlts_before=t) for n, t in counts]
        n, t = counts[current]
        levels[current] = LevelHistory(evaluable=n, dlts=t, target=n, dlts_before=t - new)
        advice = design.recommend(History(tuple(levels), current))
        assert advice is not None
        if advice.kind in ("mtd", "no_tolerable_dose"):
            assert following == ENDED_WITH - (0 if advice.level is None else advice.level + 1)
        else:
            assert following == advice.level
