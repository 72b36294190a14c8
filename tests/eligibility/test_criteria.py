"""Criteria as data: every key known, every bound given, ids complete, one way of counting."""

import tomllib
from typing import Any

import pytest

from eligibility.criteria import FAMILIES, CriterionError, build_criteria, parse_criterion
from protocols.declared import DECLARED
from tests.eligibility.base import anchors, form, shipped
from tests.eligibility.forms import ELIGIBLE, lab


def tables() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(shipped().text)["criteria"]
    return found


def table(criterion_id: str, **changes: Any) -> dict[str, Any]:
    [one] = [t for t in tables() if t["id"] == criterion_id]
    changed = {**one, **changes}
    return {key: value for key, value in changed.items() if value is not None}


def error(criterion_id: str, **changes: Any) -> CriterionError:
    with pytest.raises(CriterionError) as caught:
        parse_criterion(table(criterion_id, **changes))
    return caught.value


def test_the_shipped_criteria_are_the_41_of_the_record() -> None:
    assert tuple(one.id for one in build_criteria(tables(), DECLARED)) == DECLARED


def test_every_family_is_used_by_the_shipped_protocol() -> None:
    assert {t["family"] for t in tables()} == set(FAMILIES)


@pytest.mark.parametrize("one", tables(), ids=lambda t: t["id"])
def test_a_misspelt_key_stops_every_family(one: dict[str, Any]) -> None:
    with pytest.raises(CriterionError) as caught:
        parse_criterion({**one, "treshold": 3})
    assert (caught.value.key, caught.value.rule) == ("treshold", "unknown key")


def test_errors_name_key_rule_and_mend() -> None:
    wrong = error("I1", years_min=None, years_mn=18)
    assert str(wrong) == "years_min: this key is missing. Mend: add `years_min = ...`."
    wrong = error("I1", years_mn=18)
    assert (wrong.key, wrong.mend) == ("years_mn", "write `years_min`, or remove it")
    assert error("I1", family="aeg").key == "family"
    assert "registration" in error("I1", anchor="birthday").mend
    assert error("I1", years_min="18").mend == "write a whole number without quotes"
    assert error("I1", years_min=True).key == "years_min"
    assert error("I6", ratio_under=2.2).mend == 'write it as a string, such as "1.5"'
    assert error("I6", ratio_under="NaN").key == "ratio_under"
    assert error("I6", her2_safety="ignore").key == "her2_safety"
    assert error("I5a", phase2_mode="any").key == "phase2_mode"
    assert error("I5a", toxicity_swaps=["paclitaxel"]).key == "toxicity_swaps"
    assert error("I5d", days_over=None).rule == "0 wash-outs are given"
    assert error("I5d", days_min=28).rule == "2 wash-outs are given"
    assert error("E7", no=["viruses.hvi"]).rule == "the form has no field `viruses.hvi`"
    assert error("E7", no=["demographics.birth_date"]).key == "no"
    assert error("I9", with_liver_metastases_under_upper_limits="2").rule.startswith("lower")


@pytest.mark.parametrize(
    ("limit", "key"),
    [
        ({"analyte": "neutrophils", "unit": "/uL"}, "limits[0].over"),
        ({"analyte": "neutrophils", "over": "1", "under": "2", "unit": "/uL"}, "limits[0].over"),
        ({"analyte": "neutrophils", "over": "1500"}, "limits[0].unit"),
        ({"analyte": "neutrophils", "over": "1500", "unit": "g/dL"}, "limits[0].unit"),
        ({"analyte": "leukocytes", "over": "1500", "unit": "/uL"}, "limits[0].analyte"),
        ({"analyte": "ast", "under_upper_limits": "2", "unit": "U/L"}, "limits[0].unit"),
    ],
)
def test_a_laboratory_limit_has_one_bound_and_a_unit_of_its_analyte(
    limit: dict[str, str], key: str
) -> None:
    assert error("I8", limits=[limit]).key == key


def test_ids_are_complete_and_each_once() -> None:
    with pytest.raises(CriterionError, match="criteria are missing: I1, E21"):
        build_criteria([t for t in tables() if t["id"] not in ("I1", "E21")], DECLARED)
    with pytest.raises(CriterionError, match="two criteria are called I1"):
        build_criteria([*tables(), tables()[0]], DECLARED)
    with pytest.raises(CriterionError, match="criteria are not declared: I99"):
        build_criteria([*tables(), table("I1", id="I99")], DECLARED)


def test_regimens_are_counted_in_one_way() -> None:
    others = [t for t in tables() if t["id"] != "E1"]
    with pytest.raises(CriterionError, match="count regimens differently"):
        build_criteria([*others, table("E1", rechallenge_as_same=False)])


