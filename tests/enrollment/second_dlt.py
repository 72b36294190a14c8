"""Scenario S6 as a story, step by step: a second DLT stops L2, and L1 ends as the MTD."""

from typing import Any

from enrollment.events import (
    LevelExpanded,
    LevelOpened,
    LevelStopped,
    MtdDeclared,
    PhaseClosed,
    ReviewDue,
    SlotRecalled,
)
from tests.enrollment.spec import Story, opened, recorded, refused, reserved, waits


def two_levels_in() -> Story:
    """The given part: L1 0/3, L2 1/3 and expanded, P7 to P9 reserved, P7 and P8 dosed."""
    trial = opened(at="03-01 09:00")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 10:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-02 10:00").dose(subject) == recorded()
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-23 10:00").clear(subject) == recorded()
    assert trial.review() == ("escalate", "L2")
    assert trial.at("04-01 09:00").sign("escalate", "L2") == recorded()
    for subject in ("P4", "P5", "P6"):
        assert trial.at("04-01 10:00").form(subject) == reserved("L2", "04-04 10:00")
    for when, subject in [("04-02 10:00", "P4"), ("04-02 10:01", "P5"), ("04-03 10:00", "P6")]:
        assert trial.at(when).dose(subject) == recorded()
    assert trial.at("04-12 10:00").dlt("P4", "04-11") == recorded()
    assert trial.at("04-23 10:00").clear("P5") == recorded()
    assert trial.at("04-24 10:00").clear("P6") == recorded()
    [expanded] = trial.last(LevelExpanded)
    assert (expanded.level_id, expanded.target) == ("L2", 6)
    assert trial.counts("L2") == (3, 1, 0, 0)
    return trial


def filled() -> Story:
    """04-25: P7 and P8 dosed at L2, P9 reserved, P10 and P11 wait."""
    trial = two_levels_in()
    assert trial.at("04-24 11:00").form("P7") == reserved("L2", "04-27 11:00")
    assert trial.at("04-24 11:10").form("P8") == reserved("L2", "04-27 11:10")
    assert trial.at("04-24 11:20").form("P9") == reserved("L2", "04-27 11:20")
    assert trial.at("04-24 11:30").form("P10") == waits(1, "full", "04-27")
    assert trial.at("04-24 11:40").form("P11") == waits(2, "full", "04-27")
    for subject in ("P7", "P8"):
        assert trial.at("04-25 10:00").dose(subject) == recorded()
        assert trial.window_ends(subject) == "05-16"
    return trial


def stopped(**p12_facts: Any) -> Story:
    """04-26: the second DLT stops the level at once, and P12 comes too late."""
    trial = filled()
    assert trial.at("04-26 14:00").dlt("P7", "04-26") == recorded()
    assert trial.counts("L2") == (4, 2, 1, 0)
    [stop] = trial.last(LevelStopped)
    assert stop.level_id == "L2"
    [recall] = trial.last(SlotRecalled)
    assert recall.subject_id == "P9"
    assert trial.waitlist() == ["P9", "P10", "P11"]
    [due] = trial.last(ReviewDue)
    assert (due.recommendation, due.recommended_level_id) == ("de_escalate", "L1")
    answer = trial.at("04-26 15:00").form("P12", **p12_facts)
    if p12_facts:
        assert answer.outcome == "needs_review"
        trial.at("04-26 15:01").settle("P12", "I5a")
        trial.at("04-26 15:02").settle("P12", "E1")
        assert trial.waitlist() == ["P9", "P10", "P11", "P12"]
    else:
        assert answer == waits(4, "level_stopped", None)
    for decision, level in (("escalate", "L3"), ("stay", "L2")):
        signed = trial.at("04-26 16:00").sign(decision, level, reason="I think so.")
        assert signed == refused("review.bolder")
    return trial


def down_to_l1(**p12_facts: Any) -> Story:
    """04-27 to 05-19: L1 again, and its three more subjects cleared."""
    trial = stopped(**p12_facts)
    assert trial.at("04-27 09:00").sign("de_escalate", "L1") == recorded()
    [level] = trial.last(LevelOpened)
    assert (level.level_id, level.target, level.reopened) == ("L1", 6, True)
    assert trial.promoted() == [
        ("P9", "L1", "04-30 09:00"),
        ("P10", "L1", "04-30 09:00"),
        ("P11", "L1", "04-30 09:00"),
    ]
    assert trial.waitlist() == ["P12"]
    for when, subject in [("10:00", "P9"), ("10:01", "P10"), ("10:02", "P11")]:
        assert trial.at(f"04-28 {when}").dose(subject) == recorded()
        assert trial.window_ends(subject) == "05-19"
    before = trial.counts("L1")
    assert trial.at("05-01 10:00").dlt("P8", "05-01") == recorded()
    assert trial.counts("L2") == (5, 3, 0, 0)
    assert trial.counts("L1") == before
    assert trial.last(ReviewDue) == []
    assert trial.review() is None
    for when, subject in [("09:00", "P9"), ("09:01", "P10"), ("09:02", "P11")]:
        assert trial.at(f"05-19 {when}").clear(subject) == recorded()
    assert trial.counts("L1") == (6, 0, 0, 0)
    assert trial.review() == ("mtd", "L1")
    return trial


def mtd_signed(**p12_facts: Any) -> Story:
    """05-20: MTD L1, Phase I closed; P12 waits."""
    trial = down_to_l1(**p12_facts)
    assert trial.at("05-20 09:00").sign("mtd", "L1") == recorded()
    assert [event.level_id for event in trial.last(MtdDeclared)] == ["L1"]
    assert [event.phase for event in trial.last(PhaseClosed)] == [1]
    assert trial.waitlist() == ["P12"]
    return trial
