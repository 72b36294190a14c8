"""The waitlist, the rule that a wait names, earliest dates, limits of sites (R15 to R17, R24)."""

from enrollment.events import (
    EnrollmentRefused,
    LeftWaitlist,
    PassedOver,
    ReservationChanged,
    SlotExpired,
    SlotReserved,
    Waitlisted,
)
from tests.enrollment.spec import (
    P0,
    Story,
    opened,
    recorded,
    refused,
    rejected,
    reserved,
    waits,
)
from tests.enrollment.worlds import (
    cleared_at_l1,
    dosed_at_l1,
    escalated,
    mtd_is_l1,
    reserved_at_l1,
)


def test_nobody_overtakes_the_waitlist() -> None:
    trial = reserved_at_l1(3)
    trial.at("03-01 09:30").form("P4")
    trial.at("03-01 09:31").form("P5")
    trial.at("03-01 10:00").release("P1")
    assert trial.promoted() == [("P4", "L1", "03-04 10:00")]
    assert trial.at("03-01 10:01").form("P6") == waits(2, "full", "03-04")
    assert trial.waitlist() == ["P5", "P6"]


def test_a_newcomer_in_the_moment_of_an_expiry_comes_after_those_who_wait() -> None:
    trial = reserved_at_l1(3)
    for i in range(4, 8):
        trial.at("03-01 09:30").form(f"P{i}")
    answer = trial.at("03-04 09:00").form("P8")
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["P4", "P5", "P6"]
    assert answer == waits(2, "full", "03-07")


def test_expired_and_released_subjects_are_off_the_list_and_may_submit_again() -> None:
    trial = reserved_at_l1(2)
    trial.at("03-02 09:00").release("P1")
    trial.at("03-04 09:00").tick()
    assert [expired.subject_id for expired in trial.last(SlotExpired)] == ["P2"]
    assert trial.waitlist() == []
    assert trial.at("03-05 09:00").form("P2").outcome == "slot_reserved"


def test_recalled_subjects_go_to_the_head_in_order_of_reservation() -> None:
    trial = escalated()
    for minute, subject in enumerate(("P4", "P5", "P6")):
        trial.at(f"03-23 09:0{minute}").form(subject)
    trial.at("03-23 09:30").form("P7")
    assert trial.waitlist() == ["P7"]
    trial.at("03-24 10:00").dlt("P1", "03-20")
    assert trial.waitlist() == ["P4", "P5", "P6", "P7"]


def test_a_reservation_lives_to_its_last_instant_and_not_longer() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-04 08:59").authorise("P1", "03-04").outcome == "recorded"
    trial = reserved_at_l1(1)
    assert trial.at("03-04 09:00").authorise("P1", "03-04").outcome == "refused"


def test_a_reservation_lasts_elapsed_hours_over_the_summer_change() -> None:
    trial = opened(at="03-12 08:00")
    assert trial.at("03-12 11:00").form("P1") == reserved("L1", "03-15 12:00")
    assert trial.at("03-12 11:01").form("P2") == reserved("L1", "03-15 12:01")


def test_an_extension_moves_the_expiry_with_its_reason() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-03 09:00").extend("P1", "03-06 09:00") == reserved("L1", "03-06 09:00")
    [changed] = trial.last(ReservationChanged)
    assert changed.reason == "Transport fell through."
    trial.at("03-05 09:00").tick()
    assert trial.slot("P1") == "reserved"
    trial.at("03-06 09:00").tick()
    assert trial.slot("P1") == "expired"


def test_an_extension_to_an_earlier_moment_is_rejected() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-03 09:00").extend("P1", "03-03 10:00") == rejected("not_later")
    assert trial.slot("P1") == "reserved"


def test_an_expired_reservation_cannot_be_extended() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-04 09:00").extend("P1", "03-06 09:00") == rejected("no_live_slot")
    assert trial.slot("P1") == "expired"


