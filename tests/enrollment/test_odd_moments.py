"""Rare moments in which two rules meet, found by reading the rules against each other."""

from datetime import UTC, datetime, timedelta, timezone

from enrollment import commands as c
from enrollment.events import LeftWaitlist, ReservationChanged, SlotHeld, SlotReserved
from tests.enrollment.spec import CENTRE, P0, Story, opened, recorded
from tests.enrollment.worlds import dosed_at_l1, reserved_at_l1


def test_instants_are_kept_in_utc_whatever_zone_they_were_sent_in() -> None:
    trial = reserved_at_l1(1)
    berlin = datetime(2027, 3, 6, 16, 0, tzinfo=timezone(timedelta(hours=1)))
    trial.at("03-03 09:00").do(
        c.ExtendReservation(subject_id="P1", expires_at=berlin, reason="Snow."), CENTRE
    )
    [changed] = trial.last(ReservationChanged)
    assert changed.expires_at.utcoffset() == timedelta(0)
    assert changed.expires_at == datetime(2027, 3, 6, 15, 0, tzinfo=UTC)
    assert changed.model_dump(mode="json")["expires_at"] == "2027-03-06T15:00:00Z"


def test_a_late_toxicity_becomes_a_dlt_when_the_first_dose_was_really_later() -> None:
    """R8: a DLT counts if and only if its onset lies in the window, whenever reported."""
    trial = dosed_at_l1()
    trial.at("03-23 09:00").dlt("P1", "03-22")
    assert trial.counts("L1") == (0, 0, 3, 0)
    trial.at("03-23 10:00").correct("P1", "first_dose_on", "03-03")
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.slot("P1") == "dlt"


def test_correcting_a_first_dose_there_and_back_keeps_the_dlt() -> None:
    trial = dosed_at_l1()
    trial.at("03-22 09:00").dlt("P1", "03-02")
    assert trial.counts("L1") == (1, 1, 2, 0)
    trial.at("03-22 10:00").correct("P1", "first_dose_on", "03-04")
    assert trial.counts("L1") == (0, 0, 3, 0)
    trial.at("03-22 11:00").correct("P1", "first_dose_on", "03-01")
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_of_two_dlts_the_other_one_stands_when_the_first_is_withdrawn() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-08 10:00").dlt("P1", "03-07")
    trial.at("03-09 10:00").correct("P1", "dlt_onset_on", None, "It was grade 2.")
    assert trial.counts("L1") == (1, 1, 2, 0)


def test_a_death_counts_when_the_corrected_window_reaches_it() -> None:
    trial = dosed_at_l1()
    trial.at("03-23 09:00").death("P1", "03-22")
    assert trial.counts("L1") == (0, 0, 3, 0)
    assert not trial.state.suspended
    trial.at("03-23 10:00").correct("P1", "first_dose_on", "03-03")
    assert trial.counts("L1") == (1, 1, 2, 0)
    assert trial.state.suspended
    assert trial.resume().rule == "death_not_adjudicated"
    assert trial.adjudicate("P1", "unrelated") == recorded()
    assert trial.counts("L1") == (0, 0, 2, 0)
    assert trial.resume() == recorded()


def test_a_fact_about_a_subject_without_a_live_slot_names_it() -> None:
    trial = reserved_at_l1(2)
    trial.at("03-04 09:00").tick()
    assert trial.at("03-05 09:00").death("P1", "03-04") == recorded("no_live_slot")
    assert trial.at("03-05 09:00").withdraw("P2", "03-04") == recorded("no_live_slot")


def test_settling_a_phase_two_finding_moves_nobody_while_phase_one_is_open() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4", a=1, m=1)
    trial.at("03-02 09:10").settle("P4", "I5a", 1)
    trial.at("03-02 09:20").settle("P4", "E1", 1)
    assert trial.waitlist() == ["P4"]
    trial.at("03-02 09:30").settle("P4", "E1", 2)
    assert trial.waitlist() == ["P4"]
    assert trial.last(LeftWaitlist) == []


def test_settling_a_phase_two_finding_first_refuses_nobody() -> None:
    trial = opened()
    trial.at("02-22 10:00").form("P1", a=2, m=0)
    answer = trial.at("02-22 10:10").settle("P1", "E1", 2)
    assert answer.rule != "phase_closed"
    assert trial.at("02-22 10:20").settle("P1", "E1", 1).outcome == "slot_reserved"


def held_and_recalled() -> Story:
    """P4 holds a place at L2 on consent alone; a late DLT below recalls it."""
    trial = opened(P0(reserve_on="consented"), at="03-01 08:00")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 10:00").dose(subject)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    trial.at("03-22 12:00").sign("escalate", "L2")
    trial.at("03-23 09:00").consent("P4")
    assert trial.slot("P4") == "held"
    trial.at("03-24 10:00").dlt("P1", "03-20")
    assert trial.slot("P4") == "recalled"
    assert trial.waitlist() == ["P4"]
    return trial


def test_a_held_place_that_was_recalled_is_held_again() -> None:
    trial = held_and_recalled()
    assert trial.at("03-25 10:00").sign("de_escalate", "L1") == recorded()
    assert [slot.subject_id for slot in trial.last(SlotHeld)] == ["P4"]
    assert trial.slot("P4") == "held"
    assert trial.at("03-25 11:00").form("P4").outcome == "slot_reserved"


def test_a_new_protocol_judges_no_form_that_was_never_sent() -> None:
    trial = held_and_recalled()
    trial.at("03-25 10:00").adopt(P0(reserve_on="consented", version="2.0"))
    assert trial.waitlist() == ["P4"]


def test_who_was_held_and_recalled_may_send_the_form_while_waiting() -> None:
    trial = held_and_recalled()
    assert trial.at("03-25 10:00").form("P4").outcome == "waitlisted"
    trial.at("03-25 11:00").sign("de_escalate", "L1")
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["P4"]


def test_authorising_makes_nobody_newer_the_newest_reservation_is_recalled_first() -> None:
    trial = reserved_at_l1(3)
    assert trial.at("03-01 10:00").authorise("P1", "03-02") == recorded()
    assert list(trial.state.levels[0].reservations) == ["P1", "P2", "P3"]
    trial.at("03-01 11:00").release("P3")
    trial.at("03-01 11:01").form("P4")
    trial.at("03-01 12:00").report_dose("P3", "2027-03-01")
    assert list(trial.state.levels[0].reservations) == ["P1", "P2"]
    assert trial.waitlist() == ["P4"]


def test_who_was_dosed_is_listed_in_order_of_dosing_whatever_comes_of_it() -> None:
    trial = dosed_at_l1()
    trial.at("03-10 09:00").dlt("P2", "03-09")
    trial.at("03-22 09:00").clear("P1")
    assert trial.state.levels[0].dosed == ("P1", "P2", "P3")
