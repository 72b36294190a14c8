"""The 3+3 against published tables, every path of whole cohorts, and the cases between 3 and 6."""

import csv
import json
from collections import Counter
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from cohorts.designs.design import Recommendation
from cohorts.designs.three_plus_three import (
    FEWEST_AT_MTD,
    Variant,
    exceeded,
    places,
    recommend,
)
from cohorts.levels import LevelCounts
from tests.cohorts.walk import Walk, after_cohort, complete_paths, start

DATA = Path(__file__).parents[1] / "oracles" / "data"
VARIANTS: tuple[Variant, ...] = get_args(Variant)


def oracle(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((DATA / name).read_text("utf-8"))["cases"]
    return cases


def at(*counts: tuple[int, int]) -> tuple[LevelCounts, ...]:
    """Levels from the lowest up, each as (evaluable, DLTs), nobody pending."""
    return tuple(LevelCounts(evaluable, dlts) for evaluable, dlts in counts)


# --- oracles -------------------------------------------------------------------------------------

UNTOUCHED, FAILED = (0, 0), (3, 2)
HISTORIES = {  # Context of the table -> what lies (below, above), for one level below or none.
    "next dose open": ((), (UNTOUCHED,)),
    "top dose": ((), ()),
    "next dose already failed": ((), (FAILED,)),
    "came back down": ((), (FAILED,)),
    "dose 1": ((), (UNTOUCHED,)),
}


def histories(context: str) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The levels (below, above) in which a row of the table applies."""
    if context == "any":
        return [((), ()), ((), (UNTOUCHED,)), ((), (FAILED,)), (((3, 0),), (UNTOUCHED,))]
    if context == "dose>1":
        return [(((6, 1),), ()), (((3, 0),), (UNTOUCHED,)), (((6, 0),), (FAILED,))]
    if context == "top dose or next dose already failed":
        return [HISTORIES["top dose"], HISTORIES["next dose already failed"]]
    return [HISTORIES[context]]


def expected(cell: str, variant: Variant, current: int, below: int) -> Recommendation:
    """What a cell of the table says; `below` is the number evaluable one level down."""
    if cell == "STOP MTD=this (C: EXPAND +3)":
        cell = "EXPAND +3" if variant == "C" else "STOP MTD=this"
    if cell == "DE-ESCALATE (if dose-1 has 6: STOP MTD=dose-1)":
        cell = "STOP MTD=dose-1" if below >= 6 else "DE-ESCALATE"
    return {
        "ESCALATE": Recommendation("escalate", current + 1),
        "STOP MTD=this": Recommendation("mtd", current),
        "STOP MTD=dose-1": Recommendation("mtd", current - 1),
        "DE-ESCALATE": Recommendation("de_escalate", current - 1),
        "STOP no MTD": Recommendation("no_tolerable_dose", None),
        "EXPAND +3": Recommendation("expand", current, 6),
        "EXPAND +3 (needs 6 at MTD)": Recommendation("expand", current, 6),
    }[cell]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_row_of_the_decision_table_is_followed(variant: Variant) -> None:
    rows = list(csv.DictReader((DATA / "tpt_decision_table.csv").open(encoding="utf-8")))
    assert len(rows) == 13
    for row in rows:
        cell = row["variant_A" if variant == "A" else "variant_B_and_C"]
        if cell == "n/a":
            continue
        n = int(row["n_at_dose"])
        dlts = [2, 3, 4] if row["dlt_at_dose"] == ">=2" else [int(row["dlt_at_dose"])]
        for t, (below, above) in product(dlts, histories(row["context"])):
            levels = at(*below, (n, t), *above)
            current = len(below)
            under = levels[current - 1].evaluable if below else 0
            advice = recommend(variant, levels, current, 6 if n == 6 else 3)
            assert advice == expected(cell, variant, current, under), (row, levels)


def test_every_path_of_whole_cohorts_leads_where_the_oracle_says() -> None:
    cases = oracle("tpt_paths.json")
    assert len(cases) == 180
    for case in cases:
        walk = start(case["variant"], case["num_doses"])
        for cohort in case["outcomes"].split():
            assert walk.ended is None, case
            assert walk.current == int(cohort[0]) - 1, case
            walk = after_cohort(walk, cohort.count("T"))
        assert (walk.ended is None) == case["continue"], case
        level = walk.current if walk.ended is None else walk.ended.level
        assert level == (None if case["next_dose"] is None else case["next_dose"] - 1), case


@pytest.mark.parametrize("case", oracle("tpt_path_counts.json"), ids=lambda c: str(c))
def test_there_are_as_many_complete_paths_as_published(case: dict[str, Any]) -> None:
    walk = start(case["variant"], case["num_doses"])
    assert sum(1 for _ in complete_paths(walk)) == case["complete_paths"]


def chosen(walk: Walk, truth: list[Fraction], chance: Fraction) -> Counter[int]:
    """Probability of each MTD, doses counted from 1; 0 is no tolerable dose."""
    if walk.ended is not None:
        level = walk.ended.level
        return Counter({0 if level is None else level + 1: chance})
    p = truth[walk.current]
    total: Counter[int] = Counter()
    for dlts, ways in enumerate((1, 3, 3, 1)):
        share = chance * ways * p**dlts * (1 - p) ** (3 - dlts)
        total.update(chosen(after_cohort(walk, dlts), truth, share))
    return total


@pytest.mark.parametrize(
    "case", [c for c in oracle("tpt_exact.json") if len(c["true_dlt"]) <= 5], ids=lambda c: c["id"]
)
def test_the_doses_are_chosen_as_often_as_computed_elsewhere(case: dict[str, Any]) -> None:
    truth = [Fraction(str(p)) for p in case["true_dlt"]]
    found = chosen(start(case["variant"], len(truth)), truth, Fraction(1))
    for dose, probability in case["p_select"].items():
        assert float(found[int(dose)]) == pytest.approx(probability, abs=1e-9)


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
