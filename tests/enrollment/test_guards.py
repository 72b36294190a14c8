"""What stands between a subject and a dose, one guard at a time: each was taken out once to see."""

from datetime import timedelta
from typing import Any

from enrollment import commands as c
from enrollment import judging
from enrollment.events import LevelExpanded, LevelStopped, SlotRecalled
from enrollment.evolve import apply
from enrollment.evolve_trial import protocol_of
from tests.enrollment.forms import eligible_form
from tests.enrollment.spec import (
    CENTRE,
    P0,
    Story,
    day,
    instant,
    recorded,
    refused,
    rejected,
    reserved,
    site_staff,
    waits,
)
from tests.enrollment.worlds import dosed_at_l1, escalated, mtd_is_l1, reserved_at_l1


def staggered(*others: str) -> Story:
    """P1 dosed 03-02 at a level with a stagger of 7 days; others may follow from 03-09."""
    trial = reserved_at_l1(1, P0(stagger_days=7))
    for subject in others:
        trial.form(subject)
    trial.at("03-02 11:00").dose("P1")
    return trial


def test_no_dose_is_authorised_for_the_instant_at_which_the_place_expires() -> None:
    trial = staggered("P2")
    assert trial.state.subjects["P2"].slot is not None
    assert trial.state.subjects["P2"].slot.expires_at == instant("03-12 00:00")
    assert trial.at("03-08 09:00").authorise("P2", "03-12") == refused("expires_before")
    assert trial.authorise("P2", "03-11") == recorded()


def test_a_held_place_is_named_as_what_stands_against_a_dose() -> None:
    trial = reserved_at_l1(0, P0(reserve_on="consented"))
    trial.at("03-01 09:00").consent("P1")
    assert trial.at("03-01 10:00").authorise("P1", "03-02") == refused("held")


def test_facts_of_tomorrow_are_none_yet() -> None:
    trial = reserved_at_l1()
    trial.at("03-01 10:00").dose("P1")
    assert trial.at("03-03 10:00").report_dose("P2", "03-04") == rejected("in_the_future")
    assert trial.slot("P2") == "reserved"
    assert trial.correct("P1", "first_dose_on", "03-04") == rejected("in_the_future")
    assert trial.window_ends("P1") == "03-22"
    assert trial.correct("P1", "first_dose_on", "03-03") == recorded()


def test_who_had_just_the_required_doses_is_evaluable() -> None:
    trial = dosed_at_l1()
    for given, outcome in ((32, "refused"), (31, "recorded")):
        missed = c.MissedDose(
            drug="sorafenib", doses_given=given, doses_required=32, reason="Left town."
        )
        command = c.ReportWindowOutcome(
            subject_id="P1", outcome="not_evaluable", missed_doses=(missed,)
        )
        assert trial.at("03-10 10:00").do(command, site_staff("S1")).outcome == outcome, given


def test_a_site_neither_adjudicates_nor_settles_nor_moves_a_subject_to_a_level() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").death("P1", "03-04")
    signed: dict[str, Any] = {"reason": "So.", "meaning": "I judge so."}
    judged = c.AdjudicateDeath(subject_id="P1", finding="unrelated", **signed)
    assert trial.do(judged, site_staff("S1")) == refused("role")
    moved = c.CorrectFact(subject_id="P2", fact="dosed_level", level_id="L2", **signed)
    assert trial.do(moved, site_staff("S1")) == refused("signature")
    unsigned = moved.model_copy(update={"meaning": None})
    assert trial.do(unsigned, CENTRE) == refused("signature")
    assert trial.counts("L1") == (1, 1, 2, 0)
    trial.form("P4", a=0, m=1)
    settled = c.SettleFinding(subject_id="P4", phase=1, criterion_id="I5a", **signed)
    assert trial.do(settled, site_staff("S1")) == refused("role")


def test_a_corrected_window_that_ends_today_is_over() -> None:
    trial = dosed_at_l1()
    trial.at("03-22 09:00").clear("P1")
    trial.at("03-23 10:00").correct("P1", "first_dose_on", "03-02")
    assert trial.slot("P1") == "cleared"
    trial.correct("P1", "first_dose_on", "03-03")
    assert trial.slot("P1") == "dosed"


def test_no_rp2d_is_signed_while_a_review_is_due() -> None:
    trial = mtd_is_l1()
    trial.at("05-21 09:00").dlt("P1", "03-05")
    trial.dlt("P2", "03-05")
    assert trial.review() is not None
    assert trial.sign_rp2d("L1") == refused("review_due")


