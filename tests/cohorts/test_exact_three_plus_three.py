"""The exact 3+3, and many at once, against walks of the design itself."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.designs.three_plus_three import Variant
from cohorts.exact_three_plus_three import (
    exact_three_plus_three,
    law_of_dlts,
    law_of_subjects,
)
from cohorts.many_trials import three_plus_three_trials
from tests.cohorts.walk import Walk, after_cohort, start

VARIANTS: tuple[Variant, ...] = get_args(Variant)
truths = st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=1, max_size=3)
SIX_DOSES = (0.05, 0.10, 0.20, 0.30, 0.45, 0.60)


def endings(walk: Walk, truth: list[Fraction], chance: Fraction) -> Iterator[tuple[Walk, Fraction]]:
    """Every end of a trial with its probability, by walking the design."""
    if walk.ended is not None or not chance:
        yield walk, chance
        return
    p = truth[walk.current]
    for dlts, ways in enumerate((1, 3, 3, 1)):
        share = chance * ways * p**dlts * (1 - p) ** (3 - dlts)
        yield from endings(after_cohort(walk, dlts), truth, share)


def selected(walk: Walk) -> int:
    assert walk.ended is not None
    return 0 if walk.ended.level is None else walk.ended.level + 1


@settings(deadline=None)
@given(truth=truths, variant=st.sampled_from(VARIANTS), target=st.sampled_from([0.2, 0.3]))
def test_the_closed_form_equals_the_walk_over_all_outcomes(
    truth: list[float], variant: Variant, target: float
) -> None:
    chances: dict[int, Fraction] = defaultdict(Fraction)
    subjects, dlts = [Fraction(0)] * len(truth), [Fraction(0)] * len(truth)
    sums: dict[int, Fraction] = defaultdict(Fraction)
    toxicities: dict[int, Fraction] = defaultdict(Fraction)
    overdosing = Fraction(0)
    for walk, chance in endings(
        start(variant, len(truth)), [Fraction(str(p)) for p in truth], Fraction(1)
    ):
        if not chance:
            continue
        chances[selected(walk)] += chance
        treated = [level.evaluable for level in walk.levels]
        sums[sum(treated)] += chance
        toxicities[sum(level.dlts for level in walk.levels)] += chance
        above = sum(n for n, p in zip(treated, truth, strict=True) if p > target)
        overdosing += chance * (Fraction(above, sum(treated)) > Fraction(3, 5))
        for dose, level in enumerate(walk.levels):
            subjects[dose] += chance * level.evaluable
            dlts[dose] += chance * level.dlts

    exact = exact_three_plus_three(variant, truth, target)
    expected = [float(chances[dose]) for dose in range(len(truth) + 1)]
    assert exact.select == pytest.approx(expected, abs=1e-12)
    assert exact.subjects == pytest.approx([float(n) for n in subjects], abs=1e-12)
    assert exact.dlts == pytest.approx([float(t) for t in dlts], abs=1e-12)
    assert exact.overdosing == pytest.approx(float(overdosing), abs=1e-12)
    assert exact.stopped_early == exact.select[0]
    for law, counted in (
        (law_of_subjects(variant, truth), sums),
        (law_of_dlts(variant, truth), toxicities),
    ):
        assert max(counted) < len(law)
        named = [float(counted[number]) for number in range(len(law))]
        assert law.tolist() == pytest.approx(named, abs=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_many_trials_at_once_are_each_the_trial_of_the_design(variant: Variant) -> None:
    """Every outcome of two cohorts at each of two doses, and chosen ones of six doses."""
    two_doses = np.array(list(product(range(4), repeat=4)))
    drawn = np.random.default_rng(20260828).binomial(3, SIX_DOSES, (2, 300, 6))
    for first, second in ((two_doses[:, :2], two_doses[:, 2:]), (drawn[0], drawn[1])):
        trials = three_plus_three_trials(variant, first, second)
        for row in range(len(first)):
            walk = start(variant, first.shape[1])
            while walk.ended is None:
                cohort = (second if walk.levels[walk.current].evaluable else first)[row]
                walk = after_cohort(walk, int(cohort[walk.current]))
            assert trials.selected[row] == selected(walk)
            assert trials.subjects[row].tolist() == [level.evaluable for level in walk.levels]
            assert trials.dlts[row].tolist() == [level.dlts for level in walk.levels]


@pytest.mark.parametrize("variant", VARIANTS)
def test_simulated_trials_agree_with_the_exact_law_within_sampling_error(variant: Variant) -> None:
    trials = 40_000
    first, second = np.random.default_rng(7).binomial(3, SIX_DOSES, (2, trials, 6))
    seen = three_plus_three_trials(variant, first, second).characteristics(SIX_DOSES, 0.25)
    exact = exact_three_plus_three(variant, SIX_DOSES, 0.25)
    for found, chance in [
        *zip(seen.select, exact.select, strict=True),
        (seen.overdosing, exact.overdosing),
        (seen.select_above, exact.select_above),
    ]:
        assert abs(found - chance) <= 4 * (chance * (1 - chance) / trials) ** 0.5
    numbers = np.arange(len(law_of_subjects(variant, SIX_DOSES)))
    law = law_of_subjects(variant, SIX_DOSES)
    spread = float(law @ numbers**2 - (law @ numbers) ** 2) ** 0.5
    assert exact.subjects_in_all == pytest.approx(float(law @ numbers))
    assert abs(seen.subjects_in_all - exact.subjects_in_all) <= 4 * spread / trials**0.5


@pytest.mark.parametrize("truth", [[], [0.1, 1.2], [-0.1], [float("nan")]])
def test_a_truth_that_is_none_is_refused(truth: list[float]) -> None:
    with pytest.raises(ValueError, match=r"truth needs at least one|from 0 to 1"):
        exact_three_plus_three("A", truth, 0.3)
