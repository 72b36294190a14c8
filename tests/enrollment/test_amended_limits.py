"""An amendment may lower limits under what is there: caution at once, and never a dead end."""

from typing import Any

import pytest

from enrollment.board import board
from enrollment.copying import replace
from enrollment.events import LevelExpanded, SlotRecalled
from enrollment.evolve_trial import protocol_of
from enrollment.invariants import free_places
from enrollment.recount import Recount
from tests.enrollment.designs import OTHERS, TIMED, design_for, resized
from tests.enrollment.spec import P0, Story, opened, recorded, refused

IN_COHORTS = tuple(kind for kind in (*OTHERS, *TIMED) if kind != "rolling_six")
LEVELS = ("L1", "L2", "L3")


def begun(kind: str, **changes: Any) -> Story:
    """Cohorts of 3, at most 6 at a level and 15 in all."""
    text = P0(design=design_for(kind, len(LEVELS)), levels=LEVELS, **changes)
    return opened(text, at="03-01 08:00")


def expanded(kind: str) -> Story:
    """L1 1/3 on 03-22, and open for three more: P4 is there and clear on 04-13, 1/4."""
    trial = begun(kind)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-01 10:00").dose(subject) == recorded()
    trial.at("03-10 10:00").dlt("P1", "03-09")
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 09:00").clear("P3")
    assert [event.target for event in trial.all_of(LevelExpanded)] == [6]
    assert trial.at("03-23 09:00").form("P4").outcome == "slot_reserved"
    assert trial.at("03-23 10:00").dose("P4") == recorded()
    assert trial.at("04-13 09:00").clear("P4") == recorded()
    return trial


def limited(trial: Story, kind: str, per_level: int, in_all: int, version: str = "2.0") -> None:
    """The next version allows so many at a level and in all; every site approves it at once."""
    amended = resized(design_for(kind, len(LEVELS)), 3, per_level - 3, in_all - per_level)
    text = P0(version=version, design=amended, levels=LEVELS)
    assert trial.adopt(text) == recorded()
    for site in trial.state.in_force.site_ids:
        assert trial.activate_site(site, version) == recorded()


def shown_target(trial: Story) -> int:
    return int(board(trial.state, trial.now)["phase1"]["levels"][0]["target"])


@pytest.mark.parametrize("kind", IN_COHORTS)
def test_a_level_over_its_new_limit_is_decided_on_what_is_known(kind: str) -> None:
    """Four are there and three may be: nobody is waited for, so the review must be due."""
    trial = expanded(kind)
    assert trial.review() is None
    limited(trial.at("04-14 09:00"), kind, per_level=3, in_all=15)
    assert trial.review() == ("mtd", "L1")
    assert shown_target(trial) == 3
    assert trial.at("04-14 10:00").form("P5").rule == "review_due"
    assert trial.at("04-14 11:00").sign("mtd", "L1") == recorded()


@pytest.mark.parametrize("kind", IN_COHORTS)
def test_a_limit_raised_again_before_a_signature_lets_the_cohort_go_on(kind: str) -> None:
    trial = expanded(kind)
    limited(trial.at("04-14 09:00"), kind, per_level=3, in_all=15)
    limited(trial.at("04-15 09:00"), kind, per_level=6, in_all=15, version="3.0")
    assert trial.review() is None
    assert trial.at("04-15 10:00").form("P5").outcome == "slot_reserved"


def reserved_beyond(kind: str = "boin") -> Story:
    """L1 1/3, then P4, P5 and P6 hold undosed places of the six."""
    trial = begun(kind)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 10:00").dose(subject)
    trial.at("03-10 10:00").dlt("P1", "03-09")
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 09:00").clear("P3")
    for subject in ("P4", "P5", "P6"):
        assert trial.at("03-23 09:00").form(subject).outcome == "slot_reserved"
    return trial


def recalled(trial: Story) -> list[str]:
    return [event.subject_id for event in trial.all_of(SlotRecalled)]


def test_undosed_places_over_the_new_limit_of_a_level_are_recalled_the_newest_first() -> None:
    trial = reserved_beyond()
    limited(trial.at("03-23 12:00"), "boin", per_level=4, in_all=15)
    assert recalled(trial) == ["P6", "P5"]
    assert trial.waitlist() == ["P5", "P6"], "at the head, in the order of reservation (R15)"
    assert trial.slot("P4") == "reserved"
    assert trial.at("03-23 13:00").authorise("P5", "03-23") == refused("no_live_slot")


def test_undosed_places_over_the_new_limit_of_the_trial_are_recalled_too() -> None:
    trial = reserved_beyond()
    limited(trial.at("03-23 12:00"), "boin", per_level=4, in_all=5)
    assert recalled(trial) == ["P6", "P5"]
    limited(trial.at("03-24 12:00"), "boin", per_level=3, in_all=3, version="3.0")
    assert recalled(trial) == ["P6", "P5", "P4"]
    assert trial.review() == ("mtd", "L1"), "the trial is full, and nobody is waited for"


def test_who_is_dosed_goes_on_and_is_waited_for() -> None:
    trial = reserved_beyond()
    trial.at("03-23 10:00").dose("P4")
    limited(trial.at("03-23 12:00"), "boin", per_level=3, in_all=3)
    assert recalled(trial) == ["P6", "P5"]
    assert trial.counts("L1") == (3, 1, 1, 0)
    assert trial.review() is None
    assert trial.at("04-13 09:00").clear("P4") == recorded()
    assert trial.review() == ("mtd", "L1")


def test_a_replacing_version_without_limits_below_recalls_nobody() -> None:
    trial = reserved_beyond()
    limited(trial.at("03-23 12:00"), "boin", per_level=6, in_all=15)
    assert recalled(trial) == []
    assert trial.counts("L1") == (3, 1, 0, 3)


def test_the_verifier_finds_no_place_at_a_staggered_level_of_a_trial_that_is_full() -> None:
    trial = begun("boin", stagger_days=7)
    for subject, on in (("P1", "03-01"), ("P2", "03-08"), ("P3", "03-08")):
        trial.at(f"{on} 09:00").form(subject)
        assert trial.at(f"{on} 10:00").dose(subject) == recorded()
    for subject in ("P1", "P2", "P3"):
        trial.at("03-29 09:00").clear(subject)
    assert trial.at("03-29 10:00").sign("escalate", "L2") == recorded()
    today, recount = trial.now.date(), Recount.of(trial.state)
    assert free_places(trial.state, 1, recount, today) == 1
    fewer = resized(design_for("boin", len(LEVELS)), 3, 0, 0)
    full = protocol_of(P0(version="2.0", design=fewer, levels=LEVELS, stagger_days=7))
    assert free_places(replace(trial.state, protocol=full), 1, recount, today) == 0
