"""Odd courses of Phase I: four and five evaluable, stays, steps down, deaths with DLTs, stagger."""

import pytest

from enrollment.events import (
    AssignmentSuspended,
    LevelExpanded,
    LevelOpened,
    MtdDeclared,
    PhaseClosed,
    SlotReserved,
)
from tests.enrollment.spec import P0, Story, recorded, refused, waits
from tests.enrollment.worlds import (
    cleared_at_l1,
    dosed_at_l1,
    escalated,
    mtd_is_l1,
    reserved_at_l1,
)


def enrol_and_dose(trial: Story, names: list[str], day: str) -> None:
    for name in names:
        assert trial.at(f"{day} 09:00").form(name).outcome == "slot_reserved", name
    for name in names:
        assert trial.at(f"{day} 10:00").dose(name) == recorded(), name


def one_of_three() -> Story:
    """L1 1/3, expanded to 6 on 03-22."""
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    for subject in ("P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    assert [(x.level_id, x.target) for x in trial.last(LevelExpanded)] == [("L1", 6)]
    return trial


def test_one_dlt_of_three_expands_by_itself_and_one_of_six_escalates() -> None:
    trial = one_of_three()
    assert trial.review() is None
    assert trial.places("L1") == 3
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-22")
    for subject in ("P4", "P5", "P6"):
        trial.at("04-12 10:00").clear(subject)
    assert trial.counts("L1") == (6, 1, 0, 0)
    assert trial.review() == ("escalate", "L2")


def test_nothing_is_due_at_four_and_five_while_somebody_is_pending() -> None:
    trial = one_of_three()
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-22")
    trial.at("04-12 10:00").clear("P4")
    trial.at("04-12 10:01").clear("P5")
    assert trial.counts("L1") == (5, 1, 1, 0)
    assert trial.review() is None


def test_at_five_with_one_dlt_nothing_pending_the_sixth_place_stays_open() -> None:
    trial = one_of_three()
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-22")
    trial.at("03-25 10:00").not_evaluable("P6")
    trial.at("04-12 10:00").clear("P4")
    trial.at("04-12 10:01").clear("P5")
    assert trial.counts("L1") == (5, 1, 0, 0)
    assert trial.review() is None
    assert trial.places("L1") == 1


def test_two_of_six_at_the_lowest_level_leave_no_tolerable_dose() -> None:
    trial = one_of_three()
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-22")
    trial.at("03-25 10:00").dlt("P5", "03-24")
    assert trial.counts("L1") == (4, 2, 2, 0)
    assert trial.review() == ("no_tolerable_dose", None)


def test_after_a_stay_nothing_is_due_before_six() -> None:
    trial = cleared_at_l1()
    trial.at("03-22 10:00").sign("stay", "L1", reason="More data.")
    enrol_and_dose(trial, ["P4"], "03-23")
    trial.at("04-13 10:00").clear("P4")
    assert trial.counts("L1") == (4, 0, 0, 0)
    assert trial.review() is None
    assert trial.places("L1") == 2


def test_a_dlt_during_a_stay_is_counted_on_and_not_expanded_twice() -> None:
    trial = cleared_at_l1()
    trial.at("03-22 10:00").sign("stay", "L1", reason="More data.")
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-23")
    trial.at("03-25 10:00").dlt("P4", "03-24")
    for subject in ("P5", "P6"):
        trial.at("04-13 10:00").clear(subject)
    assert trial.counts("L1") == (6, 1, 0, 0)
    [expanded] = trial.all_of(LevelExpanded)
    assert (expanded.level_id, expanded.target, trial.target("L1")) == ("L1", 6, 6)
    assert trial.review() == ("escalate", "L2")


def test_the_reviewer_may_go_down_with_a_reason_where_escalation_is_recommended() -> None:
    trial = escalated()
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-23")
    for subject in ("P4", "P5", "P6"):
        trial.at("04-13 10:00").clear(subject)
    assert trial.review() == ("escalate", "L3")
    assert trial.at("04-13 11:00").sign("de_escalate", "L1") == refused("review.reason")
    said = trial.sign("de_escalate", "L1", reason="Many late toxicities.")
    assert said == recorded()
    [level] = trial.last(LevelOpened)
    assert (level.level_id, level.target, level.reopened) == ("L1", 6, True)
    assert trial.places("L1") == 3


def test_a_lower_level_that_is_opened_again_has_no_stagger() -> None:
    trial = cleared_with_stagger()
    trial.at("05-01 09:00").sign("escalate", "L2")
    trial.at("05-01 10:00").form("Q1")
    trial.at("05-01 11:00").dose("Q1")
    trial.at("05-01 12:00").form("Q2")
    assert trial.at("05-08 11:00").dose("Q2") == recorded()
    trial.at("05-08 12:00").dlt("Q1", "05-05")
    trial.at("05-09 12:00").dlt("Q2", "05-09")
    assert trial.review() == ("de_escalate", "L1")
    trial.at("05-10 09:00").sign("de_escalate", "L1")
    answers = [trial.at("05-10 10:00").form(f"R{i}") for i in range(3)]
    assert [(a.outcome, a.level, a.not_before) for a in answers] == [
        ("slot_reserved", "L1", None)
    ] * 3


def cleared_with_stagger() -> Story:
    trial = reserved_at_l1(1, P0(stagger_days=7))
    trial.at("03-01 10:00").dose("P1")
    trial.at("03-08 08:00").form("P2")
    trial.at("03-08 08:01").form("P3")
    for subject in ("P2", "P3"):
        assert trial.at("03-08 09:00").dose(subject) == recorded()
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-29 09:00").clear(subject) == recorded()
    assert trial.review() == ("escalate", "L2")
    return trial


def test_a_newly_opened_higher_level_is_staggered_again() -> None:
    trial = cleared_with_stagger()
    trial.at("03-29 10:00").sign("escalate", "L2")
    assert trial.at("03-29 11:00").form("Q1").level == "L2"
    assert trial.at("03-29 12:00").form("Q2") == waits(1, "stagger", "04-01")


def test_no_more_than_target_when_the_first_of_a_stagger_is_not_evaluable() -> None:
    trial = reserved_at_l1(1, P0(stagger_days=7))
    trial.at("03-01 10:00").dose("P1")
    trial.at("03-02 10:00").not_evaluable("P1")
    answers = [trial.at("03-02 11:00").form(f"Q{i}").outcome for i in range(4)]
    assert answers.count("slot_reserved") <= 3
    assert trial.counts("L1")[3] <= 3


def test_an_unrelated_death_leaves_a_dlt_that_was_there_before() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    assert trial.at("03-10 09:00").death("P1", "03-09").outcome == "recorded"
    assert len(trial.last(AssignmentSuspended)) == 1
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.at("03-11 09:00").adjudicate("P1", "unrelated") == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_the_death_of_a_reserved_subject_frees_the_place_and_counts_nowhere() -> None:
    trial = reserved_at_l1(3)
    trial.at("03-01 09:30").form("P4")
    assert trial.at("03-01 10:00").death("P1", "03-01").outcome == "recorded"
    assert trial.counts("L1")[:3] == (0, 0, 0)
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["P4"]
    assert not trial.state.suspended


def test_two_deaths_need_two_adjudications_before_a_resumption() -> None:
    trial = dosed_at_l1()
    trial.at("03-10 09:00").death("P1", "03-09")
    trial.at("03-10 10:00").death("P2", "03-09")
    trial.at("03-11 09:00").adjudicate("P1", "unrelated")
    assert trial.at("03-11 10:00").resume() == refused("death_not_adjudicated")
    trial.at("03-11 11:00").adjudicate("P2", "unrelated")
    assert trial.at("03-11 12:00").resume() == recorded()


def test_a_signed_mtd_closes_phase_one_and_nobody_enters_until_the_rp2d() -> None:
    trial = mtd_is_l1()
    assert [phase.phase for phase in trial.all_of(PhaseClosed)] == [1]
    assert [mtd.level_id for mtd in trial.all_of(MtdDeclared)] == ["L1"]
    assert trial.at("05-20 10:00").form("N1") == refused("phase_closed")
    assert trial.slot("N1") is None


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_the_top_exceeded_with_three_below_goes_down_or_ends_by_variant(variant: str) -> None:
    """A ends with three at the level below; B and C treat three more there (R5)."""
    minimum = 6 if variant == "C" else 3
    trial = escalated(P0(variant=variant, levels=("L1", "L2"), rp2d_min_evaluable=minimum))
    enrol_and_dose(trial, ["P4", "P5", "P6"], "03-23")
    trial.at("03-25 10:00").dlt("P4", "03-24")
    trial.at("03-26 10:00").dlt("P5", "03-25")
    assert trial.review() == (("mtd", "L1") if variant == "A" else ("de_escalate", "L1"))


def test_a_late_dlt_after_the_mtd_was_signed_takes_it_back_to_review() -> None:
    trial = mtd_is_l1()
    trial.at("05-21 09:00").sign_rp2d("L1")
    trial.at("05-22 09:00").dlt("P1", "03-10")
    assert trial.counts("L1") == (6, 1, 0, 0)
    assert trial.state.phase2 == "open"
    trial.at("05-23 09:00").form("N1")
    assert trial.slot("N1") == "reserved"
    trial.at("05-24 09:00").dlt("P2", "03-10")
    assert trial.counts("L1") == (6, 2, 0, 0)
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.slot("N1") == "recalled"
