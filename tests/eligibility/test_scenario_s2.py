"""Scenario S2, one fact at a time: registration on 24 March 2027, first dose on 29 March."""

from datetime import date
from typing import Any

import pytest

from eligibility.anchors import Anchors
from eligibility.finding import Earliest
from tests.eligibility.base import anchors, finding, verdict
from tests.eligibility.forms import ADJUVANT, ELIGIBLE, lab


def drug(name: str, drug_class: str, stopped_on: str) -> dict[str, Any]:
    one = {
        "disease": "this_cancer",
        "intent": "metastatic",
        "agents": [{"name": name, "drug_class": drug_class}],
        "started_on": "2026-12-01",
        "stopped_on": stopped_on,
    }
    return {"prior_regimens": [ADJUVANT, one]}


def bevacizumab(last: str) -> dict[str, Any]:
    return drug("bevacizumab", "biologic", last)


def endocrine(last: str) -> dict[str, Any]:
    return drug("letrozole", "endocrine", last)


def radiotherapy(ended: str) -> dict[str, Any]:
    course = {"region": "spine", "ended_on": ended}
    return {"radiotherapy": {"courses": [course], "marrow_percent": "10", "toxicity_grade": 0}}


def pregnancy_test(on: str) -> dict[str, Any]:
    return {"pregnancy.tests": [{"kind": "serum", "result": "negative", "taken_on": on}]}


def infarction(on: str) -> dict[str, Any]:
    return {"heart.infarction": "yes", "heart.infarction_on": on}


def neutrophils(*results: tuple[str, str]) -> dict[str, Any]:
    others = [one for one in ELIGIBLE["labs"] if one["analyte"] != "neutrophils"]
    counts = [lab("neutrophils", value, "/uL") | {"taken_on": on} for value, on in results]
    return {"labs": others + counts}


MARCH = {day: date(2027, 3, day) for day in (1, 25, 30)}

TABLE = [
    (bevacizumab("2027-03-01"), ("I5d", "E2"), "fail", Earliest("first_dose", MARCH[30])),
    (bevacizumab("2027-02-28"), ("I5d", "E2"), "pass", None),
    (radiotherapy("2027-03-10"), ("I5b",), "pass", None),
    (radiotherapy("2027-03-11"), ("I5b",), "fail", Earliest("registration", MARCH[25])),
    (endocrine("2027-03-22"), ("I5c",), "pass", None),
    (endocrine("2027-03-23"), ("I5c",), "fail", Earliest("first_dose", MARCH[30])),
    (pregnancy_test("2027-03-22"), ("I14",), "pass", None),
    (pregnancy_test("2027-03-21"), ("I14",), "unknown", None),
    (
        {"operations": [{"kind": "major", "happened_on": "2027-03-01"}]},
        ("E16",),
        "fail",
        Earliest("first_dose", MARCH[30]),
    ),
    (infarction("2026-09-28"), ("E10",), "pass", None),
    (infarction("2026-09-29"), ("E10",), "fail", Earliest("first_dose", MARCH[30])),
    (
        {
            "other_malignancies": [
                {"kind": "other", "curative_intent": "yes", "ended_on": "2022-03-24"}
            ]
        },
        ("E8",),
        "fail",
        Earliest("enrolment", MARCH[25]),
    ),
    (neutrophils(("1700", "2027-03-20"), ("1500", "2027-03-23")), ("I8",), "fail", None),
    (
        {"demographics.birth_date": "2009-03-25"},
        ("I1",),
        "fail",
        Earliest("registration", MARCH[25]),
    ),
]
OUTCOMES = {"pass": "eligible", "fail": "ineligible", "unknown": "incomplete"}


@pytest.mark.parametrize(("facts", "criteria", "answer", "earliest"), TABLE)
def test_each_row_of_the_table(
    facts: dict[str, Any], criteria: tuple[str, ...], answer: str, earliest: Earliest | None
) -> None:
    found = verdict(facts)
    assert {finding(found, one).answer for one in criteria} == {answer}
    for phase in (1, 2):
        assert found.outcome(phase) == OUTCOMES[answer]
        assert found.earliest(phase) == earliest
        if answer == "fail":
            assert found.fails(phase) == criteria


def test_31_august_and_six_months_are_28_february() -> None:
    facts = {
        "completed_on": "2027-02-24",
        "thrombotic_events": [{"kind": "tia", "happened_on": "2026-08-31"}],
    }
    found = verdict(facts, anchors(date(2027, 2, 24), date(2027, 2, 28)))
    assert finding(found, "E12").answer == "fail"
    assert finding(found, "E12").earliest == Earliest("first_dose", MARCH[1])


def later(registration: date, first_dose: date) -> Anchors:
    """Enrolled on 24 March; amended and dosed later."""
    return Anchors(registration, date(2027, 3, 24), first_dose, first_dose)


def test_the_dosing_gate_of_the_second_part() -> None:
    amended = neutrophils(("1500", "2027-03-25")) | {"completed_on": "2027-03-25"}
    found = verdict(amended, later(date(2027, 3, 25), date(2027, 3, 29)))
    assert found.fails(1) == ("I8",)
    mended = neutrophils(("1620", "2027-03-27")) | {"completed_on": "2027-03-27"}
    for_30_march = verdict(mended, later(date(2027, 3, 27), date(2027, 3, 30)))
    assert for_30_march.unknowns(1) == ("I14",)
    assert "stale" in finding(for_30_march, "I14").because
    for_29_march = verdict(mended, later(date(2027, 3, 27), date(2027, 3, 29)))
    assert for_29_march.outcome(1) == "eligible"
