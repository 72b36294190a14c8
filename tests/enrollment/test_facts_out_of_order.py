"""Facts told late, twice or taken back: none is lost, and none counts other than in order."""

from enrollment.events import AssignmentSuspended, DltRecorded, LevelStopped, SubjectNotEvaluable
from tests.enrollment.designs import design_for
from tests.enrollment.spec import P0, day, opened, recorded
from tests.enrollment.worlds import cleared_at_l1, dosed_at_l1, reserved_at_l1

# --- deaths (R14) --------------------------------------------------------------------------------


def test_a_death_told_before_the_first_dose_counts_once_that_is_told() -> None:
    trial = reserved_at_l1()
    trial.at("03-03 10:00").death("P1", "03-03")
    assert trial.counts("L1") == (0, 0, 0, 2)
    assert not trial.state.suspended
    assert trial.at("03-03 11:00").report_dose("P1", "03-01") == recorded("no_live_slot")
    assert trial.counts("L1") == (1, 1, 0, 2)
    assert trial.state.suspended
    [dlt] = trial.last(DltRecorded)
    assert (dlt.onset_on, dlt.fatal) == (day("03-03"), True)
    [suspension] = trial.last(AssignmentSuspended)
    assert suspension.because_of == "P1"
    assert trial.at("03-25 10:00").clear("P1").rule == "has_dlt"
    assert trial.resume().rule == "death_not_adjudicated"


def test_a_death_told_before_a_first_dose_whose_window_it_lies_behind_counts_nowhere() -> None:
    trial = reserved_at_l1()
    trial.at("03-25 10:00").death("P1", "03-22")
    trial.at("03-25 11:00").report_dose("P1", "03-01")
    assert trial.counts("L1") == (0, 0, 1, 0)
    assert not trial.state.suspended


def test_a_death_is_adjudicated_and_never_corrected_away() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").death("P1", "03-04")
    for onset in (None, "02-27"):
        assert trial.correct("P1", "dlt_onset_on", onset).rule == "nothing_to_correct"
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_a_death_counts_on_when_another_dlt_of_the_subject_is_withdrawn() -> None:
    for told in (("dlt", "death"), ("death", "dlt")):
        trial = dosed_at_l1().at("03-05 10:00")
        for fact in told:
            _ = trial.dlt("P1", "03-02") if fact == "dlt" else trial.death("P1", "03-04")
        assert trial.correct("P1", "dlt_onset_on", None) == recorded()
        assert trial.counts("L1") == (1, 1, 2, 0), told
        assert trial.adjudicate("P1", "unrelated") == recorded()
        assert trial.counts("L1") == (0, 0, 2, 0), told
        assert trial.slot("P1") == "not_evaluable"


def test_a_death_counts_on_when_a_corrected_dose_leaves_another_dlt_outside() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-02")
    trial.at("03-05 10:00").death("P1", "03-04")
    trial.at("03-05 11:00").correct("P1", "first_dose_on", "03-03")
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_an_unrelated_death_leaves_a_dlt_of_its_own_until_that_is_withdrawn() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-02")
    trial.at("03-05 11:00").death("P1", "03-04")
    trial.at("03-06 10:00").adjudicate("P1", "unrelated")
    assert trial.counts("L1") == (1, 1, 2, 0)
    trial.at("03-07 10:00").correct("P1", "dlt_onset_on", None)
    assert trial.counts("L1") == (0, 0, 2, 0)
    assert trial.slot("P1") == "not_evaluable"


# --- withdrawals (R13) ---------------------------------------------------------------------------


def test_a_withdrawal_told_before_the_first_dose_makes_not_evaluable_once_that_is_told() -> None:
    trial = reserved_at_l1()
    trial.at("03-03 10:00").withdraw("P1", "03-02")
    trial.at("03-03 11:00").report_dose("P1", "03-01")
    [not_evaluable] = trial.last(SubjectNotEvaluable)
    assert not_evaluable.subject_id == "P1"
    assert trial.counts("L1") == (0, 0, 0, 2)


def test_a_withdrawal_that_a_corrected_window_takes_in_makes_not_evaluable() -> None:
    trial = dosed_at_l1()
    trial.at("03-22 09:00").clear("P1")
    trial.at("03-25 10:00").withdraw("P1", "03-24")
    assert trial.slot("P1") == "cleared"
    trial.at("03-26 10:00").correct("P1", "first_dose_on", "03-06")
    assert trial.slot("P1") == "not_evaluable"