def test_one_evaluable_too_few_makes_no_rp2d() -> None:
    text = P0(variant="C", levels=("L1", "L2"), rp2d_min_evaluable=4)
    trial = dosed_at_l1(text)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    trial.at("03-22 10:00").sign("escalate", "L2")
    for cohort in (("P4", "P5", "P6"), ("P7", "P8", "P9")):
        for subject in cohort:
            trial.form(subject)
        for subject in cohort:
            trial.dose(subject)
        trial.now += timedelta(days=21)
        for subject in cohort:
            trial.clear(subject)
    assert trial.sign("mtd", "L2") == recorded()
    assert trial.counts("L1") == (3, 0, 0, 0)
    assert trial.sign_rp2d("L1", reason="Late toxicities.") == refused("rp2d.min_evaluable")
    assert trial.sign_rp2d("L2") == recorded()


def test_a_dlt_without_a_dose_does_not_open_a_staggered_level_to_the_next() -> None:
    trial = reserved_at_l1(1, P0(stagger_days=7))
    trial.at("03-01 12:00").dlt("P1", "03-01")
    assert trial.at("03-01 13:00").form("P2") == waits(1, "stagger", None)


def test_a_flag_takes_the_leave_for_a_dose_that_was_given_before() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-01 10:00").authorise("P1", "03-02") == recorded()
    trial.at("03-01 11:00").amend("P1", a=0, m=2)
    assert trial.slot("P1") == "reserved"
    trial.at("03-01 12:00").amend("P1")
    assert trial.slot("P1") == "reserved"


def test_a_corrected_first_dose_moves_the_stagger_of_those_who_wait_for_it() -> None:
    trial = staggered("P2")
    trial.at("03-05 09:00").correct("P1", "first_dose_on", "03-04")
    assert trial.authorise("P2", "03-10") == refused("stagger", "03-11")
    assert trial.authorise("P2", "03-11") == recorded()
    assert trial.at("03-05 10:00").form("P3") == reserved("L1", "03-14 00:00", "03-11")


def test_a_verdict_of_other_dates_or_of_another_protocol_is_not_taken() -> None:
    protocol, other = protocol_of(P0()), protocol_of(P0(version="2.0"))
    on, at = day("03-01"), instant("03-01 09:00")
    form = eligible_form("P1", "S1", on=on, planned=on)
    given = judging.judge_on_arrival(judging.parsed(form), protocol, at).to_json()
    assert judging.fitting(given, form, protocol, at) is not None
    assert judging.fitting(given, form, protocol, at + timedelta(days=1)) is None
    assert judging.fitting(given, form, other, at) is None


def test_a_level_that_expands_by_itself_lifts_no_stop_below_it() -> None:
    """A CRM may stop a lower level and go on at the open one; backfill below must stay closed."""
    below = apply(escalated().state, LevelStopped(level_id="L1"))
    expanded = apply(below, LevelExpanded(level_id="L2", target=6))
    assert [level.stopped for level in expanded.levels] == [True, False, False]
    both = apply(below, LevelStopped(level_id="L2"))
    signed = apply(both, LevelExpanded(level_id="L2", target=6))
    assert [level.stopped for level in signed.levels] == [False, False, False]


def test_who_goes_down_past_a_backfilled_level_takes_its_places_back() -> None:
    trial = escalated(P0(backfill=(6, True)))
    for cohort, at in ((("P4", "P5", "P6"), "03-23"), (("P7", "P8", "P9"), "04-14")):
        for subject in cohort:
            trial.at(f"{at} 09:00").form(subject)
        for subject in cohort:
            trial.at(f"{at} 10:00").dose(subject)
        if at == "03-23":
            for subject in cohort:
                trial.at("04-13 09:00").clear(subject)
            trial.at("04-13 10:00").sign("escalate", "L3")
    assert trial.at("04-15 09:00").form("B1") == reserved("L2", "04-18 09:00")
    for subject in ("P7", "P8"):
        trial.at("04-15 10:00").dlt(subject, "04-15")
    assert trial.review() == ("de_escalate", "L2")
    assert trial.slot("B1") == "reserved"
    trial.sign("de_escalate", "L1", reason="Late toxicities at L2.")
    assert [(one.subject_id, one.level_id) for one in trial.last(SlotRecalled)] == [("B1", "L2")]
