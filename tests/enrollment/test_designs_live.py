"""Every design runs a trial: who may enter, what is due, what follows from a signature."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.design import Design
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm
from enrollment.deadlines import next_deadline
from enrollment.events import (
    LevelExpanded,
    LevelOpened,
    LevelStopped,
    MtdDeclared,
    NoTolerableDoseDeclared,
    ReviewDue,
    ReviewLapsed,
    SlotRecalled,
)
from tests.enrollment.designs import OTHERS, SKELETON, THIRTY, TIMED, design_for
from tests.enrollment.months import month, shown
from tests.enrollment.spec import P0, Story, instant, opened, recorded, refused, waits

SIZES: dict[str, Any] = {"max_subjects": 30, "max_per_level": 12}
BOIN = Boin(target=THIRTY, **SIZES)
CRM = Crm(skeleton=SKELETON[:3], target=0.25, **SIZES)
TITE_CRM = TiteCrm(skeleton=SKELETON[:3], target=0.25, escalate_after=Fraction(1, 2), **SIZES)


def begun(design: Design, levels: Sequence[str] = ("L1", "L2", "L3"), **changes: Any) -> Story:
    return opened(P0(design=design, levels=levels, **changes), at="03-01 08:00")


def enrolled(trial: Story, on: str, *subjects: str) -> Story:
    """Reserved and dosed on that day, one after the other."""
    for subject in subjects:
        assert trial.at(f"{on} 09:00").form(subject).outcome == "slot_reserved"
    for subject in subjects:
        assert trial.at(f"{on} 10:00").dose(subject) == recorded()
    return trial


def cleared(trial: Story, on: str, *subjects: str) -> Story:
    for subject in subjects:
        assert trial.at(f"{on} 09:00").clear(subject) == recorded()
    return trial


def explained(trial: Story) -> str:
    return str(shown(trial)["design"]["explain"])


# --- BOIN ----------------------------------------------------------------------------------------


def boin_at_l2() -> Story:
    """L1 0/3; L2 open since 03-22 12:00, P4 to P6 dosed there."""
    trial = enrolled(begun(BOIN), "03-01", "P1", "P2", "P3")
    assert explained(trial).startswith("0 DLTs in 0: waiting for 3 open outcomes at L1")
    cleared(trial, "03-22", "P1", "P2", "P3")
    assert trial.review() == ("escalate", "L2")
    assert explained(trial) == "0 DLTs in 3, at or under 0.236: escalate"
    assert trial.at("03-22 12:00").sign("escalate", "L2") == recorded()
    return enrolled(trial, "03-23", "P4", "P5", "P6")


def test_boin_goes_down_at_once_where_it_is_certain_and_may_come_back() -> None:
    trial = boin_at_l2()
    assert trial.at("03-30 09:00").dlt("P4", "03-29") == recorded()
    assert trial.review() is None
    assert trial.at("03-31 09:00").dlt("P5", "03-30") == recorded()
    assert [event.level_id for event in trial.last(LevelStopped)] == ["L2"]
    assert trial.review() == ("de_escalate", "L1"), "2 in 3 go down whatever P6 turns out to be"
    assert trial.at("03-31 12:00").sign("de_escalate", "L1") == recorded()
    assert trial.last(LevelOpened)[0].target == 6
    cleared(enrolled(trial, "04-01", "P7", "P8", "P9"), "04-22", "P6", "P7", "P8", "P9")
    assert trial.review() == ("escalate", "L2"), "0 in 6, and 2 in 3 eliminate nothing"
    assert trial.at("04-22 12:00").sign("escalate", "L2") == recorded()
    assert not trial.state.levels[1].stopped, "a stop is not for ever"
    assert trial.last(LevelOpened)[0].target == 6
    cleared(enrolled(trial, "04-23", "P10", "P11", "P12"), "05-14", "P10", "P11", "P12")
    assert trial.review() is None
    assert trial.last(LevelExpanded)[0].target == 9, "2 in 6 stay: one cohort more, unsigned"


def test_the_sentence_calls_levels_as_the_protocol_does_not_by_their_place() -> None:
    trial = enrolled(begun(CRM, ("Lm1", "L1", "L2"), start_level="L1"), "03-01", "P1", "P2", "P3")
    assert explained(trial).endswith("target 0.25: waiting for 3 open outcomes at L1")
    for subject in ("P1", "P2"):
        trial.at("03-08 09:00").dlt(subject, "03-07")
    assert trial.review() == ("de_escalate", "Lm1")
    assert explained(trial).endswith(" at L1, target 0.25: go down to Lm1")


def test_boin_eliminates_a_level_for_good_and_it_can_never_be_signed() -> None:
    trial = boin_at_l2()
    for subject in ("P4", "P5", "P6"):
        trial.at("03-30 09:00").dlt(subject, "03-29")
    assert trial.at("03-31 12:00").sign("de_escalate", "L1") == recorded()
    cleared(enrolled(trial, "04-01", "P7", "P8", "P9"), "04-22", "P7", "P8", "P9")
    assert trial.review() is None, "nothing to climb to: one cohort more"
    assert trial.target("L1") == 9
    cleared(enrolled(trial, "04-23", "P10", "P11", "P12"), "05-14", "P10", "P11", "P12")
    cleared(enrolled(trial, "05-15", "P13", "P14", "P15"), "06-05", "P13", "P14", "P15")
    assert trial.review() == ("mtd", "L1")
    assert trial.at("06-05 12:00").sign("mtd", "L2") == refused("review.bolder")
    assert trial.at("06-05 12:00").sign("mtd", "L1") == recorded()


def test_boin_stays_by_its_own_cohort_when_a_reviewer_asks_to() -> None:
    trial = enrolled(begun(BOIN), "03-01", "P1", "P2", "P3")
    cleared(trial, "03-22", "P1", "P2", "P3")
    assert trial.at("03-22 12:00").sign("stay", reason="One cohort more.") == recorded()
    assert trial.last(LevelExpanded)[0].target == 6
    assert shown(trial)["places"] == 3
    assert trial.review() is None


def test_a_late_dlt_below_takes_back_what_rests_on_it() -> None:
    trial = boin_at_l2()
    trial.at("03-24 09:00").dlt("P1", "03-20")
    assert trial.review() == ("de_escalate", "L1"), "1 in 3 would not have escalated"
    assert trial.at("03-24 12:00").sign("de_escalate", "L1") == recorded()
    assert trial.target("L1") == 6


def test_boin_ends_with_the_dose_that_isotonic_regression_chooses() -> None:
    design = replace(BOIN, max_subjects=9, max_per_level=6)
    trial = enrolled(begun(design, ("L1", "L2")), "03-01", "P1", "P2", "P3")
    cleared(trial, "03-22", "P1", "P2", "P3").at("03-22 12:00").sign("escalate", "L2")
    enrolled(trial, "03-23", "P4", "P5", "P6").at("03-30 09:00").dlt("P4", "03-29")
    cleared(trial, "04-13", "P5", "P6")
    enrolled(trial, "04-14", "P7", "P8", "P9").at("04-20 09:00").dlt("P7", "04-19")
    assert trial.at("04-20 09:00").form("P10").rule == "held"
    cleared(trial, "05-05", "P8", "P9")
    assert trial.review() == ("mtd", "L2"), "2 in 6 are closest to 0.3; nine is everybody"
    assert trial.at("05-05 12:00").sign("mtd", "L2") == recorded()
    assert trial.sign_rp2d("L2") == recorded()


def boin_mtd() -> Story:
    """Cohorts of four: L1 0/4; L2 4/12, which is everybody there; the MTD L2 is signed."""
    design = replace(BOIN, cohort_size=4, max_subjects=20)
    trial = begun(design, ("L1", "L2"))
    for dlts in (0, 1, 1, 2):
        month(trial, dlts)
        while trial.review() is not None and trial.state.mtd is None:
            month(trial, 0)
    assert (trial.counts("L1"), trial.counts("L2")) == ((4, 0, 0, 0), (12, 4, 0, 0))
    assert trial.state.mtd == "L2"
    return trial


def test_a_declared_mtd_holds_as_long_as_the_final_rule_would_choose_it() -> None:
    """1 in 4 at L1 would not escalate now, but 4 in 12 stay closest to 0.3 (R10)."""
    trial = boin_mtd()
    first = trial.state.levels[0].dosed[0]
    assert trial.dlt(first, "03-05") == recorded()
    assert trial.counts("L1") == (4, 1, 0, 0)
    assert trial.review() is None
    second = trial.state.levels[0].dosed[1]
    assert trial.dlt(second, "03-05") == recorded()
    assert trial.review() == ("de_escalate", "L1"), "2 in 4 are not"


# --- rolling six ---------------------------------------------------------------------------------


def test_rolling_six_takes_six_at_once_and_escalates_with_one_window_open() -> None:
    trial = begun(RollingSix())
    assert shown(trial)["places"] == 6
    six = ("P1", "P2", "P3", "P4", "P5", "P6")
    enrolled(trial, "03-01", *six[:5])
    enrolled(trial, "03-03", "P6")
    assert trial.at("03-04 09:00").form("P7") == waits(1, "held", "03-22")
    cleared(trial, "03-22", *six[:4])
    assert trial.review() is None
    assert explained(trial) == "0 DLTs in 4 and 2 of 6 still open: wait for them"
    cleared(trial, "03-22", "P5")
    assert trial.review() == ("escalate", "L2"), "five in six without a DLT: one may be open"
    assert trial.at("03-22 12:00").sign("escalate", "L2") == recorded()
    assert trial.promoted()[0][:2] == ("P7", "L2")


def test_rolling_six_goes_down_on_two_and_ends_without_a_dose_at_the_lowest() -> None:
    trial = enrolled(begun(RollingSix()), "03-01", "P1", "P2", "P3")
    trial.at("03-02 09:00").form("P4")
    trial.at("03-04 09:00").dlt("P1", "03-04")
    trial.at("03-04 10:00").dlt("P2", "03-04")
    assert [event.subject_id for event in trial.last(SlotRecalled)] == ["P4"]
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.at("03-05 12:00").sign("no_tolerable_dose") == recorded()
    assert trial.all_of(NoTolerableDoseDeclared)


# --- CRM and TITE-CRM ----------------------------------------------------------------------------


def test_crm_goes_down_by_more_than_one_level_and_a_lower_one_may_be_signed() -> None:
    design = replace(CRM, skeleton=(0.05, 0.3, 0.45), target=0.25, cohort_size=1)
    trial = begun(design)
    for level, subject, on, off in (
        ("L1", "P1", "03-01", "03-22"),
        ("L2", "P2", "03-23", "04-13"),
        ("L3", "P3", "04-14", "05-05"),
    ):
        assert shown(trial)["open_level"] == level
        cleared(enrolled(trial, on, subject), off, subject)
        if trial.review() is not None:
            due = trial.review()
            assert due is not None
            trial.at(f"{off} 12:00").sign(*due)
    while trial.state.open_level == 2 and trial.review() is None:
        who = f"X{trial.steps}"
        day = (trial.now + timedelta(days=1)).strftime("%m-%d")
        enrolled(trial, day, who).at(f"{day} 11:00").dlt(who, day)
    due = trial.review()
    assert due is not None
    assert due[0] == "de_escalate"
    assert trial.sign("de_escalate", "L1", reason="As far as can be.") == recorded()
    assert shown(trial)["open_level"] == "L1"


def test_crm_waits_for_every_window_and_says_where_it_waits() -> None:
    trial = enrolled(begun(CRM), "03-01", "P1", "P2", "P3")
    assert trial.at("03-02 09:00").form("P4") == waits(1, "held", "03-22")
    cleared(trial, "03-22", "P1", "P2", "P3")
    assert trial.review() == ("escalate", "L2")
    assert "target 0.25" in explained(trial)


def test_tite_crm_answers_as_time_alone_passes() -> None:
    trial = enrolled(begun(TITE_CRM), "03-01", "P1", "P2", "P3")
    assert trial.review() is None
    assert trial.at("03-02 09:00").form("P4") == waits(1, "held", "03-12")
    half = instant("03-12 00:00")
    assert next_deadline(trial.state) == half, "10.5 of 21 days have passed on day 12"
    trial.at("03-11 23:59").tick()
    assert trial.events == ()
    trial.at("03-12 00:00").tick()
    assert trial.review() == ("escalate", "L2")
    assert trial.last(ReviewDue)[0].as_of == date(2027, 3, 12)
    assert next_deadline(trial.state) is None, "nothing else comes of itself"
    assert trial.at("03-15 09:00").sign("escalate", "L2") == recorded()
    assert trial.promoted() == [("P4", "L2", "03-18 09:00")]
    assert trial.counts("L1") == (0, 0, 3, 0), "their windows stay open, and go on to count"


def test_a_review_of_open_windows_is_bound_to_the_facts_and_to_its_date() -> None:
    trial = enrolled(begun(TITE_CRM), "03-01", "P1", "P2", "P3")
    trial.at("03-12 00:00").tick()
    assert trial.state.review is not None
    read = trial.state.review.data_hash
    trial.at("03-13 09:00").toxicity("P1", "03-13")
    assert trial.at("03-13 10:00").sign("escalate", "L2", data_hash=read) == refused(
        "review.data_changed"
    )
    assert trial.last(ReviewDue) == []
    assert trial.at("03-14 10:00").sign("escalate", "L2") == recorded(), "read anew, signed"


def test_a_review_lapses_where_a_fact_takes_its_ground_away() -> None:
    trial = enrolled(begun(TITE_CRM), "03-01", "P1", "P2", "P3")
    trial.at("03-12 00:00").tick()
    trial.at("03-13 09:00").correct("P1", "first_dose_on", "02-28")
    assert trial.review() == ("escalate", "L2")
    trial.at("03-13 10:00").correct("P1", "first_dose_on", "03-08")
    assert trial.last(ReviewLapsed)
    assert trial.review() is None
    assert next_deadline(trial.state) == instant("03-19 00:00")


def test_a_command_meets_every_day_on_which_the_design_turned_before_it() -> None:
    """No tick ever came: the review is due before the command is decided (R2)."""
    trial = enrolled(begun(TITE_CRM), "03-01", "P1", "P2", "P3")
    trial.at("03-20 09:00").form("P4")
    assert trial.kinds()[0] == "ReviewDue"
    assert trial.last(ReviewDue)[0].as_of == date(2027, 3, 12)


def test_tite_boin_is_suspended_while_more_than_half_are_pending() -> None:
    trial = enrolled(begun(TiteBoin(BOIN)), "03-01", "P1", "P2", "P3")
    assert explained(trial).endswith("suspended, more than half are pending")
    cleared(trial, "03-22", "P1")
    assert trial.review() is None
    cleared(trial, "03-22", "P2")
    assert trial.review() == ("escalate", "L2"), "P3 is one of three, and its window is over"


# --- all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dlts", [0, 1, 2])
@pytest.mark.parametrize("kind", [*OTHERS, *TIMED])
def test_every_design_comes_to_its_end(kind: str, dlts: int) -> None:
    """Months of `dlts` DLTs in each cohort, every recommendation signed."""
    trial = begun(design_for(kind))
    for _ in range(40):
        if trial.state.phase1 == "closed":
            break
        month(trial, dlts)
    assert trial.state.phase1 == "closed"
    mtds, none = trial.all_of(MtdDeclared), trial.all_of(NoTolerableDoseDeclared)
    assert len(mtds) + len(none) == 1
    if dlts == 0:
        assert [event.level_id for event in mtds] == ["L3"]
    if dlts == 2 and "crm" not in kind:  # A CRM without `stop_above` always names a dose.
        assert none, "two in three everywhere: no dose is tolerable"
