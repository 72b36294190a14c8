"""While Phase II takes subjects, what its own verdict lacks is told; Phase I is closed to the rest.

(0, 1) prior regimens need a review of I5a in either phase (scenario 1): settled for Phase I alone,
the subject is eligible for a phase that is closed, and in review for the one that is open.
"""

from typing import Any

from tests.enrollment.spec import Story, recorded, refused
from tests.enrollment.worlds import ONLY_PHASE_ONE, mtd_is_l1

REVIEWED_IN_BOTH: dict[str, Any] = {"a": 0, "m": 1}


def phase_two_is_open() -> Story:
    trial = mtd_is_l1()
    assert trial.at("05-20 10:00").sign_rp2d("L1") == recorded()
    return trial


def test_settled_for_phase_one_alone_the_finding_of_phase_two_stays_in_review() -> None:
    trial = phase_two_is_open()
    assert trial.at("05-21 09:00").form("R1", **REVIEWED_IN_BOTH).outcome == "needs_review"
    answer = trial.at("05-21 10:00").settle("R1", "I5a", 1)
    assert (answer.outcome, answer.rule) == ("needs_review", "I5a")
    assert trial.at("05-21 11:00").settle("R1", "I5a", 2).outcome == "slot_reserved"


def test_a_form_eligible_for_phase_one_is_told_what_phase_two_lacks() -> None:
    trial = mtd_is_l1()
    trial.at("05-20 09:20").form("R1", **REVIEWED_IN_BOTH)
    assert trial.at("05-20 09:30").settle("R1", "I5a", 1).outcome == "needs_review"
    assert trial.at("05-20 10:00").sign_rp2d("L1") == recorded()
    answer = trial.at("05-21 09:00").form("R1", **REVIEWED_IN_BOTH)
    assert (answer.outcome, answer.rule) == ("needs_review", "I5a")
    assert trial.state.subjects["R1"].reviews
    assert trial.at("05-21 10:00").settle("R1", "I5a", 2).outcome == "slot_reserved"


def test_who_fails_phase_two_is_told_that_phase_one_is_closed() -> None:
    trial = phase_two_is_open()
    trial.at("05-21 09:00").form("R1", **ONLY_PHASE_ONE)
    trial.at("05-21 10:00").settle("R1", "I5a", 1)
    assert trial.at("05-21 11:00").settle("R1", "E1", 1) == refused("phase_closed")
