"""The 3+3 against its decision table, every path of whole cohorts, and how many paths there are."""

from itertools import product
from typing import Any, get_args

from cohorts.designs.design import Recommendation
from cohorts.designs.three_plus_three import Variant, recommend
from cohorts.levels import LevelCounts
from tests.cohorts.walk import after_cohort, complete_paths, start
from tests.oracles.reading import Row
from tests.oracles.registry import Check

Counts = tuple[tuple[int, int], ...]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
UNTOUCHED, FAILED = (0, 0), (3, 2)
TOP: tuple[Counts, Counts] = ((), ())
FAILED_ABOVE: tuple[Counts, Counts] = ((), (FAILED,))
HISTORIES: dict[str, list[tuple[Counts, Counts]]] = {  # Context -> what lies below and above.
    "next dose open": [((), (UNTOUCHED,))],
    "top dose": [TOP],
    "next dose already failed": [FAILED_ABOVE],
    "came back down": [FAILED_ABOVE],
    "dose 1": [((), (UNTOUCHED,))],
    "top dose or next dose already failed": [TOP, FAILED_ABOVE],
    "dose>1": [(((6, 1),), ()), (((3, 0),), (UNTOUCHED,)), (((6, 0),), (FAILED,))],
    "any": [TOP, ((), (UNTOUCHED,)), FAILED_ABOVE, (((3, 0),), (UNTOUCHED,))],
}


def _asked_for(cell: str, variant: Variant, current: int, below: int) -> Recommendation:
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


def check_decision(row: Row, _: float) -> None:
    """One row of the table, in every history in which its context holds."""
    n, dlts, context = int(row["n_at_dose"]), row["dlt_at_dose"], row["context"]
    cells = {"A": row["variant_A"], "B": row["variant_B_and_C"], "C": row["variant_B_and_C"]}
    meant = range(int(dlts[2:]), n + 1) if dlts.startswith(">=") else [int(dlts)]
    for variant, t, (below, above) in product(VARIANTS, meant, HISTORIES[context]):
        if cells[variant] == "n/a":
            continue
        levels = [LevelCounts(*counts) for counts in (*below, (n, t), *above)]
        current, under = len(below), below[-1][0] if below else 0
        found = recommend(variant, levels, current, 6 if n == 6 else 3)
        assert found == _asked_for(cells[variant], variant, current, under), (variant, levels)


def check_path(row: Row, _: float) -> None:
    """A path of whole cohorts: it may be walked, and leads where the row says."""
    walk = start(row["variant"], row["num_doses"])
    for cohort in row["outcomes"].split():
        assert walk.ended is None, "it has ended before"
        assert walk.current == int(cohort[0]) - 1, f"the open level is {walk.current + 1}"
        walk = after_cohort(walk, cohort.count("T"), len(cohort) - 1)
    assert (walk.ended is None) == row["continue"]
    level: Any = walk.current if walk.ended is None else walk.ended.level
    assert (None if level is None else level + 1) == row["next_dose"]


def check_path_count(row: Row, _: float) -> None:
    """There are as many complete paths as the row says."""
    walk = start(row["variant"], row["num_doses"])
    assert sum(1 for _ in complete_paths(walk)) == row["complete_paths"]


CHECKS = {
    "tpt_decision_table.csv": Check(check_decision, ("variant_A", "variant_B_and_C")),
    "tpt_paths.json": Check(check_path, ("next_dose", "continue")),
    "tpt_path_counts.json": Check(check_path_count, ("complete_paths",)),
}
