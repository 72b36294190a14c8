"""Exact characteristics by counts against the design itself, asked in every reachable state."""

from collections import defaultdict
from fractions import Fraction
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from cohorts.count_layers import endings, packed
from cohorts.crm_steps import CrmSteps
from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.design import Design, LevelHistory
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.isotonic import TIE, fitted
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.three_plus_three import ThreePlusThree, Variant
from cohorts.designs.tite_crm import TiteCrm
from cohorts.exact_characteristics import (
    characteristics_of,
    exact_characteristics,
    exactly_computable,
    steps_of,
)
from cohorts.exact_selection import closest_doses
from tests.cohorts.conduct import begin, layers

FIVE = (0.05, 0.12, 0.25, 0.40, 0.55)


def boin(**given: Any) -> Boin:
    return Boin(**{"target": Fraction(1, 4), "max_subjects": 18, "max_per_level": 18} | given)


def crm(*skeleton: float, **given: Any) -> Crm:
    usual: dict[str, Any] = {"target": 0.25, "max_subjects": 18, "max_per_level": 18}
    return Crm(skeleton=skeleton, **usual | given)


LIMITS: Any = {"target": Fraction(1, 4), "max_subjects": 18, "max_per_level": 12}
SETTINGS: list[tuple[ThreePlusThree | ByCounts | Crm, tuple[float, ...], int]] = [
    *((ThreePlusThree(variant), FIVE, start) for variant in get_args(Variant) for start in (0, 2)),
    (boin(max_subjects=24, max_per_level=24), FIVE, 0),
    (boin(), (0.1, 0.3, 0.5), 1),
    (boin(max_per_level=9), (0.2, 0.3, 0.35, 0.4), 0),
    (boin(max_subjects=20, max_per_level=7), (0.3, 0.3, 0.5), 2),
    (boin(cohort_size=1, max_subjects=9, max_per_level=6), (0.2, 0.4, 0.6), 0),
    (boin(cohort_size=2, max_subjects=13, max_per_level=9), (0.2, 0.4, 0.6), 0),
    (boin(target=Fraction(3, 10), extra_safe=True), (0.4, 0.45, 0.6), 0),
    (boin(bound_mtd=True), (0.1, 0.3, 0.5), 0),
    (boin(), (0.0, 1.0, 1.0), 0),
    (boin(), (0.3,), 0),
    (MTpi(**LIMITS), (0.1, 0.3, 0.5), 0),
    (MTpi2(**LIMITS, elimination_min_evaluable=2), (0.1, 0.3, 0.5), 1),
    (Keyboard(**LIMITS), (0.05, 0.1, 0.2, 0.3), 0),
    (I3Plus3(**LIMITS, cohort_size=2), (0.1, 0.3, 0.5), 0),
    (crm(0.05, 0.12, 0.25, 0.40, 0.55), FIVE, 0),
    (crm(0.1, 0.25, 0.4, coherent=False, estimate="posterior_mean"), (0.1, 0.3, 0.5), 1),
    (crm(0.1, 0.25, 0.4, no_skip=False, coherent=False, max_per_level=9), (0.1, 0.3, 0.5), 0),
    (crm(0.1, 0.25, 0.4, model="logistic", stop_above=0.9), (0.3, 0.4, 0.5), 0),
    (crm(0.1, 0.25, 0.4, cohort_size=1, max_subjects=8, max_per_level=6), (0.3, 0.4, 0.5), 0),
    (crm(0.1, 0.25, 0.4, cohort_size=2, max_subjects=11, max_per_level=9), (0.1, 0.9, 1.0), 0),
]


