"""DLTs early, late, re-graded; evaluability; facts against the rules; corrections (R8 to R13)."""

from enrollment import commands as c
from enrollment.events import (
    FactCorrected,
    FirstDoseRecorded,
    LevelStopped,
    ReviewDue,
    SlotRecalled,
    SubjectNotEvaluable,
    ToxicityRecorded,
)
from tests.enrollment.spec import recorded, refused, rejected, site_staff, waits
from tests.enrollment.worlds import cleared_at_l1, dosed_at_l1, escalated, reserved_at_l1


def test_the_first_and_the_last_day_of_the_window_count() -> None:
    for onset in ("03-01", "03-21"):
        trial = dosed_at_l1()
        assert trial.at("03-23 10:00").dlt("P1", onset) == recorded()
        assert trial.counts("L1") == (1, 1, 2, 0), onset


def test_an_onset_behind_the_window_is_a_late_toxicity_and_counts_nowhere() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-23 10:00").dlt("P1", "03-22").outcome == "recorded"
    [late] = trial.last(ToxicityRecorded)
    assert (late.late, late.reported_as_dlt) == (True, True)
    assert trial.counts("L1") == (0, 0, 3, 0)
    assert trial.slot("P1") == "dosed"


def test_an_onset_before_the_first_dose_is_no_dlt() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-03 10:00").dlt("P1", "02-27").outcome == "recorded"
    assert trial.counts("L1") == (0, 0, 3, 0)


def test_a_dlt_counts_after_clearing() -> None:
    trial = dosed_at_l1()
    trial.at("03-22 09:00").clear("P1")
    assert trial.at("04-20 10:00").dlt("P1", "03-21") == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_a_dlt_counts_after_the_subject_was_not_evaluable_and_replaced() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-05 10:00").not_evaluable("P1") == recorded()
    assert trial.counts("L1") == (0, 0, 2, 0)
    assert trial.at("03-05 11:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-05 12:00").dose("P4") == recorded()
    assert trial.at("03-06 10:00").dlt("P1", "03-04") == recorded()
    assert trial.counts("L1") == (1, 1, 3, 0)


def test_a_dlt_with_its_onset_before_the_withdrawal_counts() -> None:
    trial = dosed_at_l1()
    trial.at("03-10 10:00").withdraw("P1", "03-10")
    assert trial.slot("P1") == "not_evaluable"
    assert trial.at("03-12 10:00").dlt("P1", "03-08") == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_a_second_dlt_of_one_subject_is_one_dlt() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-06 10:00").dlt("P1", "03-05")
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.review() is None


def test_a_delay_type_dlt_takes_the_onset_of_its_cause() -> None:
    """The report carries the cause's onset; the decider takes it as it is."""
    trial = dosed_at_l1()
    assert trial.at("04-02 10:00").dlt("P1", "03-20") == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_the_second_dlt_stops_the_level_whatever_is_pending() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-06 10:00").dlt("P2", "03-05")
    assert trial.counts("L1") == (2, 2, 1, 0)
    assert [stop.level_id for stop in trial.last(LevelStopped)] == ["L1"]
    assert trial.review() == ("no_tolerable_dose", None)


def test_a_late_dlt_below_an_open_level_recalls_and_stops_there() -> None:
    """One of three at L1 now: what is open at L2 is no longer allowed (R10)."""
    trial = escalated()
    trial.at("03-23 09:00").form("P4")
    trial.at("03-23 09:05").form("P5")
    trial.at("03-23 10:00").dose("P4")
    assert trial.at("03-24 10:00").dlt("P1", "03-20") == recorded()
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["P5"]
    assert len(trial.last(ReviewDue)) == 1
    assert trial.review() == ("de_escalate", "L1")
    assert trial.places("L2") == 0
    assert trial.slot("P4") == "dosed"
    assert trial.waitlist() == ["P5"]
    assert trial.at("03-24 11:00").form("P6").outcome == "waitlisted"


def test_a_late_second_dlt_below_an_open_level_leaves_no_tolerable_dose() -> None:
    trial = escalated()
    trial.at("03-23 09:00").form("P4")
    trial.at("03-24 10:00").dlt("P1", "03-20")
    trial.at("03-24 11:00").dlt("P2", "03-20")
    assert trial.counts("L1") == (3, 2, 0, 0)
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.slot("P4") == "recalled"


def test_down_grading_a_dlt_opens_nothing_by_itself() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-06 10:00").dlt("P2", "03-05")
    trial.at("03-07 10:00").form("P4")
    answer = trial.at("03-08 10:00").correct("P2", "dlt_onset_on", None, "It was grade 2.")
    assert answer.outcome == "recorded"
    [corrected] = trial.last(FactCorrected)
    assert (corrected.was, corrected.now) == ("2027-03-05", None)
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.slot("P4") != "reserved"
    assert trial.at("03-08 11:00").form("P5").outcome == "waitlisted"


def test_a_corrected_onset_behind_the_window_takes_the_dlt_away() -> None:
    trial = dosed_at_l1()
    trial.at("03-23 09:00").dlt("P1", "03-21")
    assert trial.counts("L1") == (1, 1, 2, 0)
    trial.at("03-24 09:00").correct("P1", "dlt_onset_on", "03-22")
    assert trial.counts("L1")[1] == 0


def test_not_evaluable_frees_the_place_at_once() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-02 09:00").form("P4") == waits(1, "held", "03-22")
    assert trial.at("03-05 10:00").not_evaluable("P1") == recorded()
    assert len(trial.last(SubjectNotEvaluable)) == 1
    assert trial.promoted() == [("P4", "L1", "03-08 10:00")]


