"""Scenario S10: the stagger of a newly opened level, and reservations that wait for it."""

from enrollment.events import FirstDoseRecorded
from tests.enrollment.spec import P0, opened, recorded, refused, reserved, waits


def test_the_stagger_row_by_row() -> None:
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    assert trial.at("03-01 09:10").form("P1") == reserved("L1", "03-04 09:10")
    assert trial.at("03-01 09:20").form("P2") == waits(1, "stagger", "03-04")

    assert trial.at("03-02 11:00").dose("P1") == recorded()
    assert trial.promoted() == [("P2", "L1", "03-12 00:00")]
    slot = trial.state.subjects["P2"].slot
    assert slot is not None
    assert str(slot.dose_not_before) == "2027-03-09"

    answer = trial.at("03-05 09:00").form("P3")
    assert answer == reserved("L1", "03-12 00:00", not_before="03-09")

    assert trial.at("03-06 09:00").authorise("P2", "03-08") == refused("stagger", "03-09")

    assert trial.at("03-08 12:00").dose("P3", "03-08") == recorded("stagger")
    [dose] = trial.last(FirstDoseRecorded)
    assert [deviation.rule for deviation in dose.deviations] == ["stagger"]
    assert trial.window_ends("P3") == "03-29"

    assert trial.at("03-09 10:00").dose("P2") == recorded()
    assert trial.window_ends("P2") == "03-30"

    assert trial.at("03-10 09:00").form("P4") == waits(1, "held", "03-30")


def test_when_the_first_reservation_expires_the_one_place_goes_to_the_next() -> None:
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    trial.at("03-01 09:20").form("P2")
    trial.at("03-04 09:10").tick()
    assert trial.slot("P1") == "expired"
    assert trial.promoted() == [("P2", "L1", "03-07 09:10")]


def test_a_late_place_behind_the_stagger_lives_from_its_own_moment() -> None:
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    trial.at("03-02 11:00").dose("P1")
    answer = trial.at("03-10 09:00").form("P2")
    assert answer == reserved("L1", "03-13 09:00", not_before="03-09")