def test_a_site_at_its_limit_waits_and_keeps_its_place_while_others_pass() -> None:
    trial = opened(P0(site_limit=1), at="03-01 08:00")
    assert trial.at("03-01 09:00").form("A1", "S1") == reserved("L1", "03-04 09:00")
    assert trial.at("03-01 09:01").form("A2", "S1") == waits(1, "site_limit", "03-04")
    assert trial.at("03-01 09:02").form("B1", "S2") == reserved("L1", "03-04 09:02")
    assert trial.waitlist() == ["A2"]
    assert trial.at("03-01 10:00").dose("A1") == recorded()
    assert trial.promoted() == [("A2", "L1", "03-04 10:00")]


def test_round_robin_starts_after_the_site_of_the_last_reservation() -> None:
    trial = opened(P0(waitlist_order="round_robin"), at="03-01 08:00")
    for minute, (subject, site) in enumerate([("P1", "S1"), ("P2", "S1"), ("P3", "S1")]):
        trial.at(f"03-01 09:0{minute}").form(subject, site)
    for minute, (subject, site) in enumerate(
        [("A1", "S1"), ("A2", "S1"), ("B1", "S2"), ("B2", "S2"), ("C1", "S3")]
    ):
        trial.at(f"03-01 09:1{minute}").form(subject, site)
    trial.at("03-04 09:05").tick()
    served = [slot.subject_id for slot in trial.last(SlotReserved)]
    assert served == ["B1", "C1", "A1"]
    trial.at("03-07 09:05").tick()
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["B2", "A2"]


def test_first_come_serves_by_order_whatever_the_site() -> None:
    trial = reserved_at_l1(3)
    for minute, (subject, site) in enumerate([("A1", "S1"), ("A2", "S1"), ("B1", "S2")]):
        trial.at(f"03-01 09:1{minute}").form(subject, site)
    trial.at("03-04 09:00").tick()
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["A1", "A2", "B1"]


def stale_in_front() -> Story:
    """P4's pregnancy test is too old on the day of promotion; P5's is fresh."""
    trial = reserved_at_l1(3, P0(results_go_stale=True, reservation_hours=240))
    trial.at("03-01 09:30").form("P4", planned="03-05")
    trial.at("03-10 09:00").form("P5", planned="03-12")
    assert trial.waitlist() == ["P4", "P5"]
    trial.at("03-11 09:00").tick()
    return trial


def test_stale_results_are_passed_over_told_and_keep_their_place() -> None:
    trial = stale_in_front()
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["P5"]
    [passed] = trial.last(PassedOver)
    assert passed.subject_id == "P4"
    assert passed.missing != ()
    assert trial.waitlist() == ["P4"]


def test_a_fresh_form_takes_the_place_that_was_kept() -> None:
    trial = stale_in_front()
    order = trial.state.subjects["P4"].waiting
    assert order is not None
    answer = trial.at("03-12 09:00").amend("P4")
    assert answer == reserved("L1", "03-22 10:00")  # 240 hours, one of them over the change


def test_the_newcomer_waits_behind_those_passed_over_only_for_what_they_could_take() -> None:
    trial = stale_in_front()
    assert trial.at("03-12 08:00").form("P6").outcome == "slot_reserved"
    assert trial.waitlist() == ["P4"]


def test_each_wait_names_the_first_rule_that_applies() -> None:
    trial = reserved_at_l1(3)
    assert trial.at("03-01 09:10").form("F") == waits(1, "full", "03-04")
    trial = dosed_at_l1()
    assert trial.at("03-02 09:00").form("H") == waits(1, "held", "03-22")
    assert trial.at("03-22 00:00").form("C") == waits(2, "outcome_to_confirm", None)
    trial = cleared_at_l1()
    assert trial.at("03-22 10:00").form("R") == waits(1, "review_due", None)
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-05 11:00").dlt("P2", "03-04")
    assert trial.at("03-05 12:00").form("S") == waits(1, "level_stopped", None)
    trial = reserved_at_l1(3)
    trial.at("03-01 10:00").suspend()
    assert trial.at("03-01 10:01").form("U") == waits(1, "suspended", None)
    trial = mtd_is_l1()
    assert trial.at("05-20 10:00").form("M").rule == "phase_closed"


