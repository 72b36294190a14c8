"""Rows that our copies of the oracles lack, worked out by hand: each is right, and passes."""

from collections.abc import Iterator
from typing import Any

import pytest

from cohorts.designs.design import LevelHistory
from tests.oracles.checks_boin import design
from tests.oracles.registry import NotCheckedError, found_checks

CHECKS = found_checks()
NO_DLTS = {"true_dlt": [0.0, 0.0], "target": 0.25, "cohort": 1, "ncohort": 3}


def step(day: int, event: str, patient: int, *counts: Any) -> dict[str, Any]:
    """One line of a trace: when, what, to whom, and how it then stands."""
    names = ("enrolled", "dlt", "pending", "decision")
    return {"day": day, "event": event, "patient": patient, **dict(zip(names, counts, strict=True))}


def trace(enrol_days: list[int], dlts: dict[str, int], *steps: dict[str, Any]) -> dict[str, Any]:
    """A row of traces with a window of 28 days."""
    return {
        "window_days": 28,
        "enrol_days": enrol_days,
        "dlt_days_by_patient": dlts,
        "steps": list(steps),
    }


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """The file to which a row belongs, and the row."""
    yield (
        "boin_select_mtd.json",  # Two at the higher dose are too few live, not for the paper.
        {"target": 0.25, "n": [3, 2], "dlt": [0, 0], "boundMTD": False, "mtd": 2},
    )
    yield (
        "exact_oc.json",  # One subject at dose 1, two at dose 2.
        {
            "design": "BOIN",
            "input": NO_DLTS,
            "p_select": {"0": 0.0, "1": 0.0, "2": 1.0},
            "p_stop_early": 0.0,
            "expected_n_per_dose": [1.0, 2.0],
            "expected_n": 3.0,
            "expected_dlt_per_dose": [0.0, 0.0],
            "expected_dlt": 0.0,
        },
    )
    yield (
        "rolling6_traces.json",  # Every outcome is a DLT: nothing depends on the window.
        trace(
            [0],
            {"1": 9},
            step(0, "enrol", 1, 1, 0, 1, "STAY"),
            step(9, "dlt", 1, 1, 1, 0, "STAY"),
        ),
    )
    yield (
        "rolling6_traces.json",  # Two outcomes on one day, the DLT first.
        trace(
            [0, 20],
            {"2": 28},
            step(0, "enrol", 1, 1, 0, 1, "STAY"),
            step(20, "enrol", 2, 2, 0, 2, "STAY"),
            step(28, "dlt", 2, 2, 1, 1, "STAY"),
            step(28, "clear", 1, 2, 1, 0, "STAY"),
        ),
    )


@pytest.mark.parametrize(("name", "row"), list(rows()))
def test_a_right_row_that_we_have_not_seen_passes(name: str, row: dict[str, Any]) -> None:
    """`of` raises where a value is wrong (see the harness), and where one is not looked at."""
    CHECKS[name].of(row, 1e-9)
    with pytest.raises(NotCheckedError, match="of_another_kind"):
        CHECKS[name].of(row | {"of_another_kind": 1}, 1e-9)


def test_a_trace_that_enrols_before_an_outcome_of_the_same_day_fails() -> None:
    late = trace(
        [0, 28],
        {},
        step(0, "enrol", 1, 1, 0, 1, "STAY"),
        step(28, "enrol", 2, 2, 0, 2, "STAY"),
        step(28, "clear", 1, 2, 0, 1, "STAY"),
        step(56, "clear", 2, 2, 0, 0, "STAY"),
    )
    with pytest.raises(AssertionError):
        CHECKS["rolling6_traces.json"].of(late, 0)


def test_a_live_design_keeps_to_three_at_the_mtd_where_the_paper_would_take_two() -> None:
    levels = [LevelHistory(evaluable=3), LevelHistory(evaluable=2)]
    assert design(0.25).select_mtd(levels) == 0
