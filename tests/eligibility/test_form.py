"""The screening form is strict: what is not exactly a fact is refused, with place and mend."""

import json
from typing import Any

import pytest

from eligibility.form import ScreeningForm
from eligibility.parse import FORM_BYTES_MAX, FormError, parse_form
from eligibility.partial_date import PartialDate, add_months, parse_partial_date
from tests.eligibility.base import form, raw
from tests.eligibility.forms import lab


def problem(changes: dict[str, Any]) -> tuple[str, str, str]:
    with pytest.raises(FormError) as caught:
        form(changes)
    [one] = caught.value.problems
    return one.pointer, one.rule, one.mend


EXACT = 'write a decimal number as a string, such as "1.5", so that it stays exact'


@pytest.mark.parametrize(
    "value", [1.5, "NaN", "Infinity", "-1", "1e3", "1_000", "1,5", "", " 1", True, None, "1" * 16]
)
def test_a_measured_value_is_exact_and_finite_or_refused(value: object) -> None:
    result = {**lab("inr", "1", "1"), "value": value}
    pointer, _, mend = problem({"labs": [result]})
    assert pointer == "/labs/0/value"
    assert mend == EXACT


@pytest.mark.parametrize(
    ("value", "written"), [("1.50", "1.50"), (1700, "1700"), ("0.000000000001", "1E-12")]
)
def test_a_measured_value_stays_as_it_was_written(value: object, written: str) -> None:
    found = form({"labs": [{**lab("inr", "1", "1"), "value": value}]})
    assert str(found.labs[0].value) == written


def test_a_unit_stays_as_it_was_reported() -> None:
    found = form({"labs": [lab("neutrophils", "1.7", "10^9/L")]})
    assert (str(found.labs[0].value), found.labs[0].unit) == ("1.7", "10^9/L")


@pytest.mark.parametrize(
    ("changes", "pointer", "mend"),
    [
        ({"hart": {}}, "/hart", "write `heart`, or remove it"),
        ({"heart.nyha_clas": 1}, "/heart/nyha_clas", "write `nyha_class`, or remove it"),
        ({"neuropathy.motor_grade": True}, "/neuropathy/motor_grade", "write a whole number"),
        ({"neuropathy.motor_grade": "1"}, "/neuropathy/motor_grade", "write a whole number"),
        ({"neuropathy.motor_grade": 6}, "/neuropathy/motor_grade", "correct it"),
        ({"heart.angina": True}, "/heart/angina", "write 'yes', 'no' or 'unknown'"),
        ({"heart.angina": "maybe"}, "/heart/angina", "write 'yes', 'no' or 'unknown'"),
        ({"subject_id": None}, "/subject_id", "fill it in"),
        ({"subject_id": "Jane Doe"}, "/subject_id", "correct it"),
        ({"completed_on": "2027-02-30"}, "/completed_on", "write a date"),
        ({"completed_on": "2027-03"}, "/completed_on", "write a date"),
        ({"completed_on": 20270324}, "/completed_on", "write a date"),
        ({"completed_on": "2027-03-24T10:00:00Z"}, "/completed_on", "write a date"),
        ({"demographics.birth_date": "1971-13"}, "/demographics/birth_date", "no such month"),
        ({"demographics.birth_date": "2027-02-29"}, "/demographics/birth_date", "no such day"),
        ({"demographics.birth_date": 1971}, "/demographics/birth_date", "write a date"),
        ({"medicines": {}}, "/medicines", "write a list"),
        ({"consent": []}, "/consent", "write an object"),
    ],
)
def test_each_error_names_its_place_and_its_mend(
    changes: dict[str, Any], pointer: str, mend: str
) -> None:
    found_pointer, _, found_mend = problem(changes)
    assert found_pointer == pointer
    assert mend in found_mend


def test_lists_and_texts_are_bounded() -> None:
    assert problem({"medicines": [{"name": "x"}] * 201})[0] == "/medicines"
    assert problem({"prior_regimens": raw()["prior_regimens"] * 61})[0] == "/prior_regimens"
    assert problem({"medicines": [{"name": "x" * 101}]})[0] == "/medicines/0/name"
    with pytest.raises(FormError, match="at most 1 MB"):
        parse_form(b" " * (FORM_BYTES_MAX + 1))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b'{"a": NaN}'])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(FormError):
        parse_form(text)


def test_a_form_reads_the_same_from_text_and_from_loaded_json() -> None:
    assert parse_form(raw()) == parse_form(json.dumps(raw()))
    assert ScreeningForm.model_validate_json(json.dumps(raw())) == parse_form(raw())


def test_a_form_written_again_is_the_same_form() -> None:
    assert parse_form(form().model_dump_json()) == form()
    shorter = form().model_dump_json(exclude_defaults=True)
    assert parse_form(shorter) == form()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2008", "2008-01-01", "2008-12-31"),
        ("2008-02", "2008-02-01", "2008-02-29"),
        ("2008-06-17", "2008-06-17", "2008-06-17"),
    ],
)
def test_a_partial_date_stands_for_every_day_it_may_be(text: str, first: str, last: str) -> None:
    found = parse_partial_date(text)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)
    assert str(found) == text


def test_what_happened_lies_no_later_than_the_form() -> None:
    march: PartialDate = parse_partial_date("2027-03")
    on = form().completed_on
    assert march.until(on) == (march.first, on)
    assert parse_partial_date("2027-04").until(on) is None


@pytest.mark.parametrize(
    ("on", "months", "then"),
    [
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2027-01-31", 1, "2027-02-28"),
        ("2008-02-29", 216, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_months_are_added_by_the_calendar(on: str, months: int, then: str) -> None:
    assert add_months(parse_partial_date(on).first, months).isoformat() == then


def test_the_json_schema_of_the_form_can_be_made() -> None:
    schema = ScreeningForm.model_json_schema()
    assert schema["additionalProperties"] is False
    assert {"subject_id", "site_id", "completed_on", "planned_first_dose_on"} == set(
        schema["required"]
    )


@pytest.mark.parametrize(
    ("year", "known"), [(1849, False), (1850, True), (2200, True), (2201, False)]
)
def test_a_year_far_out_of_time_is_a_slip_of_the_pen(year: int, known: bool) -> None:
    if known:
        assert str(parse_partial_date(str(year))) == str(year)
    else:
        with pytest.raises(ValueError, match="out of range"):
            parse_partial_date(str(year))