def test_not_evaluable_needs_a_dose_that_can_no_longer_be_reached() -> None:
    trial = dosed_at_l1()
    bare = c.ReportWindowOutcome(subject_id="P1", outcome="not_evaluable")
    answer = trial.at("03-05 10:00").do(bare, site_staff("S1"))
    assert answer == refused("doses_reached")
    assert trial.counts("L1") == (0, 0, 3, 0)


def test_a_subject_with_a_dlt_stays_evaluable() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    assert trial.at("03-06 10:00").not_evaluable("P1") == rejected("has_dlt")
    assert trial.at("03-07 10:00").withdraw("P1").outcome == "recorded"
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_a_dose_of_a_subject_who_never_held_a_slot_is_a_confused_report() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4")
    answer = trial.at("03-02 10:00").report_dose("P4", "03-02")
    assert (answer.outcome, answer.rule) == ("rejected", "never_held_a_slot")
    assert trial.counts("L1") == (0, 0, 3, 0)
    assert trial.waitlist() == ["P4"]


def test_a_dose_of_a_recalled_subject_is_counted_and_the_subject_leaves_the_waitlist() -> None:
    trial = escalated()
    trial.at("03-23 09:00").form("P4")
    trial.at("03-24 10:00").dlt("P1", "03-20")
    assert trial.waitlist() == ["P4"]
    answer = trial.at("03-24 11:00").report_dose("P4", "03-24")
    assert answer.outcome == "recorded"
    assert "no_live_slot" in answer.deviations
    assert trial.counts("L2") == (0, 0, 1, 0)
    assert trial.waitlist() == []
    assert trial.window_ends("P4") == "04-14"


def test_a_dose_after_the_reservation_expired_is_recorded_with_its_deviation() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-05 09:00").tick()
    assert trial.slot("P1") == "expired"
    answer = trial.at("03-05 10:00").report_dose("P1", "03-03")
    assert "no_live_slot" in answer.deviations
    assert trial.counts("L1") == (0, 0, 1, 0)
    assert trial.window_ends("P1") == "03-24"


def test_a_missing_authorisation_alone_is_no_deviation() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-01 12:00").report_dose("P1", "03-01") == recorded()


def test_a_dose_too_many_recalls_the_newest_undosed_reservation() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-04 09:00").tick()
    assert trial.slot("P1") == "expired"
    for minute, subject in enumerate(("P2", "P3", "P4")):
        trial.at(f"03-04 10:0{minute}").form(subject)
    answer = trial.at("03-04 12:00").report_dose("P1", "03-03")
    assert "no_live_slot" in answer.deviations
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["P4"]
    assert trial.counts("L1") == (0, 0, 1, 2)
    assert trial.waitlist() == ["P4"]


def test_a_dose_while_suspended_is_recorded_with_its_deviation() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-01 10:00").suspend()
    answer = trial.at("03-01 11:00").dose("P1", "03-01")
    assert answer == recorded("suspended")
    assert trial.counts("L1") == (0, 0, 1, 0)


def test_a_dose_of_another_level_counts_at_the_assigned_one_until_a_signed_correction() -> None:
    trial = escalated()
    trial.at("03-23 09:00").form("P4")
    answer = trial.at("03-23 10:00").report_dose("P4", "03-23", level="L1")
    assert answer.outcome == "recorded"
    [dose] = trial.last(FirstDoseRecorded)
    assert (dose.level_id, dose.given_level_id) == ("L2", "L1")
    assert trial.counts("L2") == (0, 0, 1, 0)
    assert trial.at("03-24 10:00").correct("P4", "dosed_level", "L1") == recorded()
    assert trial.counts("L2") == (0, 0, 0, 0)
    assert trial.counts("L1") == (3, 0, 1, 0)


def test_a_corrected_first_dose_whose_window_has_ended_leaves_cleared_cleared() -> None:
    trial = cleared_at_l1()
    trial.at("04-10 10:00").correct("P1", "first_dose_on", "03-02")
    assert trial.slot("P1") == "cleared"
    assert trial.counts("L1") == (3, 0, 0, 0)


def test_a_corrected_first_dose_can_put_a_dlt_out_of_the_window() -> None:
    trial = dosed_at_l1()
    trial.at("03-22 10:00").dlt("P1", "03-21")
    trial.at("03-22 11:00").correct("P1", "first_dose_on", "02-28")
    assert trial.counts("L1")[:2] == (0, 0)


def test_clearing_is_refused_to_the_minute_before_the_window_ends() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-21 23:59").clear("P1") == refused("window_open", "03-22")
    assert trial.at("03-22 00:00").clear("P1") == recorded()


def test_a_withdrawal_after_clearing_changes_no_count() -> None:
    trial = cleared_at_l1()
    assert trial.at("03-23 10:00").withdraw("P1").outcome == "recorded"
    assert trial.counts("L1") == (3, 0, 0, 0)
    assert trial.slot("P1") == "cleared"


def test_a_withdrawal_after_the_window_but_before_its_outcome_leaves_it_to_confirm() -> None:
    """In the window the report itself makes not evaluable (R13); after it nothing is known."""
    trial = dosed_at_l1()
    assert trial.at("03-24 10:00").withdraw("P1", "03-24").outcome == "recorded"
    assert trial.slot("P1") == "dosed"


def test_a_withdrawal_of_a_reserved_subject_frees_the_place() -> None:
    trial = reserved_at_l1(3)
    trial.at("03-01 09:30").form("P4")
    trial.at("03-01 10:00").withdraw("P2")
    assert trial.slot("P2") == "released"
    assert [subject for subject, _, _ in trial.promoted()] == ["P4"]


def test_a_withdrawal_from_the_waitlist_leaves_it() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4")
    trial.at("03-02 10:00").withdraw("P4")
    assert trial.waitlist() == []
