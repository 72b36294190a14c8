"""Every schedule of the real stage with a few commands and troubles; `-s` prints what was covered.

`HOLDFAST_EXHAUSTIVE=1` explores more, for an hour or so (`-k` chooses); any other budget:
`python -m tests.streams.exhaustive AAB 1 1 0 0 2`.
"""

# ruff: noqa: T201

import os

import pytest

from tests.streams.exhaustive import Search, main, setting_of

LONG = "HOLDFAST_EXHAUSTIVE" in os.environ
WHOLE = [
    ("no trouble", ("AAB", 0, 0, 0, 0, 3), 300),
    ("a crash", ("AAB", 0, 1, 0, 0, 1), 5000),
    ("a wiped Redis", ("AAB", 0, 0, 1, 0, 2), 1500),
    ("a Redis rolled back", ("AAB", 0, 0, 0, 1, 2), 2000),
    ("a rebalance", ("AA", 1, 0, 0, 0, 2), 40_000),
    ("a rebalance over two trials", ("AB", 1, 0, 0, 0, 2), 40_000),
    ("a rebalance, a crash and a wiped Redis", ("A", 1, 1, 1, 0, 1), 150_000),
]
WHOLE_FOR_A_NIGHT = [
    ("two crashes", ("AAB", 0, 2, 0, 0, 1), 50_000),
    ("a crash and a wiped Redis", ("AAB", 0, 1, 1, 0, 1), 50_000),
    ("a crash and a Redis rolled back", ("AAB", 0, 1, 0, 1, 1), 50_000),
    ("a rebalance of three commands", ("AAB", 1, 0, 0, 0, 2), 600_000),
]
IN_PART = [
    ("a rebalance that may be noticed, late replies", ("AAB", 1, 0, 0, 0, 2)),
    ("a rebalance, a crash and a wiped Redis", ("AAB", 1, 1, 1, 0, 2)),
    ("two rebalances and a Redis rolled back", ("AAB", 2, 0, 0, 1, 2)),
]
MOST = 3_000_000 if LONG else 20_000
Budget = tuple[str, int, int, int, int, int]


@pytest.mark.timeout(20_000 if LONG else 300)
@pytest.mark.parametrize(
    ("name", "budget", "at_least"), [*WHOLE, *(WHOLE_FOR_A_NIGHT if LONG else [])]
)
def test_no_schedule_at_all_violates_anything(name: str, budget: Budget, at_least: int) -> None:
    """`at_least`: a search that sees fewer states than it once did has lost something."""
    explored = Search(setting_of(*budget, ticks=budget[1] == 0)).all()
    print(f"\n{name}, {budget}: {explored}")
    assert explored.complete
    assert explored.finished > 0
    assert explored.rested > 0
    assert explored.states >= at_least


@pytest.mark.timeout(20_000 if LONG else 300)
@pytest.mark.parametrize(("name", "budget"), IN_PART)
def test_none_of_the_first_schedules_of_a_larger_budget_does(name: str, budget: Budget) -> None:
    explored = Search(setting_of(*budget, late=True, noticed=True), most_states=MOST, seed=1).all()
    print(f"\n{name}, {budget}: {explored}")
    assert explored.states >= MOST or explored.complete


def test_the_command_says_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["AAB"]) == 2
    assert "REBALANCES" in capsys.readouterr().out


def test_the_command_prints_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["A", "0", "1", "0", "0", "1"]) == 0
    assert "no violation" in capsys.readouterr().out
