"""A death that was told with a wrong date, or of the wrong subject, hides nothing (decision 37)."""

from tests.enrollment.spec import recorded, rejected
from tests.enrollment.worlds import dosed_at_l1, reserved_at_l1


def test_a_death_told_too_late_to_count_is_told_as_a_dlt_of_its_day() -> None:
    """The window ended on 03-22; the right day was 03-21."""
    trial = dosed_at_l1()
    assert trial.at("03-23 09:00").death("P1", "03-22") == recorded()
    assert trial.counts("L1") == (0, 0, 3, 0)
    assert trial.at("03-23 10:00").death("P1", "03-21") == rejected("already_dead")
    assert trial.at("03-23 10:00").dlt("P1", "03-21", grade=5) == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.suspend("P1 died in the window.") == recorded()


def test_a_dlt_of_a_subject_whose_death_was_told_of_another_counts() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-10 09:00").death("P1", "03-09") == recorded()
    assert trial.at("03-10 10:00").adjudicate("P1", "unrelated") == recorded()
    assert trial.at("03-10 11:00").resume("It was told of the wrong subject.") == recorded()
    assert trial.slot("P1") == "not_evaluable"
    assert trial.at("03-10 12:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-15 09:00").dlt("P1", "03-14") == recorded()
    assert trial.slot("P1") == "dlt"


def test_who_was_told_dead_before_a_dose_may_still_be_told_as_dosed() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-01 10:00").death("P1", "03-01") == recorded()
    assert trial.slot("P1") == "released"
    assert "no_live_slot" in trial.at("03-02 10:00").report_dose("P1", "03-02").deviations
    assert trial.counts("L1") == (0, 0, 1, 0)
