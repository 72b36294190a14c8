"""A new version cannot change what has happened: opened doses, active sites, the trial itself."""

import pytest

from tests.enrollment.designs import design_for
from tests.enrollment.spec import P0, adopted, recorded, rejected
from tests.enrollment.worlds import cleared_at_l1, mtd_is_l1, reserved_at_l1

AMENDED = P0(version="2.0")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (P0(), "protocol.same"),
        (P0().replace("Assignment", "assignment") + "# a remark\n", "protocol.version"),
        (P0(version="2.0", protocol_id="T2"), "protocol.other"),
        (P0(version="2.0", levels=("L2", "L3"), start_level="L2"), "protocol.levels"),
        (P0(version="2.0", levels=("Lm1", "L1", "L2")), "protocol.levels"),
        (P0(version="2.0", sites=("S1", "S2")), "protocol.sites"),
    ],
    ids=["the same text", "no new version", "another trial", "level gone", "dose changed", "site"],
)
def test_an_amendment_that_rewrites_the_past_is_rejected(text: str, rule: str) -> None:
    trial = reserved_at_l1(3)
    assert trial.at("03-01 12:00").adopt(text) == rejected(rule)
    assert trial.state.in_force.version == "1.0"


def test_the_clock_is_fixed_for_good() -> None:
    assert reserved_at_l1(3).at("03-01 12:00").adopt(AMENDED, "real") == rejected("protocol.clock")


def test_levels_that_never_opened_may_change() -> None:
    trial = reserved_at_l1(3)
    assert trial.at("03-01 12:00").adopt(P0(version="2.0", levels=("L1", "L2"))) == recorded()
    assert [level.level_id for level in trial.state.levels] == ["L1", "L2"]
    assert trial.counts("L1") == (0, 0, 0, 3)


def test_an_opened_trial_keeps_its_design_and_may_change_its_parameters() -> None:
    other = P0(version="2.0", design=design_for("boin"))
    assert reserved_at_l1(3).at("03-01 12:00").adopt(other) == rejected("protocol.design")
    trial = reserved_at_l1(3)
    assert trial.at("03-01 12:00").adopt(P0(version="2.0", variant="A")) == recorded()
    before = adopted()
    assert before.at("03-01 12:00").adopt(other) == recorded(), "nobody has entered yet"


def test_after_the_mtd_no_version_asks_for_more_subjects_than_any_dose_has() -> None:
    """Phase I has ended with 3 at L1: with 4 asked for nobody could ever sign an RP2D (R22)."""
    trial = cleared_at_l1()
    assert trial.at("03-22 12:00").sign("mtd", "L1", reason="Enough.") == recorded()
    more = P0(version="2.0", variant="C", rp2d_min_evaluable=4)
    assert trial.at("03-23 09:00").adopt(more) == rejected("protocol.rp2d")
    same = P0(version="2.0", variant="C", rp2d_min_evaluable=3)
    assert trial.at("03-23 10:00").adopt(same) == recorded()
    assert trial.at("03-23 11:00").sign_rp2d("L1") == recorded()


def test_after_the_mtd_a_version_may_ask_for_as_many_as_a_dose_has() -> None:
    trial = mtd_is_l1()
    assert trial.counts("L1") == (6, 0, 0, 0)
    levels = ("L1", "L2")
    more = P0(version="2.0", variant="C", rp2d_min_evaluable=6, levels=levels)
    assert trial.at("05-21 09:00").adopt(more) == recorded()
    assert trial.at("05-21 10:00").sign_rp2d("L1") == recorded()


def test_before_the_mtd_a_version_may_ask_for_more() -> None:
    """The design of that version sees to it that there will be as many."""
    trial = cleared_at_l1()
    more = P0(version="2.0", variant="C", rp2d_min_evaluable=6)
    assert trial.at("03-22 12:00").adopt(more) == recorded()


def test_a_version_that_asks_for_no_more_than_before_is_adopted_however_few_there_are() -> None:
    """MTD L1 with 3, signed below what was recommended; 6 were asked for all along."""
    trial = cleared_at_l1(P0(variant="C", rp2d_min_evaluable=6))
    assert trial.at("03-22 12:00").sign("mtd", "L1", reason="Enough.") == recorded()
    same = P0(version="2.0", variant="C", rp2d_min_evaluable=6)
    assert trial.at("03-23 09:00").adopt(same) == recorded()
    fewer = P0(version="3.0", variant="C", rp2d_min_evaluable=3)
    assert trial.at("03-23 10:00").adopt(fewer) == recorded()
    assert trial.at("03-23 11:00").sign_rp2d("L1") == recorded()
