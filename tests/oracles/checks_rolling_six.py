"""Rolling six against every cell of its table, timed traces, and two limits of accrual."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod

from cohorts.designs.design import History, LevelHistory
from cohorts.designs.rolling_six import RollingSix
from tests.oracles.reading import Row
from tests.oracles.registry import Check, close

PRINTED, THREE_CLEAR = RollingSix(), RollingSix("three_clear")
Event = tuple[int, str, int]
MOVES = "ESCALATE", "DE-ESCALATE"


def check_cell(row: Row, _: float) -> None:
    """One cell; for fewer than six, the variant is the open implementation's."""
    cell = int(row["n_enrolled"]), int(row["n_dlt"]), int(row["n_pending"])
    assert PRINTED.decision(*cell) == row["decision"], PRINTED.decision(*cell)
    if cell[0] < 6:
        assert THREE_CLEAR.decision(*cell) == row["labja_RollingSix"], THREE_CLEAR.decision(*cell)
    _same_live(*cell)


def _same_live(enrolled: int, dlts: int, pending: int) -> None:
    """The open level recommends what the cell says, with pending subjects or reserved ones."""
    cell = PRINTED.decision(enrolled, dlts, pending)
    wanted = {"ESCALATE": ("escalate", 2), "DE-ESCALATE": ("de_escalate", 0)}.get(cell)
    for reserved in range(pending + 1):
        here = LevelHistory(
            evaluable=enrolled - pending,
            dlts=dlts,
            pending=(Fraction(0),) * (pending - reserved),
            reserved=reserved,
            target=6,
        )
        history = History((LevelHistory(evaluable=3), here, LevelHistory()), 1)
        advice = PRINTED.recommend(history)
        assert (advice and (advice.kind, advice.level)) == wanted, history
        assert PRINTED.places(history) == (0 if cell == "DE-ESCALATE" else 6 - enrolled)


def check_trace(row: Row, _: float) -> None:
    """What happens to whom and when, the counts after each event, and the decision then.

    Outcomes count before enrolments of the same day; among themselves they may stand in any order.
    """
    steps = row["steps"]
    order = [(step["day"], step["event"] == "enrol") for step in steps]
    assert order == sorted(order), order
    found = [(step["day"], step["event"], step["patient"]) for step in steps]
    assert sorted(found) == sorted(_events(row)), found
    enrolled = dlts = pending = 0
    for step in steps:
        enrolled += step["event"] == "enrol"
        pending += 1 if step["event"] == "enrol" else -1
        dlts += step["event"] == "dlt"
        assert (step["enrolled"], step["dlt"], step["pending"]) == (enrolled, dlts, pending), step
        assert step["decision"] == PRINTED.decision(enrolled, dlts, pending), step


def _events(row: Row) -> Iterator[Event]:
    """Day, what happened, to whom: all that follows from the days of enrolment and of DLTs."""
    window, toxic = row["window_days"], row["dlt_days_by_patient"]
    for patient, day in enumerate(row["enrol_days"], 1):
        yield day, "enrol", patient
        if str(patient) in toxic:
            yield toxic[str(patient)], "dlt", patient
        else:
            yield day + window, "clear", patient


def check_limit(row: Row, tolerance: float) -> None:
    """How probable an escalation is when every outcome is known in time, and when none is."""
    p = row["p"]
    assert close(_chance(p, fast=False), row["slow_accrual_p_escalate"], tolerance)
    assert close(_chance(p, fast=True), row["fast_accrual_p_escalate"], tolerance)


def _chance(p: float, *, fast: bool) -> float:
    return sum(
        prod(p if dlt else 1 - p for dlt in outcomes)
        for outcomes in product((0, 1), repeat=6)
        if _first_decision(outcomes, fast=fast) == "ESCALATE"
    )


def _first_decision(outcomes: tuple[int, ...], *, fast: bool) -> str:
    """The first decision that moves, as outcomes come in one by one."""
    for known in range(1, 7):
        enrolled = 6 if fast else known
        cell = PRINTED.decision(enrolled, sum(outcomes[:known]), enrolled - known)
        if cell in MOVES:
            return cell
    raise AssertionError("six outcomes always move")


CHECKS = {
    "rolling6_decisions.csv": Check(
        check_cell, ("decision",), notes=frozenset({"jama_table2_row", "labja_RollingSix"})
    ),
    "rolling6_traces.json": Check(check_trace, ("steps",)),
    "rolling6_limits.json": Check(
        check_limit, ("slow_accrual_p_escalate", "fast_accrual_p_escalate")
    ),
}
