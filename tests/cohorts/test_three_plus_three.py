"""The 3+3 where published tables are silent: 4, 5 and 7 subjects, the waiting, the levels below.

Tables, paths of whole cohorts and exact characteristics are in tests/oracles.
"""

from fractions import Fraction
from itertools import product
from typing import get_args

import pytest

from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.three_plus_three import (
    FEWEST_AT_MTD,
    ThreePlusThree,
    Variant,
    exceeded,
    places,
    recommend,
)
from cohorts.levels import LevelCounts

VARIANTS: tuple[Variant, ...] = get_args(Variant)


def at(*counts: tuple[int, int]) -> tuple[LevelCounts, ...]:
    """Levels from the lowest up, each as (evaluable, DLTs), nobody pending."""
    return tuple(LevelCounts(evaluable, dlts) for evaluable, dlts in counts)


# --- between three and six, and beyond -----------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "target", "advice"),
    [
        (at((4, 0), (0, 0)), 3, Recommendation("escalate", 1)),
        (at((5, 0), (0, 0)), 3, Recommendation("escalate", 1)),
        (at((4, 1), (0, 0)), 3, Recommendation("expand", 0, 6)),
        (at((5, 1), (0, 0)), 3, Recommendation("expand", 0, 6)),
        (at((4, 1), (0, 0)), 6, None),
        (at((5, 0), (0, 0)), 6, None),
        (at((3, 0), (0, 0)), 6, None),
        (at((7, 1), (0, 0)), 6, Recommendation("escalate", 1)),
        (at((7, 0), (3, 2)), 6, Recommendation("mtd", 0)),
        (at((7, 2), (0, 0)), 6, Recommendation("no_tolerable_dose", None)),
        (at((2, 0), (0, 0)), 3, None),
        (at((2, 1), (0, 0)), 3, None),
        (at((2, 2), (0, 0)), 3, Recommendation("no_tolerable_dose", None)),
    ],
    ids=str,
)
@pytest.mark.parametrize("variant", VARIANTS)
def test_four_five_and_seven_are_decided_too(
    variant: Variant, levels: tuple[LevelCounts, ...], target: int, advice: Recommendation | None
) -> None:
    assert recommend(variant, levels, 0, target) == advice


@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize(
    ("variant", "top", "under_a_failed_one"),
    [("A", "mtd", "mtd"), ("B", "mtd", "expand"), ("C", "expand", "expand")],
)
def test_without_a_level_to_go_up_to_the_variants_differ(
    variant: Variant, top: str, under_a_failed_one: str, n: int
) -> None:
    for levels, current, kind in (
        (at((3, 0), (n, 0)), 1, top),
        (at((n, 0), (3, 2)), 0, under_a_failed_one),
    ):
        target = 6 if kind == "expand" else None
        assert recommend(variant, levels, current) == Recommendation(kind, current, target)  # type: ignore[arg-type]


def test_two_dlts_stop_a_level_at_once_whatever_is_pending() -> None:
    levels = (LevelCounts(3, 0), LevelCounts(evaluable=2, dlts=2, pending=3, reserved=1))
    assert recommend("A", levels, 1) == Recommendation("mtd", 0)
    assert recommend("B", levels, 1) == Recommendation("de_escalate", 0)
    assert recommend("C", levels, 1, target=6) == Recommendation("de_escalate", 0)


@pytest.mark.parametrize(
    "waiting", [LevelCounts(3, 0, pending=1), LevelCounts(6, 1, 0, 1), LevelCounts(5, 1, 1)]
)
@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_recommended_while_somebody_is_pending_or_reserved(
    variant: Variant, waiting: LevelCounts
) -> None:
    assert recommend(variant, (waiting, LevelCounts()), 0) is None


