"""Many trials at once: each is the one that the design itself conducts, together the exact law."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cohorts.characteristics import Characteristics
from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.exact_characteristics import exact_characteristics, steps_of
from cohorts.many_trials import trials_by_counts
from tests.cohorts.conduct import after_cohort, begin

TRUTH = (0.05, 0.12, 0.25, 0.40, 0.55)
SIZES: Any = {"max_subjects": 21, "max_per_level": 12}
BY_COUNTS: Any = {"target": Fraction(1, 4), **SIZES}
TABLE = ((3, "ESDU"), (6, "EESDUUU"), (9, "EEESDDUUUU"), (12, "EEESSDDUUUUUU"))
DESIGNS: dict[str, ThreePlusThree | ByCounts | Crm] = {
    "3+3 A": ThreePlusThree("A"),
    "3+3 B": ThreePlusThree("B"),
    "3+3 C": ThreePlusThree("C"),
    "BOIN": Boin(**BY_COUNTS),
    "BOIN, four at a time": Boin(cohort_size=4, extra_safe=True, bound_mtd=True, **BY_COUNTS),
    "mTPI": MTpi(**BY_COUNTS),
    "mTPI-2": MTpi2(**BY_COUNTS),
    "keyboard": Keyboard(**BY_COUNTS),
    "i3+3": I3Plus3(**BY_COUNTS),
    "decision table": DecisionTable(rows=TABLE, final="highest_tolerated", **SIZES),
    "CRM": Crm(skeleton=TRUTH, target=0.25, **SIZES),
    "CRM, posterior mean": Crm(
        skeleton=TRUTH,
        target=0.25,
        model="logistic",
        estimate="posterior_mean",
        coherent=False,
        stop_above=0.9,
        **SIZES,
    ),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_each_of_many_trials_is_the_one_that_the_design_conducts(name: str) -> None:
    design, trials = DESIGNS[name], 60
    uniforms = np.random.default_rng(11).random((trials, 30))
    found = trials_by_counts(steps_of(design, 5), uniforms, TRUTH, start=1)
    for row in range(trials):
        state, treated = begin(design, 5, start=1), 0
        while state.ended is None:
            size = design.places(state.history)
            cohort = uniforms[row, treated : treated + size]
            treated += size
            state = after_cohort(state, int((cohort < TRUTH[state.current]).sum()))
        assert found.selected[row] == state.selected
        assert found.subjects[row].tolist() == [level.evaluable for level in state.levels]
        assert found.dlts[row].tolist() == [level.dlts for level in state.levels]


@pytest.mark.parametrize("name", DESIGNS)
def test_many_trials_agree_with_the_exact_law_within_sampling_error(name: str) -> None:
    design, trials = DESIGNS[name], 4000
    uniforms = np.random.default_rng(20260828).random((trials, 30))
    many = trials_by_counts(steps_of(design, 5), uniforms, TRUTH)
    found = many.characteristics(TRUTH, 0.25)
    exact = exact_characteristics(design, TRUTH, 0.25)
    for seen, chance in chances(found, exact):
        assert abs(seen - chance) <= 4 * (chance * (1 - chance) / trials) ** 0.5 + 1e-12
    for means, law, each in (
        (found.subjects, exact.subjects, many.subjects),
        (found.dlts, exact.dlts, many.dlts),
    ):
        errors = each.std(axis=0) / trials**0.5
        assert (np.abs(np.array(means) - np.array(law)) <= 4 * errors).all()


def chances(found: Characteristics, exact: Characteristics) -> list[tuple[float, float]]:
    """Pairs of a share that was seen and its probability."""
    return [
        *zip(found.select, exact.select, strict=True),
        (found.overdosing, exact.overdosing),
        (found.select_above, exact.select_above),
        (found.stopped_early, exact.stopped_early),
    ]
