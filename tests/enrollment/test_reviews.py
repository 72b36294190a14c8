"""Cohort reviews: what is checked in which order, and that boldness needs a signature (R6, R7)."""

import pytest

from enrollment.events import LevelOpened, ReviewLapsed, ReviewSigned
from tests.enrollment.spec import P0, SECOND_REVIEWER, opened, recorded, refused, site_staff
from tests.enrollment.worlds import cleared_at_l1, dosed_at_l1, escalated

WRONG_HASH = "f" * 64


def test_the_role_is_checked_before_whether_a_review_is_due() -> None:
    trial = dosed_at_l1()
    said = trial.at("03-02 09:00").sign("escalate", "L2", actor=site_staff("S1"))
    assert said.rule == "review.role"
    assert trial.at("03-02 09:00").sign("escalate", "L2") == refused("review.not_due")


def test_the_hash_is_checked_before_the_boldness() -> None:
    trial = cleared_at_l1()
    said = trial.at("03-22 10:00").sign("escalate", "L3", data_hash=WRONG_HASH)
    assert said == refused("review.data_changed")


def test_the_boldness_is_checked_before_the_reason() -> None:
    trial = cleared_at_l1()
    assert trial.at("03-22 10:00").sign("escalate", "L3") == refused("review.bolder")
    assert trial.at("03-22 10:00").sign("stay", "L1") == refused("review.reason")


def test_going_up_is_never_signed_as_going_down() -> None:
    trial = cleared_at_l1()
    assert trial.review() == ("escalate", "L2")
    said = trial.at("03-22 10:00").sign("de_escalate", "L2", reason="cautious")
    assert said == refused("review.impossible")
    assert trial.last(LevelOpened) == []


def test_data_that_changed_since_the_review_was_read_refuse_its_signature() -> None:
    trial = cleared_at_l1()
    assert trial.state.review is not None
    read = trial.state.review.data_hash
    trial.at("03-22 11:00").toxicity("P1", "03-05")
    assert trial.review() == ("escalate", "L2")
    said = trial.at("03-22 12:00").sign("escalate", "L2", data_hash=read)
    assert said == refused("review.data_changed")
    assert trial.sign("escalate", "L2") == recorded()


@pytest.mark.parametrize("what", ["another_dlt", "death_after_the_window"])
def test_what_changes_no_outcome_but_was_not_read_refuses_the_signature_too(what: str) -> None:
    trial = dosed_at_l1()
    trial.at("03-06 10:00").dlt("P1", "03-05")
    for subject in ("P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("03-22 10:00").form(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("03-22 11:00").dose(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("04-12 09:00").clear(subject)
    assert trial.review() == ("escalate", "L2")
    assert trial.state.review is not None
    read = trial.state.review.data_hash
    if what == "another_dlt":
        assert trial.at("04-12 10:00").dlt("P1", "03-06", grade=5) == recorded()
    else:
        assert trial.at("04-12 10:00").death("P2", "04-10").outcome == "recorded"
    assert trial.counts("L1") == (6, 1, 0, 0)
    said = trial.at("04-12 11:00").sign("escalate", "L2", data_hash=read)
    assert said == refused("review.data_changed")
    assert trial.sign("escalate", "L2") == recorded()


def test_a_dlt_reported_while_the_review_is_due_changes_what_it_recommends() -> None:
    trial = cleared_at_l1()
    assert trial.at("03-22 11:00").dlt("P1", "03-05") == recorded()
    assert trial.counts("L1") == (3, 1, 0, 0)
    assert trial.target("L1") == 6
    assert trial.review() is None
    assert trial.sign("escalate", "L2") == refused("review.not_due")
    assert trial.places("L1") == 3


def test_while_a_review_is_due_nobody_gets_a_place() -> None:
    trial = cleared_at_l1()
    answer = trial.at("03-22 10:00").form("P4")
    assert (answer.outcome, answer.rule, answer.earliest) == ("waitlisted", "review_due", None)


def test_two_signatures_need_two_people() -> None:
    trial = cleared_at_l1(P0(signatures_required=2))
    assert trial.at("03-22 10:00").sign("escalate", "L2").outcome == "recorded"
    assert trial.last(LevelOpened) == []
    assert [signed.complete for signed in trial.last(ReviewSigned)] == [False]
    assert trial.sign("escalate", "L2") == refused("review.signed_already")
    assert trial.last(LevelOpened) == []
    assert trial.sign("escalate", "L2", actor=SECOND_REVIEWER) == recorded()
    assert [level.level_id for level in trial.last(LevelOpened)] == ["L2"]


def test_two_signatures_of_different_decisions_decide_nothing() -> None:
    trial = cleared_at_l1(P0(signatures_required=2))
    trial.at("03-22 10:00").sign("escalate", "L2")
    trial.sign("stay", "L1", reason="More data.", actor=SECOND_REVIEWER)
    assert trial.last(LevelOpened) == []
    assert trial.review() == ("escalate", "L2")
    assert trial.target("L1") == 3


def test_signatures_given_before_the_data_changed_do_not_count_after() -> None:
    trial = cleared_at_l1(P0(signatures_required=2))
    trial.at("03-22 10:00").sign("escalate", "L2")
    trial.at("03-22 11:00").toxicity("P1", "03-05")
    trial.sign("escalate", "L2", actor=SECOND_REVIEWER)
    assert trial.last(LevelOpened) == []


def test_stopping_is_always_allowed_with_a_reason() -> None:
    trial = cleared_at_l1()
    said = trial.at("03-22 10:00").sign("no_tolerable_dose", reason="The sponsor withdrew.")
    assert said == recorded()
    assert trial.state.phase1 == "closed"


def test_a_review_lapses_when_corrected_data_no_longer_ask_for_it() -> None:
    trial = cleared_at_l1()
    trial.at("03-22 11:00").correct("P1", "first_dose_on", "03-05")
    assert trial.counts("L1") == (2, 0, 1, 0)
    assert len(trial.last(ReviewLapsed)) == 1
    assert trial.review() is None


def test_a_signed_escalation_opens_one_level_only() -> None:
    trial = escalated()
    assert trial.state.open_level == trial.state.level_index("L2")
    assert trial.counts("L3") == (0, 0, 0, 0)
    assert trial.places("L2") == 3
    assert trial.places("L1") == 0


def test_the_next_level_is_never_opened_by_itself() -> None:
    trial = cleared_at_l1()
    trial.at("05-01 10:00").tick()
    trial.at("05-01 11:00").form("P4")
    assert trial.all_of(LevelOpened)[-1].level_id == "L1"
    assert opened().state.open_level == 0
