"""Scenario S15: a death, a withdrawal, a late DLT and a corrected date of first dose."""

from datetime import date

from enrollment.events import (
    AssignmentSuspended,
    DeathRecorded,
    FactCorrected,
    LevelExpanded,
    SlotRecalled,
    SubjectNotEvaluable,
)
from tests.enrollment.spec import Story, opened, recorded, refused, waits


def test_death_withdrawal_and_correction_row_by_row() -> None:
    trial = three_dosed()

    assert trial.at("03-10 09:00").death("P1", "03-09") == recorded()
    [death] = trial.last(DeathRecorded)
    assert death.in_window
    assert len(trial.last(AssignmentSuspended)) == 1
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.state.suspended

    assert trial.at("03-12 10:00").adjudicate("P1", "unrelated") == recorded()
    assert [event.subject_id for event in trial.last(SubjectNotEvaluable)] == ["P1"]
    assert trial.counts("L1") == (0, 0, 2, 0)
    assert trial.state.suspended
    assert trial.waitlist() == ["P4", "P5"]

    assert trial.at("03-12 11:00").resume("The death had another cause.") == recorded()
    assert trial.promoted() == [("P4", "L1", "03-15 12:00")]

    assert trial.at("03-13 10:00").dose("P4") == recorded()
    assert trial.window_ends("P4") == "04-03"

    assert trial.at("03-15 09:00").withdraw("P2") == recorded()
    assert trial.slot("P2") == "not_evaluable"
    assert trial.promoted() == [("P5", "L1", "03-18 09:00")]
    assert trial.state.subjects["P2"].slot is not None
    assert trial.state.subjects["P2"].slot.dosed_on == date(2027, 3, 1)

    assert trial.at("03-16 10:00").dlt("P2", "03-14").outcome == "recorded"
    assert [event.subject_id for event in trial.last(SlotRecalled)] == ["P5"]
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.waitlist() == ["P5"]

    assert trial.at("03-22 09:00").clear("P3") == recorded()
    assert trial.counts("L1") == (2, 1, 1, 0)

    answer = trial.at("03-22 15:00").correct("P3", "first_dose_on", "03-03", "Nurse's note.")
    assert answer == recorded()
    [corrected] = trial.last(FactCorrected)
    assert (corrected.was, corrected.now) == ("2027-03-01", "2027-03-03")
    assert corrected.window_ends_on == date(2027, 3, 24)
    assert trial.counts("L1") == (1, 1, 2, 0)

    assert trial.at("03-23 09:00").clear("P3") == refused("window_open", "03-24")
    assert trial.at("03-24 09:00").clear("P3") == recorded()
    assert trial.counts("L1") == (2, 1, 1, 0)

    assert trial.at("04-03 09:00").clear("P4") == recorded()
    assert [(e.level_id, e.target) for e in trial.last(LevelExpanded)] == [("L1", 6)]
    assert trial.promoted() == [("P5", "L1", "04-06 09:00")]
    assert trial.counts("L1") == (3, 1, 0, 1)
    assert trial.places("L1") == 2


def three_dosed() -> Story:
    """P1 to P3 dosed 03-01 (windows end 03-22); P4 and P5 wait."""
    trial = opened(at="03-01 08:00")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-01 10:00").dose(subject) == recorded()
        assert trial.window_ends(subject) == "03-22"
    assert trial.at("03-01 17:00").form("P4") == waits(1, "held", "03-22")
    assert trial.at("03-01 17:05").form("P5") == waits(2, "held", "03-22")
    return trial


def test_while_suspended_newcomers_wait_and_the_reason_is_the_suspension() -> None:
    trial = three_dosed()
    trial.at("03-10 09:00").death("P1", "03-09")
    assert trial.at("03-10 10:00").form("P6") == waits(3, "suspended", None)


def test_a_related_death_stays_a_dlt() -> None:
    trial = three_dosed()
    trial.at("03-10 09:00").death("P1", "03-09")
    assert trial.at("03-12 10:00").adjudicate("P1", "related") == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_assignment_cannot_resume_before_the_death_is_adjudicated() -> None:
    trial = three_dosed()
    trial.at("03-10 09:00").death("P1", "03-09")
    assert trial.at("03-11 10:00").resume().outcome == "refused"
    assert trial.state.suspended


def test_a_death_after_the_window_is_no_dlt_and_suspends_nothing() -> None:
    trial = three_dosed()
    assert trial.at("03-23 09:00").death("P1", "03-22") == recorded()
    assert trial.last(AssignmentSuspended) == []
    assert trial.counts("L1")[1] == 0
    assert not trial.state.suspended
