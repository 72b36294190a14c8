"""From Phase I to Phase II and back: who moves, who is told, what a late DLT undoes (R10, R21)."""

from enrollment.events import LeftWaitlist, PhaseStopped, SlotRecalled, SlotReserved
from tests.enrollment.spec import P0, Story, recorded, refused, waits
from tests.enrollment.worlds import dosed_at_l1, mtd_is_l1, rp2d_is_l2

TWO = ("L1", "L2")


def three_wait_for_the_mtd(**parameters: object) -> Story:
    """MTD L1 signed 05-20; N1 and N2 wait since before, N3 does not fit Phase II."""
    text = P0(levels=TWO, **parameters)  # type: ignore[arg-type]
    trial = mtd_is_l1(text, before_signing=list_three)
    assert trial.waitlist() == ["N1", "N2", "N3"]
    return trial


def list_three(trial: Story) -> None:
    trial.at("05-19 09:00").form("N1")
    trial.at("05-19 09:01").form("N2", "S2")
    trial.at("05-19 09:02").form("N3", a=1, m=1)
    trial.settle("N3", "I5a")
    trial.settle("N3", "E1")


def test_the_eligible_move_over_in_order_and_the_others_are_told() -> None:
    trial = three_wait_for_the_mtd()
    assert trial.at("05-21 09:00").sign_rp2d("L1") == recorded()
    placed = [(slot.subject_id, slot.phase, slot.level_id) for slot in trial.last(SlotReserved)]
    assert placed == [("N1", 2, "L1"), ("N2", 2, "L1")]
    assert [(x.subject_id, x.reason) for x in trial.last(LeftWaitlist)] == [("N3", "closed")]


def test_who_moves_over_and_finds_no_place_waits_in_the_old_order() -> None:
    trial = three_wait_for_the_mtd(number=1)
    trial.at("05-21 09:00").sign_rp2d("L1")
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["N1"]
    assert trial.waitlist(2) == ["N2"]
    assert trial.at("05-21 10:00").form("N4") == waits(2, "full", "05-27")


def test_where_phase_one_subjects_have_used_every_place_nobody_waits_for_ever() -> None:
    """Six Phase I subjects at L1 count; a number of six leaves no place for good (R21)."""
    trial = three_wait_for_the_mtd(number=6, counts_phase1=True)
    trial.at("05-21 09:00").sign_rp2d("L1")
    assert trial.last(SlotReserved) == []
    assert {x.subject_id for x in trial.last(LeftWaitlist)} == {"N1", "N2", "N3"}
    assert trial.waitlist(1) == trial.waitlist(2) == []
    assert trial.at("05-21 10:00").form("N4") == refused("phase_full")


def test_a_dose_in_phase_two_has_no_window_and_its_dlt_is_a_toxicity() -> None:
    trial = rp2d_is_l2(10)
    trial.at("07-01 10:00").form("R1")
    assert trial.at("07-01 11:00").dose("R1") == recorded()
    assert trial.window_ends("R1") is None
    before = trial.counts("L2")
    assert trial.at("07-05 10:00").dlt("R1", "07-04").outcome == "recorded"
    assert trial.counts("L2") == before
    assert trial.state.phase2 == "open"


def test_a_stopped_phase_two_goes_on_only_through_reviews_and_a_new_rp2d() -> None:
    trial = rp2d_is_l2(10)
    trial.at("07-09 09:00").form("R1")
    trial.at("07-10 10:00").dlt("Q3", "04-21")
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["R1"]
    assert len(trial.last(PhaseStopped)) == 1
    assert trial.at("07-10 11:00").sign("de_escalate", "L1") == recorded()
    assert trial.places("L1") == 3
    assert trial.sign_rp2d("L1").outcome == "refused"
    for subject in ("Y1", "Y2", "Y3"):
        assert trial.at("07-11 09:00").form(subject).level == "L1"
    for subject in ("Y1", "Y2", "Y3"):
        assert trial.at("07-11 10:00").dose(subject) == recorded()
    for subject in ("Y1", "Y2", "Y3"):
        trial.at("08-01 10:00").clear(subject)
    assert trial.review() == ("mtd", "L1")
    assert trial.at("08-02 09:00").sign("mtd", "L1") == recorded()
    assert trial.at("08-02 10:00").sign_rp2d("L1") == recorded()
    assert trial.state.phase2 == "open"
    assert trial.slot("R1") == "reserved"
    slot = trial.state.subjects["R1"].slot
    assert slot is not None
    assert (slot.phase, slot.level_id) == (2, "L1")


def test_an_amendment_that_leaves_no_place_sends_the_waiting_away() -> None:
    trial = rp2d_is_l2(2)
    for subject in ("R1", "R2"):
        trial.at("07-01 10:00").form(subject)
    assert trial.at("07-01 10:01").form("R3") == waits(1, "full", "07-04")
    trial.at("07-01 11:00").dose("R1")
    trial.at("07-01 12:00").adopt(P0(levels=TWO, number=1, version="2.0"))
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["R2"]
    assert trial.waitlist(2) == []


def test_a_first_dlt_at_the_rp2d_that_keeps_one_of_six_changes_nothing() -> None:
    trial = mtd_is_l1(P0(levels=TWO))
    trial.at("05-21 09:00").sign_rp2d("L1")
    trial.at("05-21 10:00").form("N1")
    assert trial.at("05-22 09:00").dlt("P7", "04-10") == recorded()
    assert trial.counts("L1") == (6, 1, 0, 0)
    assert trial.slot("N1") == "reserved"
    assert trial.review() is None


def test_no_subject_of_phase_one_is_dosed_twice_in_phase_two() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-02 10:00").authorise("P1", "03-02") == refused("already_treated")
    assert trial.at("03-02 10:00").report_dose("P1", "03-02").outcome == "rejected"
