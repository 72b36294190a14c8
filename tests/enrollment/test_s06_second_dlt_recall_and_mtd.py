"""Scenario S6: a second DLT with open windows, recall, de-escalation, MTD and RP2D."""

from enrollment.events import (
    LeftWaitlist,
    PhaseOpened,
    SlotReserved,
)
from tests.enrollment.second_dlt import mtd_signed, stopped
from tests.enrollment.spec import recorded, refused


def test_a_second_dlt_stops_the_level_at_once_and_recalls_the_undosed() -> None:
    """Each step is asserted where the story tells it; this is how it leaves the trial."""
    trial = stopped()
    assert trial.slot("P9") == "recalled"
    assert trial.places("L2") == 0
    assert trial.review() == ("de_escalate", "L1")


def test_the_lower_level_opens_again_and_ends_as_the_mtd() -> None:
    trial = mtd_signed()
    assert (trial.state.mtd, trial.state.phase1) == ("L1", "closed")
    assert trial.counts("L1") == (6, 0, 0, 0)


def test_the_rp2d_may_not_lie_above_the_mtd_and_its_signature_opens_phase_two() -> None:
    trial = mtd_signed()
    assert trial.at("05-20 09:10").sign_rp2d("L2") == refused("rp2d.above_mtd")
    assert trial.at("05-20 09:20").sign_rp2d("L1") == recorded()
    assert [(o.phase, o.level_id) for o in trial.last(PhaseOpened)] == [(2, "L1")]
    [slot] = trial.last(SlotReserved)
    assert (slot.subject_id, slot.phase, slot.level_id) == ("P12", 2, "L1")
    assert trial.waitlist() == trial.waitlist(2) == []


def test_whoever_fits_phase_one_only_is_told_that_it_is_closed() -> None:
    trial = mtd_signed(a=1, m=1)
    assert trial.at("05-20 09:20").sign_rp2d("L1") == recorded()
    assert trial.last(SlotReserved) == []
    [left] = trial.last(LeftWaitlist)
    assert (left.subject_id, left.reason, left.rule) == ("P12", "closed", "phase_closed")
    assert trial.waitlist() == trial.waitlist(2) == []
