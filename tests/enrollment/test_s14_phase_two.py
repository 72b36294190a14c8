"""Scenario S14: Phase II places, site caps, Phase I subjects that count, and its stop."""

from enrollment.events import PhaseOpened, PhaseStopped, ReviewDue, SlotRecalled
from tests.enrollment.spec import Story, recorded, refused, reserved, waits
from tests.enrollment.worlds import ONLY_PHASE_ONE, rp2d_is_l2


def places_left(trial: Story) -> int:
    """By filling them: how many of twenty newcomers get a place."""
    answers = [trial.at("07-01 12:00").form(f"N{i}") for i in range(20)]
    return sum(answer.outcome == "slot_reserved" for answer in answers)


def test_a_site_cap_and_number_row_by_row() -> None:
    trial = rp2d_is_l2(4, site_cap=3)
    assert trial.at("07-01 10:00").form("R1", "S1") == reserved("L2", "07-04 10:00")
    assert trial.at("07-01 10:01").form("R2", "S1") == reserved("L2", "07-04 10:01")
    assert trial.at("07-01 10:02").form("R3", "S1") == reserved("L2", "07-04 10:02")
    assert trial.at("07-01 10:03").form("R4", "S1") == waits(1, "site_cap", "07-04")
    assert trial.at("07-01 10:04").form("R5", "S2") == reserved("L2", "07-04 10:04")
    assert trial.at("07-01 10:05").form("R6", "S2") == waits(2, "full", "07-04")

    for when, subject in [("10:00", "R1"), ("10:01", "R2")]:
        assert trial.at(f"07-02 {when}").dose(subject) == recorded()
        assert trial.waitlist(2) == ["R4", "R6"]
    assert trial.at("07-02 10:02").dose("R3") == recorded()
    told = [event for event in trial.events if getattr(event, "subject_id", "") == "R4"]
    assert {event.type for event in told} <= {"LeftWaitlist", "EnrollmentRefused"}
    assert "site_cap" in {getattr(event, "rule", "") for event in told}
    assert trial.waitlist(2) == ["R6"]

    trial.at("07-04 10:04").tick()
    assert trial.slot("R5") == "expired"
    assert trial.promoted() == [("R6", "L2", "07-07 10:04")]

    assert trial.at("07-05 10:00").dose("R6") == recorded()
    assert trial.at("07-05 11:00").form("R7", "S3") == refused("phase_full")
    assert trial.waitlist(2) == []


def test_b_five_of_six_phase_one_subjects_count_when_the_protocol_says_so() -> None:
    trial = rp2d_is_l2(10, counts_phase1=True)
    assert [event.counted for event in trial.all_of(PhaseOpened)] == [5]
    assert places_left(trial) == 5


def test_b_none_of_them_counts_otherwise() -> None:
    assert places_left(rp2d_is_l2(10)) == 10


def test_c_a_treated_subject_never_enters_again() -> None:
    trial = rp2d_is_l2(10)
    assert trial.at("07-01 10:00").form("Q1") == refused("already_treated")


def test_c_a_subject_who_fits_phase_one_only_is_told_that_it_is_closed() -> None:
    trial = rp2d_is_l2(10)
    answer = trial.at("07-01 10:00").form("R1", **ONLY_PHASE_ONE)
    if answer.outcome != "refused":
        trial.at("07-01 10:01").settle("R1", "I5a", 1)
        answer = trial.at("07-01 10:02").settle("R1", "E1", 1)
    assert answer == refused("phase_closed")
    assert trial.waitlist(2) == []
    assert trial.slot("R1") is None


def test_d_a_late_dlt_at_the_rp2d_stops_phase_two_and_recalls_its_reservations() -> None:
    trial = rp2d_is_l2(10, counts_phase1=True)
    trial.at("07-08 09:00").form("R3")
    assert trial.at("07-08 10:00").dose("R3") == recorded()
    assert trial.at("07-09 09:00").form("R1") == reserved("L2", "07-12 09:00")
    assert trial.at("07-09 09:01").form("R2") == reserved("L2", "07-12 09:01")
    assert trial.at("07-10 10:00").dlt("Q3", "04-21") == recorded()
    assert trial.counts("L2") == (6, 2, 0, 0)
    assert {recall.subject_id for recall in trial.last(SlotRecalled)} == {"R1", "R2"}
    assert trial.waitlist(2) == ["R1", "R2"]
    assert len(trial.last(PhaseStopped)) == 1
    assert len(trial.last(ReviewDue)) == 1
    assert trial.review() == ("de_escalate", "L1")
    assert trial.slot("R3") == "dosed"
    assert trial.at("07-10 11:00").form("R4") == waits(3, "level_stopped", None)