@pytest.mark.parametrize(("design", "truth", "start"), SETTINGS, ids=range(len(SETTINGS)))
def test_the_exact_characteristics_are_those_of_the_design_asked_in_every_state(
    design: ThreePlusThree | ByCounts | Crm, truth: tuple[float, ...], start: int
) -> None:
    select, subjects = [0.0] * (len(truth) + 1), [0.0] * len(truth)
    ends: dict[tuple[tuple[int, int], ...], float] = defaultdict(float)
    states, overdosing = 0, 0.0
    for layer in layers(begin(design, len(truth), start), truth):
        for state, chance in layer:
            if state.ended is None:
                states += 1
                subjects[state.current] += chance * design.places(state.history)
                continue
            ends[state.counts] += chance
            select[state.selected] += chance
            above = sum(n for (n, _), p in zip(state.counts, truth, strict=True) if p > 0.25)
            treated = sum(n for n, _ in state.counts)
            planned = treated if isinstance(design, ThreePlusThree) else design.max_subjects
            overdosing += chance * (5 * above > 3 * planned)

    found = endings(steps_of(design, len(truth)), truth, start)
    assert found.states == states
    by_counts: dict[tuple[tuple[int, int], ...], float] = defaultdict(float)
    for n, t, chance in zip(found.evaluable, found.dlts, found.chances, strict=True):
        by_counts[tuple(zip(n.tolist(), t.tolist(), strict=True))] += float(chance)
    assert by_counts == pytest.approx(ends, abs=1e-12)

    exact = exact_characteristics(design, truth, 0.25, start)
    assert exact.select == pytest.approx(select, abs=1e-12)
    assert exact.subjects == pytest.approx(subjects, abs=1e-12)
    assert exact.dlts == pytest.approx([n * p for n, p in zip(subjects, truth, strict=True)])
    assert exact.overdosing == pytest.approx(overdosing, abs=1e-12)
    assert exact.stopped_early == exact.select[0]
    assert sum(exact.select) == pytest.approx(1)


def test_a_final_rule_of_another_kind_is_asked_ending_by_ending() -> None:
    class Cautious(Boin):
        """Selects the lowest level, and says nothing of isotonic regression."""

        @property
        def isotonic_rule(self) -> Any:
            return None

        def select_mtd(self, levels: Any) -> int | None:
            return None if self.eliminated(levels, 0) else 0

    design = Cautious(target=Fraction(1, 4), max_subjects=12, max_per_level=12)
    plain = exact_characteristics(boin(max_subjects=12, max_per_level=12), FIVE, 0.25)
    cautious = exact_characteristics(design, FIVE, 0.25)
    assert cautious.select == pytest.approx((plain.select[0], 1 - plain.select[0], 0, 0, 0, 0))
    assert cautious.subjects == plain.subjects


@pytest.mark.parametrize("bound_mtd", [False, True])
@pytest.mark.parametrize("target", [Fraction(1, 4), Fraction(3, 10), Fraction(1, 2)])
def test_the_fast_selection_is_that_of_one_trial_for_all_counts_of_three_levels(
    target: Fraction, bound_mtd: bool
) -> None:
    """Among them counts of which two levels are equally close, and untried levels in between."""
    design = boin(target=target, bound_mtd=bound_mtd)
    pairs = [(n, t) for n in (0, 2, 3, 6) for t in range(n + 1)]
    rows = list(product(pairs, repeat=3))
    counts = np.array(rows)
    histories = [[LevelHistory(n, t) for n, t in row] for row in rows]
    lowest = [design.lowest_eliminated(levels) for levels in histories]
    allowed = np.array([[k < (3 if out is None else out) for k in range(3)] for out in lowest])
    bound = design.lambda_d if bound_mtd else None
    fast = closest_doses(counts[:, :, 0], counts[:, :, 1], allowed, target, 3, bound)
    slow = [design.select_mtd(levels) for levels in histories]
    wrong = [
        row
        for row, (found, expected, doubt) in enumerate(
            zip(fast.dose, slow, fast.doubtful, strict=True)
        )
        if found != (0 if expected is None else expected + 1) and not doubt
    ]
    assert wrong == []
    assert fast.doubtful.sum() < len(rows) / 100


