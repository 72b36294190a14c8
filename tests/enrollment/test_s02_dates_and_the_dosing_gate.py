"""Scenario S2: dates and boundaries through the decider, and the gate before the first dose."""

from datetime import date
from typing import Any

import pytest

from eligibility.verdict import Verdict
from enrollment.events import FirstDoseAuthorised, FlagLifted, FormJudged, SlotFlagged
from tests.enrollment.spec import P0, Story, opened, recorded, refused, reserved

FIRST_DOSE, REGISTRATION, ENROLMENT = "first_dose", "registration", "enrolment"
TREATMENT_START = "treatment_start"
PASSES: list[dict[str, Any]] = [
    {"bevacizumab_last": "2027-02-28"},
    {"radiotherapy_ended": "2027-03-10"},
    {"endocrine_stopped": "2027-03-22"},
    {"pregnancy_test": "2027-03-22"},
    {"infarction": "2026-09-28"},
]
FAILS: list[tuple[dict[str, Any], set[str], set[str], str | None]] = [
    # fact, criteria that fail, anchors that may be named, earliest
    ({"bevacizumab_last": "2027-03-01"}, {"I5d", "E2"}, {FIRST_DOSE, TREATMENT_START}, "03-30"),
    ({"radiotherapy_ended": "2027-03-11"}, {"I5b"}, {REGISTRATION}, "03-25"),
    ({"endocrine_stopped": "2027-03-23"}, {"I5c"}, {FIRST_DOSE, TREATMENT_START}, "03-30"),
    ({"surgery": "2027-03-01"}, {"E16"}, {FIRST_DOSE}, "03-30"),
    ({"infarction": "2026-09-29"}, {"E10"}, {FIRST_DOSE, TREATMENT_START}, "03-30"),
    ({"other_cancer_ended": "2022-03-24"}, {"E8"}, {ENROLMENT}, "03-25"),
    ({"anc": [("1700", "2027-03-20"), ("1500", "2027-03-23")]}, {"I8"}, {""}, None),
    ({"born": "2009-03-25"}, {"I1"}, {REGISTRATION}, "03-25"),
]


def judged(**facts: Any) -> Story:
    trial = opened(P0(results_go_stale=True), at="02-22 09:00")
    trial.at("03-24 10:00").form("K", planned="03-29", **facts)
    return trial


def failing(trial: Story) -> set[str]:
    [event] = trial.last(FormJudged)
    findings = Verdict.from_json(event.verdict).findings_for(1)
    return {f.criterion_id for f in findings if str(f.answer) == "fail"}


@pytest.mark.parametrize("facts", PASSES, ids=lambda facts: next(iter(facts)))
def test_a_fact_just_inside_its_limit_gets_a_slot(facts: dict[str, Any]) -> None:
    trial = judged(**facts)
    assert trial.answer is not None
    assert (trial.answer.outcome, trial.answer.level_id) == ("slot_reserved", "L1")


@pytest.mark.parametrize(
    ("facts", "criteria", "anchors", "earliest"), FAILS, ids=[next(iter(row[0])) for row in FAILS]
)
def test_a_fact_just_outside_fails_and_names_the_first_passing_date(
    facts: dict[str, Any], criteria: set[str], anchors: set[str], earliest: str | None
) -> None:
    trial = judged(**facts)
    assert failing(trial) == criteria
    assert trial.answer is not None
    assert trial.answer.outcome == "ineligible"
    expected = None if earliest is None else date.fromisoformat(f"2027-{earliest}")
    assert trial.answer.earliest == expected
    assert (trial.answer.anchor or "") in anchors
    assert trial.slot("K") is None
    assert trial.waitlist() == []


def test_a_stale_pregnancy_test_is_unknown_and_no_date_can_be_known() -> None:
    trial = judged(pregnancy_test="2027-03-21")
    assert trial.answer is not None
    assert (trial.answer.outcome, trial.answer.earliest) == ("incomplete", None)
    assert failing(trial) == set()
    assert trial.answer.missing != ()


def test_six_months_after_31_august_are_clamped_to_28_february() -> None:
    trial = opened(P0(results_go_stale=True))
    trial.at("02-24 10:00").form("K", planned="02-28", tia="2026-08-31")
    assert failing(trial) == {"E12"}
    assert trial.answer is not None
    assert trial.answer.outcome == "ineligible"
    assert trial.answer.earliest == date(2027, 3, 1)


def gate() -> Story:
    """K holds a slot at L1 from 03-24 10:00 with a pregnancy test of 03-22."""
    trial = opened(P0(reservation_hours=168, results_go_stale=True))
    answer = trial.at("03-24 10:00").form("K", planned="03-29", pregnancy_test="2027-03-22")
    assert answer == reserved("L1", "03-31 10:00")
    return trial


def amend_anc(trial: Story, when: str, value: str) -> None:
    on = f"2027-{when[:5]}"
    trial.at(when).amend("K", planned="03-29", pregnancy_test="2027-03-22", anc=[(value, on)])


def test_the_dosing_gate_row_by_row() -> None:
    trial = gate()

    amend_anc(trial, "03-25 09:00", "1500")
    [flagged] = trial.last(SlotFlagged)
    assert (flagged.subject_id, flagged.criteria) == ("K", ("I8",))
    assert trial.slot("K") == "reserved"

    answer = trial.at("03-25 10:00").settle("K", "I8")
    assert answer == refused("fail_cannot_be_settled")

    assert trial.at("03-25 11:00").authorise("K", "03-29") == refused("I8")

    amend_anc(trial, "03-27 09:00", "1620")
    [lifted] = trial.last(FlagLifted)
    assert lifted.subject_id == "K"

    assert trial.at("03-28 09:00").authorise("K", "03-30") == refused("I14")
    assert trial.slot("K") == "reserved"

    assert trial.authorise("K", "03-29").outcome == "recorded"
    [granted] = trial.last(FirstDoseAuthorised)
    assert (granted.subject_id, granted.planned_on) == ("K", date(2027, 3, 29))
    assert trial.slot("K") == "authorised"


def test_a_dose_given_while_flagged_is_recorded_with_the_deviation() -> None:
    trial = gate()
    amend_anc(trial, "03-25 09:00", "1500")
    assert trial.at("03-26 10:00").dose("K", "03-26") == recorded("I8")
    assert trial.window_ends("K") == "04-16"
    assert trial.counts("L1") == (0, 0, 1, 0)