def test_who_withdrew_in_the_window_is_not_evaluable_without_the_dlt() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-02")
    trial.at("03-06 10:00").withdraw("P1", "03-06")
    assert trial.slot("P1") == "dlt"
    trial.at("03-07 10:00").correct("P1", "dlt_onset_on", None)
    assert trial.slot("P1") == "not_evaluable"


# --- windows and levels ---------------------------------------------------------------------------


def test_a_correction_keeps_the_length_of_the_window_under_which_the_subject_was_dosed() -> None:
    """A shorter window of an amendment would lose a DLT of day 19."""
    trial = dosed_at_l1()
    trial.at("03-20 10:00").dlt("P1", "03-19")
    assert trial.adopt(P0(version="2.0", dlt_window_days=14)).outcome == "recorded"
    trial.at("03-21 10:00").correct("P1", "first_dose_on", "03-02")
    assert trial.window_ends("P1") == "03-23"
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_no_amendment_drops_a_level_at_which_somebody_counts() -> None:
    trial = dosed_at_l1()
    trial.at("03-03 10:00").dlt("P1", "03-02")
    trial.at("03-03 11:00").correct("P1", "dosed_level", "L3")
    assert trial.counts("L3") == (1, 1, 0, 0)
    without = P0(version="2.0", levels=("L1", "L2"))
    assert trial.adopt(without).rule == "protocol.levels"
    assert trial.at("03-04 10:00").dlt("P1", "03-03") == recorded()
    assert trial.counts("L3") == (1, 1, 0, 0)


def test_a_dlt_told_of_somebody_never_dosed_leaves_nothing_once_it_is_taken_back() -> None:
    """A wrong id: nobody waits for an outcome that can never come."""
    trial = reserved_at_l1()
    trial.at("03-02 10:00").dlt("P1", "03-02")
    assert trial.counts("L1") == (1, 1, 0, 2)
    assert trial.at("03-02 11:00").correct("P1", "dlt_onset_on", None) == recorded()
    assert trial.counts("L1") == (0, 0, 0, 2)
    assert trial.slot("P1") == "released"
    assert trial.at("03-02 12:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-03 10:00").report_dose("P1", "03-01") == recorded("no_live_slot")
    assert trial.counts("L1") == (0, 0, 1, 2)


# --- what a signature is bound to (R7) ------------------------------------------------------------


def test_a_signature_is_bound_to_every_dlt_reported_and_to_deaths_behind_the_window() -> None:
    trial = cleared_at_l1()
    shown = trial.state.review
    assert shown is not None
    trial.at("03-25 10:00").death("P1", "03-24")
    assert trial.review() == ("escalate", "L2")
    stale = trial.sign("escalate", "L2", data_hash=shown.data_hash)
    assert stale.rule == "review.data_changed"

    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-02")
    trial.at("03-06 10:00").dlt("P2", "03-02")
    shown = trial.state.review
    assert shown is not None
    trial.at("03-07 10:00").dlt("P1", "03-06", grade=5)
    stale = trial.sign("no_tolerable_dose", data_hash=shown.data_hash)
    assert stale.rule == "review.data_changed"


# --- what follows from one fact is all recorded with it (R9, R10) ------------------------------


def test_a_level_that_a_recall_makes_certain_to_go_down_stops_with_it() -> None:
    """The DLT of one who gave the place back overfills it; without the recalled, it goes down."""
    design = design_for("tite_crm")
    levels = ("L0", "L1", "L2")
    trial = opened(P0(levels=levels, start_level="L1", design=design), at="03-01 08:00")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 10:00").dose(subject)
    trial.at("03-02 10:00").dlt("P1", "03-02")
    for subject in ("P2", "P3"):
        trial.at("03-22 10:00").clear(subject)
    for subject in ("P4", "P5", "P6", "P7"):
        trial.at("03-22 12:00").form(subject)
    trial.at("03-22 13:00").release("P4")
    trial.at("03-22 14:00").dlt("P4", "03-22")
    assert trial.counts("L1") == (4, 2, 0, 0)
    assert [stop.level_id for stop in trial.last(LevelStopped)] == ["L1"]
    assert trial.waitlist() == ["P5", "P6", "P7"]
    assert trial.review() == ("de_escalate", "L0")