def test_an_estimate_at_the_bound_is_left_to_rationals() -> None:
    counts = np.array([[6, 3]]), np.array([[3, 1]])
    allowed = np.ones((1, 2), np.bool_)
    pooled = fitted([(6, 3), (3, 1)])[0]
    at_the_bound = closest_doses(*counts, allowed, Fraction(1, 4), 3, pooled + 2 * TIE)
    assert at_the_bound.doubtful.tolist() == [True]
    beside = closest_doses(*counts, allowed, Fraction(1, 4), 3, pooled + 3 * TIE)
    assert (beside.dose.tolist(), beside.doubtful.tolist()) == ([1], [False])


@pytest.mark.parametrize("levels", [1, 2, 5, 6, 7, 12])
def test_packed_states_differ_where_the_states_do(levels: int) -> None:
    random = np.random.default_rng(levels)
    evaluable = random.integers(0, 31, (2000, levels))
    dlts = random.integers(0, evaluable + 1)
    further = random.integers(0, levels, 2000)
    keys = packed(evaluable, dlts, 30, further, levels)
    whole = np.concatenate([evaluable, dlts, further[:, None]], axis=1)
    assert len(np.unique(keys, axis=0)) == len(np.unique(whole, axis=0))


def test_more_levels_than_fit_into_one_number_change_nothing() -> None:
    """Nine levels of thirty subjects take two words; the last are never reached."""
    few = exact_characteristics(boin(), (0.1, 0.3, 0.9), 0.25)
    many = exact_characteristics(boin(), (0.1, 0.3, 0.9, *[1.0] * 9), 0.25)
    assert many.subjects[:2] == pytest.approx(few.subjects[:2], rel=0.02)
    assert sum(many.select) == pytest.approx(1)


def test_the_three_plus_three_is_taken_from_its_closed_form() -> None:
    found = exact_characteristics(ThreePlusThree("B"), (0.25, 0.35, 0.50), 0.3)
    assert found.select == pytest.approx((0.444155, 0.356467, 0.158504, 0.040874), abs=5e-7)


def test_what_a_crm_would_treat_next_may_be_selected_untried_if_that_is_asked_for() -> None:
    """After six without a DLT at the lowest level of which only six are taken."""
    design = crm(0.1, 0.25, 0.4, max_subjects=3, max_per_level=3)
    live = exact_characteristics(design, (0.0, 0.3, 0.5), 0.25)
    assert live.select == (0.0, 1.0, 0.0, 0.0)
    published = characteristics_of(CrmSteps(design, untried_too=True), (0.0, 0.3, 0.5), 0.25)
    assert published.select == (0.0, 0.0, 1.0, 0.0)
    assert published.subjects == live.subjects == (3.0, 0.0, 0.0)


TITE = TiteCrm(skeleton=(0.1, 0.25, 0.4), target=0.25, max_subjects=18, max_per_level=18)


@pytest.mark.parametrize("design", [TITE, RollingSix()], ids=lambda design: str(design.name))
def test_a_design_that_reads_open_windows_is_refused(design: Design) -> None:
    assert not exactly_computable(design)
    with pytest.raises(ValueError, match=f"{design.name} depends on when outcomes come"):
        exact_characteristics(design, (0.1, 0.2, 0.3), 0.25)


@pytest.mark.parametrize(
    ("design", "start", "said"),
    [
        (boin(), -1, "cannot start at level 0 of 3"),
        (boin(), 3, "cannot start at level 4 of 3"),
        (crm(0.1, 0.2), 0, "the skeleton has 2 levels, not 3"),
    ],
)
def test_what_cannot_be_computed_is_refused(design: Design, start: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        exact_characteristics(design, (0.1, 0.2, 0.3), 0.25, start)


def test_a_trial_with_too_many_outcomes_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cohorts.count_layers.MOST_OUTCOMES", 100)
    assert exact_characteristics(boin(max_subjects=6, max_per_level=6), FIVE, 0.25)
    with pytest.raises(ValueError, match="more than 100 outcomes of one cohort"):
        exact_characteristics(boin(), FIVE, 0.25)
