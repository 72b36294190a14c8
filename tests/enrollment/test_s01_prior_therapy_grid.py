"""Scenario S1: the prior-therapy grid, per phase, and decisions that need a person."""

import pytest

from eligibility.verdict import Verdict
from enrollment.events import FindingSettled, FormJudged, SlotFlagged
from tests.enrollment.spec import Story, opened, refused, reserved, said

PASS, FAIL, REVIEW = "pass", "fail", "review"
GRID = [
    # a, m, Phase I: I5a, E1, verdict, Phase II: I5a, E1, verdict
    (0, 0, REVIEW, PASS, "needs_review", FAIL, PASS, "ineligible"),
    (0, 1, REVIEW, PASS, "needs_review", REVIEW, PASS, "needs_review"),
    (0, 2, FAIL, FAIL, "ineligible", FAIL, FAIL, "ineligible"),
    (1, 0, PASS, PASS, "eligible", PASS, PASS, "eligible"),
    (1, 1, REVIEW, REVIEW, "needs_review", FAIL, REVIEW, "ineligible"),
    (1, 2, FAIL, FAIL, "ineligible", FAIL, FAIL, "ineligible"),
    (2, 0, PASS, REVIEW, "needs_review", PASS, REVIEW, "needs_review"),
    (2, 1, REVIEW, REVIEW, "needs_review", FAIL, REVIEW, "ineligible"),
    (2, 2, FAIL, FAIL, "ineligible", FAIL, FAIL, "ineligible"),
]


def verdict_of(trial: Story) -> Verdict:
    [judged] = trial.last(FormJudged)
    return Verdict.from_json(judged.verdict)


def row(verdict: Verdict, phase: int) -> tuple[str, str, str]:
    found = {f.criterion_id: str(f.answer) for f in verdict.findings_for(phase)}
    return found["I5a"], found["E1"], str(verdict.outcome(phase))


@pytest.mark.parametrize(("a", "m", "i1", "e1", "v1", "i2", "e2", "v2"), GRID)
def test_each_cell_of_the_grid_gives_its_verdict(
    a: int, m: int, i1: str, e1: str, v1: str, i2: str, e2: str, v2: str
) -> None:
    trial = opened()
    answer = trial.at("02-22 10:00").form("K", a=a, m=m)
    verdict = verdict_of(trial)
    assert row(verdict, 1) == (i1, e1, v1)
    assert row(verdict, 2) == (i2, e2, v2)
    expected = "slot_reserved" if v1 == "eligible" else v1
    assert answer.outcome == expected
    assert answer.earliest is None


def test_a_finding_that_needs_a_person_gets_neither_a_slot_nor_a_place_on_the_waitlist() -> None:
    trial = opened()
    assert trial.at("02-22 10:00").form("K", a=0, m=1).outcome == "needs_review"
    assert trial.slot("K") is None
    assert trial.waitlist() == []
    assert trial.counts("L1") == (0, 0, 0, 0)


def test_a_signed_decision_makes_the_subject_eligible_and_reserves_the_slot() -> None:
    trial = opened()
    trial.at("02-22 10:00").form("K", a=0, m=1)
    trial.at("02-22 11:00").settle("K", "I5a")
    [settled] = trial.last(FindingSettled)
    assert (settled.subject_id, settled.criterion_id, settled.phase) == ("K", "I5a", 1)
    assert trial.promoted() == [("K", "L1", "02-25 11:00")]
    assert trial.answer is not None
    assert said(trial.answer) == reserved("L1", "02-25 11:00")


def test_an_amendment_of_the_inputs_voids_the_decision_and_flags_the_slot() -> None:
    trial = opened()
    trial.at("02-22 10:00").form("K", a=0, m=1)
    trial.at("02-22 11:00").settle("K", "I5a")
    trial.at("02-22 12:00").amend("K", a=1, m=1)
    assert row(verdict_of(trial), 1) == (REVIEW, REVIEW, "needs_review")
    [flagged] = trial.last(SlotFlagged)
    assert flagged.subject_id == "K"
    assert "I5a" in flagged.criteria
    assert trial.slot("K") == "reserved"
    assert trial.counts("L1") == (0, 0, 0, 1)


def test_an_amendment_of_other_facts_leaves_the_decision_in_force() -> None:
    trial = opened()
    trial.at("02-22 10:00").form("K", a=0, m=1)
    trial.at("02-22 11:00").settle("K", "I5a")
    trial.at("02-22 12:00").amend("K", a=0, m=1, anc=[("1700", "2027-02-20")])
    assert row(verdict_of(trial), 1)[2] == "eligible"
    assert trial.last(SlotFlagged) == []


def test_a_fail_cannot_be_settled() -> None:
    trial = opened()
    assert trial.at("02-22 10:00").form("K", a=0, m=2).outcome == "ineligible"
    assert trial.at("02-22 11:00").settle("K", "I5a") == refused("fail_cannot_be_settled")
    assert trial.slot("K") is None
