"""Scenario S12: the three variants, fewer than six subjects, and a level below the start."""

import pytest

from enrollment.events import (
    LeftWaitlist,
    LevelExpanded,
    LevelOpened,
    NoTolerableDoseDeclared,
    PhaseOpened,
    ReviewDue,
)
from protocols.errors import ProtocolError
from protocols.parse import parse_protocol
from tests.enrollment.spec import P0, Story, opened, recorded

TWO = ("L1", "L2")
THREE = ("Lm1", "L1", "L2")


def three_cleared(trial: Story, names: list[str], dosed: str, cleared: str) -> None:
    for name in names:
        assert trial.at(f"{dosed} 09:00").form(name).outcome == "slot_reserved"
    for name in names:
        assert trial.at(f"{dosed} 10:00").dose(name) == recorded()
    for name in names:
        assert trial.at(f"{cleared} 10:00").clear(name) == recorded()


def top_with_three(variant: str) -> Story:
    """L1 0/3, ESCALATE signed, L2 0/3 all cleared."""
    minimum = 6 if variant == "C" else 3
    trial = opened(P0(variant=variant, levels=TWO, rp2d_min_evaluable=minimum), at="03-01 08:00")
    three_cleared(trial, ["P1", "P2", "P3"], "03-01", "03-22")
    assert trial.review() == ("escalate", "L2")
    assert trial.at("03-23 09:00").sign("escalate", "L2") == recorded()
    three_cleared(trial, ["P4", "P5", "P6"], "03-24", "04-14")
    assert trial.counts("L2") == (3, 0, 0, 0)
    return trial


@pytest.mark.parametrize("variant", ["A", "B"])
def test_a_and_b_end_at_the_top_with_three_and_may_sign_it_as_rp2d(variant: str) -> None:
    trial = top_with_three(variant)
    assert trial.review() == ("mtd", "L2")
    assert trial.at("04-15 09:00").sign("mtd", "L2") == recorded()
    assert trial.at("04-15 10:00").sign_rp2d("L2") == recorded()
    assert [(event.phase, event.level_id) for event in trial.last(PhaseOpened)] == [(2, "L2")]


@pytest.mark.parametrize("variant", ["A", "B"])
def test_a_and_b_cannot_start_with_six_required_at_the_rp2d(variant: str) -> None:
    with pytest.raises(ProtocolError, match="rp2d_min_evaluable"):
        parse_protocol(P0(variant=variant, levels=TWO, rp2d_min_evaluable=6))


@pytest.mark.parametrize("dlts", [0, 1, 2])
def test_c_expands_the_top_by_itself_and_ends_with_six(dlts: int) -> None:
    trial = top_with_three("C")
    assert trial.review() is None
    [expanded] = trial.last(LevelExpanded)
    assert (expanded.level_id, expanded.target) == ("L2", 6)
    assert trial.places("L2") == 3
    names = ["P7", "P8", "P9"]
    for name in names:
        trial.at("04-15 09:00").form(name)
    for name in names:
        trial.at("04-15 10:00").dose(name)
    for name in names[:dlts]:
        assert trial.at("04-20 10:00").dlt(name, "04-19") == recorded()
    for name in names[dlts:]:
        assert trial.at("05-06 10:00").clear(name) == recorded()
    assert trial.counts("L2") == (6, dlts, 0, 0)
    assert trial.review() == (("mtd", "L2") if dlts <= 1 else ("de_escalate", "L1"))
    if dlts == 2:
        assert trial.at("05-07 09:00").sign("de_escalate", "L1") == recorded()
        assert trial.target("L1") == 6
        assert trial.places("L1") == 3


def below_the_start(variant: str) -> Story:
    """P1 to P3 dosed at L1, two DLTs, DE-ESCALATE to the level below the start, signed."""
    minimum = 6 if variant == "C" else 3
    text = P0(variant=variant, levels=THREE, start_level="L1", rp2d_min_evaluable=minimum)
    trial = opened(text, at="03-01 08:00")
    for name in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(name)
    for name in ("P1", "P2", "P3"):
        trial.at("03-01 10:00").dose(name)
    assert trial.at("03-06 10:00").dlt("P1", "03-05") == recorded()
    assert trial.review() is None
    assert trial.at("03-06 10:05").dlt("P2", "03-06") == recorded()
    assert [due.recommendation for due in trial.last(ReviewDue)] == ["de_escalate"]
    assert trial.review() == ("de_escalate", "Lm1")
    assert trial.at("03-07 09:00").sign("de_escalate", "Lm1") == recorded()
    [level] = trial.last(LevelOpened)
    assert (level.level_id, level.target) == ("Lm1", 3)
    assert trial.places("Lm1") == 3
    return trial


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_none_of_three_below_the_start_ends_in_a_and_expands_in_b_and_c(variant: str) -> None:
    trial = below_the_start(variant)
    three_cleared(trial, ["P4", "P5", "P6"], "03-08", "03-29")
    if variant == "A":
        assert trial.review() == ("mtd", "Lm1")
    else:
        assert trial.review() is None
        assert trial.target("Lm1") == 6
        assert trial.places("Lm1") == 3


def test_two_of_three_below_the_start_leave_no_tolerable_dose() -> None:
    trial = below_the_start("A")
    for name in ("P4", "P5", "P6"):
        trial.at("03-08 09:00").form(name)
    for name in ("P4", "P5", "P6"):
        trial.at("03-08 10:00").dose(name)
    assert trial.at("03-08 11:00").form("P7").outcome == "waitlisted"
    trial.at("03-12 10:00").dlt("P4", "03-11")
    trial.at("03-13 10:00").dlt("P5", "03-12")
    trial.at("03-29 10:00").clear("P6")
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.at("03-30 10:00").sign("no_tolerable_dose") == recorded()
    assert len(trial.last(NoTolerableDoseDeclared)) == 1
    assert [(left.subject_id, left.reason) for left in trial.last(LeftWaitlist)] == [
        ("P7", "closed")
    ]
    assert trial.at("03-30 11:00").sign_rp2d("Lm1").outcome == "refused"
    assert trial.all_of(PhaseOpened) == []
    assert trial.at("03-30 12:00").form("P8").outcome == "refused"
    assert trial.answer is not None
    assert (trial.answer.rule, trial.answer.earliest) == ("phase_closed", None)