def test_validity_and_wash_outs_are_there_for_the_checks_of_a_protocol() -> None:
    rules = {one.id: one.rule for one in shipped().criteria}
    assert (rules["I8"].validity_days, rules["I11"].validity_days) == (14, 42)
    assert (rules["I3"].validity_days, rules["I14"].validity_days) == (28, 7)
    assert (rules["E2"].washout_days, rules["E12"].washout_days) == (28, 186)
    assert rules["I1"].validity_days is None


def test_only_parameters_that_the_record_lacks_are_marked_illustrative() -> None:
    marked = {one.id for one in shipped().criteria if one.illustrative}
    with_days = {one.id for one in shipped().criteria if one.rule.validity_days is not None}
    assert marked == (with_days - {"I14"}) | {"I5a", "I6", "I16", "E1"}


@pytest.mark.parametrize(
    ("analyte", "bound", "amount", "unit", "value", "reported_in", "answer"),
    [
        ("creatinine", "over", "0.8", "mg/dL", "70.736", "umol/L", "fail"),
        ("creatinine", "over", "0.8", "mg/dL", "70.737", "umol/L", "pass"),
        ("creatinine", "max", "2.5", "mg/dL", "221.05", "umol/L", "pass"),
        ("creatinine", "max", "2.5", "mg/dL", "221.051", "umol/L", "fail"),
        ("creatinine", "max", "70.736", "umol/L", "0.8", "mg/dL", "pass"),
        ("creatinine", "under", "70.736", "umol/L", "0.8", "mg/dL", "fail"),
        ("bilirubin", "under", "1.5", "mg/dL", "25.656", "umol/L", "fail"),
        ("bilirubin", "under", "1.5", "mg/dL", "25.655", "umol/L", "pass"),
        ("ast", "under", "0.7", "ukat/L", "42", "U/L", "fail"),
        ("ast", "under", "0.7", "ukat/L", "41.9", "IU/L", "pass"),
        ("alt", "max", "42", "U/L", "0.7", "ukat/L", "pass"),
        ("haemoglobin", "over", "9", "g/dL", "90", "g/L", "fail"),
        ("haemoglobin", "over", "90", "g/L", "9.1", "g/dL", "pass"),
        ("platelets", "over", "100", "10^9/L", "100000", "/mm3", "fail"),
        ("platelets", "over", "100000", "/uL", "100.001", "10^3/uL", "pass"),
    ],
)
def test_at_the_very_limit_no_conversion_rounds(
    analyte: str, bound: str, amount: str, unit: str, value: str, reported_in: str, answer: str
) -> None:
    limit = {"analyte": analyte, bound: amount, "unit": unit}
    criterion = parse_criterion(table("I8", limits=[limit]))
    [found] = criterion.judge(form({"labs": [lab(analyte, value, reported_in)]}), anchors())
    assert found.answer == answer, found.because


def test_a_gap_that_no_life_is_long_enough_for_is_refused() -> None:
    assert error("E12", months_over=1201).mend == "write at most 1200"
    assert error("E8", years_over=101).mend == "write at most 100"
    assert error("E10", angina_months_over=1201).key == "angina_months_over"
    assert error("I1", years_min=121).mend == "write at most 120"
    key = "promote_adjuvant_if_relapse_within_months"
    assert error("I5a", **{key: 1201}).key == key


@pytest.mark.parametrize("longest", [{"months_over": 1200}, {"years_over": 100}])
def test_the_longest_gap_is_still_counted(longest: dict[str, int]) -> None:
    criterion = parse_criterion(table("E12", **{"months_over": None, **longest}))
    event = {"kind": "tia", "happened_on": "2027-01-10"}
    [found] = criterion.judge(form({"thrombotic_events": [event]}), anchors())
    assert found.earliest is not None
    assert found.earliest.on.isoformat() == "2127-01-11"


@pytest.mark.parametrize(
    ("bound", "below", "at", "above"),
    [
        ("over", "fail", "fail", "pass"),
        ("min", "fail", "pass", "pass"),
        ("under", "pass", "fail", "fail"),
        ("max", "pass", "pass", "fail"),
    ],
)
def test_each_kind_of_bound_at_its_edge(bound: str, below: str, at: str, above: str) -> None:
    limit = {"analyte": "haemoglobin", bound: "10", "unit": "g/dL"}
    criterion = parse_criterion(table("I8", limits=[limit]))
    others = [one for one in ELIGIBLE["labs"] if one["analyte"] != "haemoglobin"]
    for value, answer in (("9.99", below), ("10.0", at), ("10.01", above)):
        judged = form({"labs": [*others, lab("haemoglobin", value, "g/dL")]})
        [found] = criterion.judge(judged, anchors())
        assert found.answer == answer, value


def test_only_a_consent_version_that_the_protocol_approves_is_one() -> None:
    approved = parse_criterion(table("I17", versions=["1.0", "1.1"]))
    [held] = approved.judge(form(), anchors())
    [other] = approved.judge(form({"consent.version": "0.9"}), anchors())
    assert (held.answer, other.answer) == ("pass", "fail")
    assert "approved is 1.0, 1.1" in other.because
