"""The date that a stagger gives moves with what it hangs on: the first dose, and its days (R12)."""

from enrollment.events import FirstDoseRecorded, ReservationChanged
from tests.enrollment.spec import P0, Story, opened, recorded, refused, reserved


def two_behind_the_stagger() -> Story:
    """P1 dosed on 03-02; P2 and P3 not before 03-09, their places live until 03-12 00:00."""
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    assert trial.at("03-01 09:10").form("P1") == reserved("L1", "03-04 09:10")
    assert trial.at("03-02 11:00").dose("P1") == recorded()
    for subject in ("P2", "P3"):
        answer = trial.at("03-03 09:00").form(subject)
        assert answer == reserved("L1", "03-12 00:00", not_before="03-09")
    return trial


def place(trial: Story, subject: str) -> tuple[str, str, str, str | None]:
    """State, the day before which no dose is, the end of the place, the day leave is given for."""
    slot = trial.state.subjects[subject].slot
    assert slot is not None
    local = slot.expires_at.astimezone(trial.zone)
    leave = None if slot.authorised_for is None else str(slot.authorised_for)
    return slot.state, str(slot.dose_not_before), f"{local:%m-%d %H:%M}", leave


def test_a_later_first_dose_leaves_as_much_time_behind_the_stagger_as_ever() -> None:
    """72 hours, one of which the clocks skip on 03-14."""
    trial = two_behind_the_stagger()
    assert trial.at("03-06 09:00").correct("P1", "first_dose_on", "03-05") == recorded()
    assert place(trial, "P2") == ("reserved", "2027-03-12", "03-15 01:00", None)
    assert place(trial, "P3") == ("reserved", "2027-03-12", "03-15 01:00", None)
    assert trial.authorise("P2", "03-11") == refused("stagger", "03-12")
    assert trial.authorise("P2", "03-12") == recorded()


def test_an_earlier_first_dose_takes_no_time_away() -> None:
    trial = two_behind_the_stagger()
    assert trial.at("03-06 09:00").correct("P1", "first_dose_on", "03-01") == recorded()
    assert place(trial, "P2") == ("reserved", "2027-03-08", "03-12 00:00", None)


def test_an_extension_outlives_a_moved_stagger() -> None:
    trial = two_behind_the_stagger()
    trial.at("03-04 09:00").extend("P2", "03-20 00:00")
    assert trial.at("03-06 09:00").correct("P1", "first_dose_on", "03-05") == recorded()
    assert place(trial, "P2") == ("reserved", "2027-03-12", "03-20 00:00", None)


def test_leave_for_a_day_that_the_moved_stagger_forbids_falls() -> None:
    trial = two_behind_the_stagger()
    assert trial.at("03-05 09:00").authorise("P2", "03-09") == recorded()
    trial.at("03-05 09:00").extend("P3", "03-20 00:00")
    assert trial.at("03-05 09:00").authorise("P3", "03-12") == recorded()
    assert trial.at("03-06 09:00").correct("P1", "first_dose_on", "03-05") == recorded()
    assert place(trial, "P2") == ("reserved", "2027-03-12", "03-15 01:00", None)
    assert place(trial, "P3") == ("authorised", "2027-03-12", "03-20 00:00", "2027-03-12")
    assert trial.at("03-09 10:00").authorise("P2", "03-09") == refused("stagger", "03-12")


def test_a_version_with_more_days_holds_those_who_wait_from_then_on() -> None:
    trial = two_behind_the_stagger()
    assert trial.at("03-05 09:00").authorise("P2", "03-09") == recorded()
    assert trial.adopt(P0(version="2.0", stagger_days=14)) == recorded()
    assert place(trial, "P2") == ("reserved", "2027-03-16", "03-19 00:00", None)
    assert place(trial, "P3") == ("reserved", "2027-03-16", "03-19 00:00", None)


def test_a_version_with_the_same_days_changes_no_place() -> None:
    trial = two_behind_the_stagger()
    assert trial.adopt(P0(version="2.0", stagger_days=7, dlt_window_days=28)) == recorded()
    assert trial.all_of(ReservationChanged) == []


def test_after_an_expansion_no_version_staggers_anybody() -> None:
    trial = two_behind_the_stagger()
    for subject in ("P2", "P3"):
        assert trial.at("03-09 10:00").dose(subject) == recorded()
    trial.at("03-12 09:00").dlt("P2", "03-11")
    trial.at("03-30 09:00").clear("P1")
    trial.at("03-30 09:00").clear("P3")
    assert trial.at("03-31 09:00").form("P4") == reserved("L1", "04-03 09:00")
    assert trial.adopt(P0(version="2.0", stagger_days=60)) == recorded()
    assert trial.activate_site("S1", "2.0") == recorded()
    assert place(trial, "P4")[1] == "None"
    assert trial.at("03-31 10:00").dose("P4") == recorded()
    [dose] = trial.last(FirstDoseRecorded)
    assert dose.deviations == ()


