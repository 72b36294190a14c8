"""Scenario S4: three subjects, their windows, their confirmations and the signed review."""

from datetime import date

from enrollment.events import FirstDoseRecorded, LevelOpened, ReviewDue, ReviewSigned, SlotReserved
from tests.enrollment.spec import (
    Story,
    adopted,
    opened,
    recorded,
    refused,
    reserved,
    site_staff,
    waits,
)


def dosed() -> Story:
    """The table up to 02-25 09:00, each row checked."""
    trial = opened(at="02-22 09:00")
    assert trial.at("02-22 10:00").form("P1", "S1") == reserved("L1", "02-25 10:00")
    assert trial.at("02-22 10:05").form("P2", "S2") == reserved("L1", "02-25 10:05")
    assert trial.at("02-22 10:10").form("P3", "S3") == reserved("L1", "02-25 10:10")
    assert trial.at("02-22 10:15").form("P4", "S1") == waits(1, "full", "02-25")
    for when, subject, ends in [
        ("02-23 15:00", "P1", "03-16"),
        ("02-24 15:00", "P2", "03-17"),
        ("02-25 09:00", "P3", "03-18"),
    ]:
        assert trial.at(when).dose(subject, when[:5]) == recorded()
        [dose] = trial.last(FirstDoseRecorded)
        assert dose.window_ends_on == date.fromisoformat(f"2027-{ends}")
    assert trial.counts("L1") == (0, 0, 3, 0)
    return trial


def under_review() -> Story:
    """The table up to 03-19 10:00."""
    trial = dosed()
    assert trial.at("02-25 12:00").form("P5") == waits(2, "held", "03-18")
    assert trial.at("03-15 23:59").clear("P1") == refused("window_open", "03-16")
    assert trial.at("03-16 00:00").clear("P1") == recorded()
    assert trial.slot("P1") == "cleared"
    assert trial.at("03-16 09:00").sign("escalate", "L2") == refused("review.not_due")
    assert trial.at("03-17 08:00").clear("P2") == recorded()
    assert trial.at("03-18 08:00").form("P6") == waits(3, "outcome_to_confirm", None)
    assert trial.slot("P3") == "dosed"
    assert trial.at("03-19 10:00").clear("P3") == recorded()
    assert trial.counts("L1") == (3, 0, 0, 0)
    assert trial.review() == ("escalate", "L2")
    [due] = trial.last(ReviewDue)
    assert (due.level_id, due.evaluable, due.dlts) == ("L1", 3, 0)
    assert trial.places("L1") == 0
    return trial


def test_before_the_activation_a_form_is_refused() -> None:
    trial = adopted(at="02-22 08:00")
    assert trial.at("02-22 08:30").form("P1") == refused("trial_not_open")
    assert trial.slot("P1") is None
    assert trial.waitlist() == []


def test_slots_waits_windows_and_confirmations_row_by_row() -> None:
    """Each row is asserted where the story tells it; this is how it leaves the trial."""
    trial = under_review()
    assert trial.counts("L1") == (3, 0, 0, 0)
    assert trial.review() == ("escalate", "L2")
    assert trial.waitlist() == ["P4", "P5", "P6"]


def test_the_review_is_refused_in_order_then_signed_and_the_waitlist_moves_up() -> None:
    trial = under_review()
    forbidden = trial.at("03-19 10:30").sign("escalate", "L2", actor=site_staff("S1"))
    assert forbidden == refused("review.role")
    assert trial.all_of(ReviewSigned) == []
    assert trial.review() == ("escalate", "L2")
    assert trial.at("03-19 10:40").sign("escalate", "L3") == refused("review.bolder")
    assert trial.at("03-19 10:50").sign("stay", "L1") == refused("review.reason")
    assert trial.at("03-19 11:00").sign("escalate", "L2") == recorded()
    [level] = trial.last(LevelOpened)
    assert level.level_id == "L2"
    assert trial.promoted() == [
        ("P4", "L2", "03-22 11:00"),
        ("P5", "L2", "03-22 11:00"),
        ("P6", "L2", "03-22 11:00"),
    ]
    assert all(slot.from_waitlist for slot in trial.last(SlotReserved))
    assert trial.waitlist() == []
    assert trial.review() is None


def test_a_signed_stay_raises_the_target_and_keeps_the_next_level_closed() -> None:
    trial = under_review()
    signed = trial.at("03-19 11:00").sign("stay", "L1", reason="One more look at the liver.")
    assert signed == recorded()
    assert trial.target("L1") == 6
    assert trial.promoted() == [
        ("P4", "L1", "03-22 11:00"),
        ("P5", "L1", "03-22 11:00"),
        ("P6", "L1", "03-22 11:00"),
    ]
    assert trial.counts("L2") == (0, 0, 0, 0)
    for subject in ("P4", "P5", "P6"):
        assert trial.at("03-20 10:00").dose(subject) == recorded()
    for subject, review in [("P4", None), ("P5", None), ("P6", ("escalate", "L2"))]:
        assert trial.at("04-10 08:00").clear(subject) == recorded()
        assert trial.review() == review
    assert trial.counts("L1") == (6, 0, 0, 0)
