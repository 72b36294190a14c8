"""Trials in the situations that several tests start from."""

from collections.abc import Callable
from typing import Any

from enrollment.events import LevelStopped, PhaseStopped, SlotRecalled
from tests.enrollment.spec import P0, Story, opened, recorded

ONLY_PHASE_ONE: dict[str, Any] = {"a": 1, "m": 1}


def reserved_at_l1(count: int = 3, text: str | None = None) -> Story:
    """P1 ... reserved at L1 from 03-01 09:00; windows of 21 days, reservations of 72 hours."""
    trial = opened(text, at="03-01 08:00")
    for i in range(1, count + 1):
        assert trial.at("03-01 09:00").form(f"P{i}").outcome == "slot_reserved"
    return trial


def dosed_at_l1(text: str | None = None) -> Story:
    """P1 to P3 dosed 03-01; windows end 03-22."""
    trial = reserved_at_l1(3, text)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-01 10:00").dose(subject) == recorded()
    return trial


def cleared_at_l1(text: str | None = None) -> Story:
    """L1 0/3, cleared 03-22: a review is due, ESCALATE to L2."""
    trial = dosed_at_l1(text)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-22 09:00").clear(subject) == recorded()
    assert trial.review() == ("escalate", "L2")
    return trial


def escalated(text: str | None = None) -> Story:
    """L2 open since 03-22 12:00, nobody there."""
    trial = cleared_at_l1(text)
    assert trial.at("03-22 12:00").sign("escalate", "L2") == recorded()
    return trial


def nothing(_: Story) -> None:
    """What happens in most stories before the MTD is signed."""


def mtd_is_l1(text: str | None = None, before_signing: Callable[[Story], None] = nothing) -> Story:
    """L1 0/3, L2 exceeded, L1 0/6: MTD signed 05-20, RP2D not yet."""
    trial = escalated(text or P0(levels=("L1", "L2")))
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 09:00").form(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 10:00").dose(subject)
    trial.at("03-25 10:00").dlt("P4", "03-24")
    trial.at("03-26 10:00").dlt("P5", "03-25")
    trial.at("03-27 10:00").sign("de_escalate", "L1")
    for subject in ("P7", "P8", "P9"):
        trial.at("03-28 09:00").form(subject)
    for subject in ("P7", "P8", "P9"):
        trial.at("03-28 10:00").dose(subject)
    trial.at("04-13 10:00").clear("P6")
    for subject in ("P7", "P8", "P9"):
        trial.at("04-18 10:00").clear(subject)
    assert trial.review() == ("mtd", "L1")
    before_signing(trial)
    assert trial.at("05-20 09:00").sign("mtd", "L1") == recorded()
    return trial


def held_at_l2(most: int = 5, counts: bool = False, **changes: Any) -> Story:
    """L1 0/3 cleared; P4 to P6 dosed at L2 03-23, windows end 04-13: the open level is held."""
    trial = escalated(P0(backfill=(most, counts), **changes))
    for subject in ("P4", "P5", "P6"):
        assert trial.at("03-23 09:00").form(subject).level == "L2"
    for subject in ("P4", "P5", "P6"):
        assert trial.at("03-23 10:00").dose(subject) == recorded()
    return trial


def stopped_at_l1(text: str | None = None) -> Story:
    """L1 3/2 at once stopped; then P2's DLT is withdrawn, and the windows of two are open."""
    trial = dosed_at_l1(text)
    trial.at("03-05 10:00").dlt("P1", "03-04")
    trial.at("03-06 10:00").dlt("P2", "03-05")
    assert [stop.level_id for stop in trial.last(LevelStopped)] == ["L1"]
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.at("03-07 10:00").correct("P2", "dlt_onset_on", None) == recorded()
    assert trial.counts("L1") == (1, 1, 2, 0)
    return trial


def rp2d_is_l2(number: int, site_cap: int | None = None, counts_phase1: bool = False) -> Story:
    """L1 0/3; L2 1/6 with Q1 to Q6, of whom Q6 met Phase I only; RP2D signed 07-01 09:00."""
    text = P0(levels=("L1", "L2"), number=number, site_cap=site_cap, counts_phase1=counts_phase1)
    trial = opened(text, at="03-01 08:00")
    below = ("X1", "X2", "X3")
    for name in below:
        trial.at("03-01 09:00").form(name)
    for name in below:
        trial.at("03-02 09:00").dose(name)
    for name in below:
        trial.at("03-23 09:00").clear(name)
    assert trial.at("04-01 09:00").sign("escalate", "L2") == recorded()
    for name in ("Q1", "Q2", "Q3"):
        trial.at("04-01 10:00").form(name)
    for name in ("Q1", "Q2", "Q3"):
        trial.at("04-02 10:00").dose(name)
    assert trial.at("04-10 10:00").dlt("Q1", "04-09") == recorded()
    for name in ("Q2", "Q3"):
        assert trial.at("04-23 09:00").clear(name) == recorded()
    for name in ("Q4", "Q5"):
        trial.at("04-23 10:00").form(name)
    assert trial.at("04-23 10:00").form("Q6", **ONLY_PHASE_ONE).outcome == "needs_review"
    trial.at("04-23 10:01").settle("Q6", "I5a")
    trial.at("04-23 10:02").settle("Q6", "E1")
    assert trial.slot("Q6") == "reserved"
    for name in ("Q4", "Q5", "Q6"):
        assert trial.at("04-24 10:00").dose(name) == recorded()
    for name in ("Q4", "Q5", "Q6"):
        assert trial.at("05-15 10:00").clear(name) == recorded()
    assert trial.counts("L2") == (6, 1, 0, 0)
    assert trial.review() == ("mtd", "L2")
    assert trial.at("05-20 09:00").sign("mtd", "L2") == recorded()
    assert trial.at("07-01 09:00").sign_rp2d("L2") == recorded()
    return trial


def phase_two_in_doubt() -> Story:
    """MTD and RP2D L2 with 0 in 6; R1 reserved in Phase II; two DLTs told late, and taken back."""
    trial = cleared_at_l1(P0(levels=("L1", "L2"), variant="C", rp2d_min_evaluable=6))
    trial.at("03-22 12:00").sign("escalate", "L2")
    for start, end, people in (
        ("03-23", "04-13", ("P4", "P5", "P6")),
        ("04-14", "05-05", ("P7", "P8", "P9")),
    ):
        for subject in people:
            trial.at(f"{start} 09:00").form(subject)
        for subject in people:
            trial.at(f"{start} 10:00").dose(subject)
        for subject in people:
            trial.at(f"{end} 10:00").clear(subject)
    assert trial.review() == ("mtd", "L2")
    assert trial.at("05-06 09:00").sign("mtd", "L2") == recorded()
    assert trial.at("05-06 10:00").sign_rp2d("L2") == recorded()
    assert trial.at("05-06 11:00").form("R1").outcome == "slot_reserved"
    trial.at("05-07 09:00").dlt("P4", "04-01")
    trial.at("05-07 10:00").dlt("P5", "04-01")
    assert trial.last(PhaseStopped)
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["R1"]
    assert trial.review() == ("de_escalate", "L1")
    for subject in ("P4", "P5"):
        trial.at("05-08 09:00").correct(subject, "dlt_onset_on", None)
    return trial