def test_a_first_dose_that_was_given_at_another_level_starts_no_stagger() -> None:
    """P2 and P3 keep their places; whichever is dosed first holds the other, and leave falls."""
    trial = two_behind_the_stagger()
    assert trial.at("03-05 09:00").correct("P1", "dosed_level", "L2") == recorded()
    assert trial.at("03-05 10:00").form("P4").rule == "stagger"
    for subject in ("P2", "P3"):
        trial.extend(subject, "03-20 00:00")
        assert trial.at("03-08 09:00").authorise(subject, "03-10") == recorded()
    assert trial.at("03-10 10:00").dose("P2") == recorded()
    assert place(trial, "P3") == ("reserved", "2027-03-17", "03-20 00:00", None)
    assert trial.promoted() == [("P4", "L1", "03-20 00:00")]


def test_the_next_first_dose_counts_for_the_stagger_where_there_is_one() -> None:
    trial = two_behind_the_stagger()
    assert trial.at("03-09 10:00").dose("P2") == recorded()
    assert trial.at("03-10 09:00").correct("P1", "dosed_level", "L2") == recorded()
    assert place(trial, "P3") == ("reserved", "2027-03-16", "03-19 00:00", None)


def test_a_dlt_told_before_the_first_dose_of_a_staggered_level_keeps_the_others_waiting() -> None:
    """It counts (decision 15); the date of its dose is what the others wait for."""
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    assert trial.at("03-02 10:00").dlt("P1", "03-02") == recorded("no_first_dose")
    assert trial.at("03-02 11:00").form("P2").rule == "stagger"
    assert trial.at("03-02 12:00").dose("P1", "03-01").outcome == "recorded"
    assert trial.promoted() == [("P2", "L1", "03-11 00:00")]


def three_at_l1() -> Story:
    """P1 dosed on 03-02, P2 and P3 on 03-09, behind the stagger."""
    trial = opened(P0(stagger_days=7, levels=("L1", "L2", "L3")), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    trial.at("03-02 11:00").dose("P1")
    for subject in ("P2", "P3"):
        trial.at("03-03 09:00").form(subject)
    for subject in ("P2", "P3"):
        trial.at("03-09 10:00").dose(subject)
    return trial


def four_at_l1() -> Story:
    """P4 is dosed on 03-12 in the place of P3, who is not evaluable."""
    trial = three_at_l1()
    assert trial.at("03-12 09:00").not_evaluable("P3") == recorded()
    assert trial.at("03-12 10:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-12 11:00").dose("P4") == recorded()
    for subject in ("P1", "P2", "P4"):
        assert trial.at("04-05 09:00").clear(subject) == recorded()
    assert trial.review() == ("escalate", "L2")
    return trial


def test_a_level_corrected_to_what_it_was_staggers_nobody_again() -> None:
    """P1 alone is counted at L1, and stays there."""
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    assert trial.at("03-02 11:00").dose("P1", level="L2") == recorded("other_level")
    assert trial.at("03-03 09:00").correct("P1", "dosed_level", "L1") == recorded()
    assert trial.form("P2") == reserved("L1", "03-12 00:00", not_before="03-09")


def test_a_dose_corrected_to_the_level_that_waits_for_its_first_is_its_first() -> None:
    trial = four_at_l1()
    trial.at("04-05 12:00").sign("escalate", "L2")
    assert trial.at("04-06 09:00").form("P5") == reserved("L2", "04-09 09:00")
    assert trial.form("P6").rule == "stagger"
    assert trial.at("04-06 10:00").correct("P3", "first_dose_on", "04-02") == recorded()
    assert trial.correct("P3", "dosed_level", "L2") == recorded()
    assert place(trial, "P5") == ("reserved", "2027-04-09", "04-12 00:00", None)
    assert trial.promoted() == [("P6", "L2", "04-12 00:00")]
    assert trial.authorise("P5", "04-08") == refused("stagger", "04-09")


def test_a_level_opened_where_somebody_was_dosed_waits_for_no_other_first() -> None:
    """P4 was given L2 before it was opened; the stagger behind that dose is long over."""
    trial = three_at_l1()
    assert trial.at("03-12 09:00").correct("P3", "dosed_level", "L2") == recorded()
    assert trial.at("03-12 10:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-12 11:00").dose("P4") == recorded()
    for subject in ("P1", "P2", "P3", "P4"):
        assert trial.at("04-05 09:00").clear(subject) == recorded()
    assert trial.at("04-05 12:00").sign("escalate", "L2") == recorded()
    assert trial.counts("L2") == (1, 0, 0, 0)
    for subject in ("P5", "P6"):
        assert trial.at("04-06 09:00").form(subject).outcome == "slot_reserved"
    assert trial.authorise("P5", "04-06") == recorded()


def test_after_an_expansion_no_corrected_level_staggers_anybody() -> None:
    """P3 was not the first at L1: gone to L2 and come back, it starts no stagger (R12)."""
    trial = two_behind_the_stagger()
    for subject in ("P2", "P3"):
        assert trial.at("03-09 10:00").dose(subject) == recorded()
    trial.at("03-12 09:00").dlt("P2", "03-11")
    trial.at("03-30 09:00").clear("P1")
    trial.at("03-30 09:00").clear("P3")
    assert trial.target("L1") == 6
    assert trial.correct("P3", "dosed_level", "L2") == recorded()
    assert trial.at("03-31 09:00").form("P4") == reserved("L1", "04-03 09:00")
    assert trial.correct("P3", "dosed_level", "L1") == recorded()
    assert trial.form("P5") == reserved("L1", "04-03 09:00")