def test_a_level_below_the_start_that_nobody_took_is_no_mtd() -> None:
    """Scenario S12 (b): two DLTs at L1 before anybody was at Lm1."""
    levels = (LevelCounts(), LevelCounts(2, 2, pending=1), LevelCounts())
    for variant in VARIANTS:
        assert recommend(variant, levels, 1) == Recommendation("de_escalate", 0)
    came_down = (LevelCounts(3, 0), LevelCounts(3, 2), LevelCounts())
    assert recommend("A", came_down, 0) == Recommendation("mtd", 0)
    assert recommend("B", came_down, 0) == Recommendation("expand", 0, 6)
    assert recommend("C", came_down, 0) == Recommendation("expand", 0, 6)
    both = (LevelCounts(3, 2), LevelCounts(3, 2), LevelCounts())
    assert recommend("A", both, 0) == Recommendation("no_tolerable_dose", None)


def test_a_lower_level_exceeded_by_a_late_dlt_exceeds_those_above() -> None:
    levels = at((6, 0), (6, 2), (3, 0))
    assert [exceeded(levels, k) for k in range(3)] == [False, True, True]
    for variant in VARIANTS:
        assert recommend(variant, levels, 2) == Recommendation("mtd", 0)


def test_de_escalation_passes_over_every_exceeded_level() -> None:
    assert recommend("B", at((3, 0), (3, 2), (3, 2)), 2) == Recommendation("de_escalate", 0)
    assert recommend("A", at((3, 0), (3, 2), (3, 2)), 2) == Recommendation("mtd", 0)


def test_places_are_what_the_target_leaves_and_never_negative() -> None:
    assert places(LevelCounts(), 3) == 3
    assert places(LevelCounts(evaluable=1, dlts=1, pending=1, reserved=1), 3) == 0
    assert places(LevelCounts(evaluable=3, dlts=1, pending=1), 6) == 2
    assert places(LevelCounts(evaluable=1, pending=1, reserved=2), 3) == 0


def every_small_history() -> list[tuple[LevelCounts, ...]]:
    counts = [LevelCounts(n, t) for n in range(8) for t in range(min(n, 2) + 1)]
    return list(product(counts, counts))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_fewest_at_an_mtd_are_as_stated(variant: Variant) -> None:
    """What the check of `rp2d_min_evaluable` rests on: all histories of two levels up to seven."""
    ends = []
    for levels, current, target in product(every_small_history(), (0, 1), (3, 6)):
        advice = recommend(variant, levels, current, target)
        if advice is not None and advice.kind == "mtd":
            assert advice.level is not None
            ends.append(levels[advice.level].evaluable)
    assert min(ends) == FEWEST_AT_MTD[variant] == {"A": 3, "B": 3, "C": 6}[variant]


# --- why, in one sentence ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "current", "sentence"),
    [
        (at((3, 0), (0, 0)), 0, "0 DLTs in 3, fewer than six evaluable: escalate"),
        (at((3, 1), (0, 0)), 0, "1 DLT in 3, fewer than six evaluable: 3 more here"),
        (at((5, 1), (0, 0)), 0, "1 DLT in 5, fewer than six evaluable: 1 more here"),
        (at((6, 1), (3, 2)), 0, "1 DLT in 6, at most 1 in 6 or more: the end, MTD is L1"),
        (
            at((3, 0), (3, 2)),
            1,
            "2 DLTs in 3; two or more DLTs here exceed the level: go down to L1",
        ),
        (
            at((6, 0), (6, 2)),
            1,
            "2 DLTs in 6; two or more DLTs here exceed the level: the end, MTD is L1",
        ),
        (
            at((3, 2), (1, 0)),
            1,
            "0 DLTs in 1; two or more DLTs at a lower level exceed the level: "
            "stop, no tolerable dose",
        ),
        (at((2, 0), (0, 0)), 0, "0 DLTs in 2: enrol up to 3"),
    ],
)
def test_it_says_why_in_one_sentence(
    levels: tuple[LevelCounts, ...], current: int, sentence: str
) -> None:
    counts = [LevelHistory(evaluable=one.evaluable, dlts=one.dlts, target=3) for one in levels]
    history = History(tuple(counts), current, names=("L1", "L2"))
    assert ThreePlusThree("C").explain(history) == sentence


def test_it_says_for_how_many_it_waits() -> None:
    here = LevelHistory(evaluable=2, pending=(Fraction(0),), reserved=1, target=6)
    said = ThreePlusThree("C").explain(History((here, LevelHistory()), 0))
    assert said == "0 DLTs in 2, and 2 still open: wait"