def test_suspension_comes_before_a_stopped_level_and_that_before_a_review() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-05 11:00").dlt("P2", "03-04")
    assert trial.review() is not None
    assert trial.at("03-05 12:00").form("A") == waits(1, "level_stopped", None)
    trial.at("03-05 13:00").suspend()
    assert trial.at("03-05 14:00").form("B") == waits(2, "suspended", None)


def test_the_earliest_date_counts_those_ahead() -> None:
    """Three places come back on 03-04; the fourth in line waits for the next expiry, 03-07."""
    trial = reserved_at_l1(3)
    expected = [(1, "03-04"), (2, "03-04"), (3, "03-04"), (4, "03-07"), (5, "03-07")]
    for position, earliest in expected:
        answer = trial.at("03-01 09:30").form(f"W{position}")
        assert answer == waits(position, "full", earliest)


def test_the_earliest_date_is_null_where_only_a_person_can_change_it() -> None:
    trial = reserved_at_l1(3)
    trial.at("03-01 10:00").suspend()
    assert trial.at("03-01 10:01").form("U") == waits(1, "suspended", None)


def test_the_earliest_date_behind_open_windows_is_the_last_of_their_ends() -> None:
    trial = reserved_at_l1(3)
    trial.at("03-01 10:00").dose("P1")
    trial.at("03-02 10:00").dose("P2")
    trial.at("03-03 10:00").dose("P3")
    assert trial.at("03-03 11:00").form("P4") == waits(1, "held", "03-24")


def test_a_treated_subject_gets_no_second_slot() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-02 09:00").form("P1") == refused("already_treated")
    assert trial.waitlist() == []


def test_submitting_twice_while_waiting_keeps_one_place() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-02 09:00").form("P4") == waits(1, "held", "03-22")
    assert trial.at("03-02 09:05").form("P5") == waits(2, "held", "03-22")
    assert trial.at("03-02 10:00").form("P4").outcome == "waitlisted"
    assert trial.last(Waitlisted) == []
    assert trial.waitlist() == ["P4", "P5"]


def test_submitting_twice_while_reserved_keeps_one_slot() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-01 10:00").form("P1")
    assert trial.counts("L1") == (0, 0, 0, 1)
    assert trial.last(SlotReserved) == []


def test_an_ineligible_form_of_a_waiting_subject_takes_it_off_the_list() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4")
    assert trial.at("03-02 10:00").amend("P4", a=0, m=2).outcome == "ineligible"
    assert trial.waitlist() == []
    assert [left.reason for left in trial.last(LeftWaitlist)] == ["no_longer_eligible"]


def test_suspension_stops_and_a_signed_resumption_serves_the_list() -> None:
    trial = reserved_at_l1(2)
    trial.at("03-01 10:00").suspend()
    trial.at("03-01 10:01").form("P3")
    trial.at("03-01 10:02").release("P1")
    assert trial.promoted() == []
    assert trial.at("03-01 11:00").authorise("P2", "03-01").rule == "suspended"
    assert trial.at("03-01 12:00").resume() == recorded()
    assert trial.promoted() == [("P3", "L1", "03-04 12:00")]


def test_refusals_are_events_that_name_rule_and_date() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P1")
    [refusal] = trial.last(EnrollmentRefused)
    assert (refusal.subject_id, refusal.rule, refusal.earliest) == ("P1", "already_treated", None)
    assert refusal.sentence
    trial.at("03-02 09:00").form("P4")
    [wait] = trial.last(Waitlisted)
    assert (wait.rule, wait.position) == ("held", 1)
    assert wait.sentence


def test_an_amended_form_keeps_the_place_and_is_told_rule_and_date_again() -> None:
    trial = reserved_at_l1(3)
    for i in range(4, 9):
        trial.at("03-01 09:30").form(f"P{i}")
    assert trial.at("03-01 11:00").amend("P5") == waits(2, "full", "03-04")
    assert trial.at("03-01 11:01").amend("P7") == waits(4, "full", "03-07")
    assert trial.waitlist() == ["P4", "P5", "P6", "P7", "P8"]
