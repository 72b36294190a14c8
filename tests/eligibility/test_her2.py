"""HER2: thirty published vectors under every rule, several specimens, failed tests, the danger."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eligibility.finding import Answer
from eligibility.her2.combined_groups import call_2018, group_of
from eligibility.her2.separate_tests import ihc_call, ish_2007, ish_2013
from eligibility.her2.status import Ish, Reading, Status
from eligibility.her2.trial_rule import trial_call
from tests.eligibility.base import finding, verdict
from tests.eligibility.specimens import (
    NEGATIVE,
    NO_AMPLIFICATION,
    POSITIVE,
    judged,
    several,
    specimen,
    warning,
)

FILE = Path(__file__).parents[1] / "cases" / "her2_vectors.toml"
VECTORS = tomllib.loads(FILE.read_text("utf-8"))["vectors"]
RULE = Decimal("2.2")
TRIAL = {
    "negative": Status.NEGATIVE,
    "not_negative": Status.POSITIVE,
    "pending_fish": Status.PENDING_TEST,
    "conflict": Status.DISCORDANT,
    "undefined": Status.UNDEFINED,
}
DANGEROUS = {10, 12, 13, 23}
"""Negative by the trial's rule, positive by the guidelines of 2018 and 2023."""

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"vector {v['n']}")


def reading(vector: dict[str, Any]) -> Reading:
    ish = None
    if "copies" in vector or "ratio" in vector:
        ratio = Decimal(vector["ratio"]) if "ratio" in vector else None
        copies = Decimal(vector["copies"]) if "copies" in vector else None
        ish = Ish("FISH", "single" if vector.get("single_probe") else "dual", ratio, copies)
    return Reading(vector.get("ihc"), ish)


def test_there_are_thirty_vectors() -> None:
    assert [vector["n"] for vector in VECTORS] == list(range(1, 31))


@each_vector
def test_the_trials_rule(vector: dict[str, Any]) -> None:
    assert trial_call(reading(vector), RULE).status is TRIAL[vector["trial"]]


@each_vector
def test_the_guideline_of_2007_calls_each_test(vector: dict[str, Any]) -> None:
    assert ihc_call(reading(vector)).status == vector.get("y2007_ihc", "undefined")
    assert ish_2007(reading(vector)).status == vector.get("y2007_ish", "undefined")


@each_vector
def test_the_guideline_of_2013_calls_each_test(vector: dict[str, Any]) -> None:
    assert ihc_call(reading(vector)).status == vector.get("y2013_ihc", "undefined")
    assert ish_2013(reading(vector)).status == vector.get("y2013_ish", "undefined")


@each_vector
def test_the_guidelines_of_2018_and_2023_read_both_together(vector: dict[str, Any]) -> None:
    call = call_2018(reading(vector))
    assert call.status == vector["y2018"]
    if "group" in vector:
        assert call.because.startswith(f"group {vector['group']}")
    if "needs" in vector:
        assert f"{vector['needs']}" in call.because
        assert call.because.endswith("needed")


@each_vector
def test_inclusion_6_on_one_specimen(vector: dict[str, Any]) -> None:
    found = judged(specimen("biopsy", vector))
    expected = {
        "negative": Answer.REVIEW if vector["y2018"] == "positive" else Answer.PASS,
        "not_negative": Answer.FAIL,
        "pending_fish": Answer.UNKNOWN,
        "conflict": Answer.REVIEW,
        "undefined": Answer.UNKNOWN,
    }[vector["trial"]]
    assert found.answer is expected
    assert found.safety == (vector["n"] in DANGEROUS)


def test_the_dangerous_vectors_are_those_the_literature_names() -> None:
    hidden = {v["n"] for v in VECTORS if v["trial"] == "negative" and v["y2018"] == "positive"}
    assert hidden == DANGEROUS


def test_with_warn_the_finding_passes_and_still_shows_the_danger() -> None:
    found = judged(specimen("biopsy", VECTORS[12]), protocol=warning())
    assert (found.answer, found.safety) == (Answer.PASS, True)
    assert "positive by ASCO/CAP 2018 and 2023" in found.because
    changed = verdict({"her2_specimens": [specimen("biopsy", VECTORS[12])]}, protocol=warning())
    assert changed.outcome(1) == "eligible"
    assert changed.safety(1) == ("I6",)


def test_with_review_the_verdict_needs_a_person() -> None:
    changed = verdict({"her2_specimens": [specimen("biopsy", VECTORS[12])]})
    assert changed.outcome(1) == changed.outcome(2) == "needs_review"
    assert changed.safety(2) == ("I6",)


EQUIVOCAL = {"ihc": "2+"}


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (NEGATIVE, NEGATIVE, Answer.PASS),
        (NEGATIVE, NO_AMPLIFICATION, Answer.PASS),
        (NEGATIVE, POSITIVE, Answer.REVIEW),
        (POSITIVE, POSITIVE, Answer.FAIL),
        (NEGATIVE, EQUIVOCAL, Answer.UNKNOWN),
        (POSITIVE, EQUIVOCAL, Answer.UNKNOWN),
        (NEGATIVE, {}, Answer.UNKNOWN),
    ],
    ids=str,
)
def test_specimens_are_read_together(
    one: dict[str, Any], other: dict[str, Any], answer: Answer
) -> None:
    assert judged(specimen("primary", one), specimen("liver", other)).answer is answer
    assert judged(specimen("liver", other), specimen("primary", one)).answer is answer


def failed(kind: str) -> dict[str, Any]:
    tests: dict[str, Any] = {"ihc": [], "ish": []}
    ish = {"assay": "FISH", "probe": "dual", "failed": True}
    tests[kind] = [{"failed": True} if kind == "ihc" else ish]
    return {"specimen": "biopsy", "tissue": "metastasis", **tests}


@pytest.mark.parametrize("kind", ["ihc", "ish"])
def test_a_technically_failed_test_is_neither_equivocal_nor_negative(kind: str) -> None:
    found = judged(failed(kind))
    assert found.answer is Answer.UNKNOWN
    assert "failed technically" in found.because
    broken = Reading(None, None, ihc_failed=kind == "ihc", ish_failed=kind == "ish")
    assert trial_call(broken, RULE).status is Status.INDETERMINATE
    assert call_2018(broken).status is Status.INDETERMINATE


def test_a_failed_test_says_nothing_of_another_specimen() -> None:
    assert judged(failed("ish"), specimen("liver", NEGATIVE)).answer is Answer.PASS
    assert judged(failed("ish"), specimen("liver", POSITIVE)).answer is Answer.FAIL


def test_a_failed_fish_leaves_ihc_2_waiting_for_fish() -> None:
    both = failed("ish") | {"ihc": [{"score": "2+"}]}
    found = judged(both)
    assert found.answer is Answer.UNKNOWN
    assert "FISH failed technically" in found.because


@pytest.mark.parametrize(
    ("ratio", "copies", "group"),
    [
        ("2.0", "4.0", 1),
        ("2.0", "3.99", 2),
        ("1.99", "6.0", 3),
        ("1.99", "5.99", 4),
        ("1.99", "4.0", 4),
        ("1.99", "3.99", 5),
    ],
)
def test_the_edges_of_the_groups(ratio: str, copies: str, group: int) -> None:
    assert group_of(Decimal(ratio), Decimal(copies)) == group


@pytest.mark.parametrize("written", ["2.2", "2.20", "2.200"])
def test_2_20_is_2_2_however_it_is_written(written: str) -> None:
    assert judged(specimen("biopsy", {"ratio": written, "copies": "3"})).answer is Answer.FAIL


def test_never_tested_is_unknown() -> None:
    assert finding(verdict({"her2_specimens": None}), "I6").missing == ("her2_specimens",)
    assert finding(verdict({"her2_specimens": []}), "I6").answer is Answer.UNKNOWN


@pytest.mark.parametrize(("copies", "answer"), [("3.99", Answer.REVIEW), ("4.00", Answer.FAIL)])
def test_ihc_3_is_contradicted_by_a_single_probe_only_below_four_copies(
    copies: str, answer: Answer
) -> None:
    one = {"ihc": "3+", "copies": copies, "single_probe": True}
    assert judged(specimen("biopsy", one)).answer is answer


@pytest.mark.parametrize(
    ("ihc", "ratio", "answer"),
    [
        ("3+", "2.19", Answer.REVIEW),
        ("3+", "2.20", Answer.FAIL),
        ("1+", "2.19", Answer.PASS),
        ("1+", "2.20", Answer.REVIEW),
        ("2+", "2.19", Answer.PASS),
        ("2+", "2.20", Answer.FAIL),
    ],
)
def test_2_20_is_the_edge_whatever_the_ihc(ihc: str, ratio: str, answer: Answer) -> None:
    one = {"ihc": ihc, "ratio": ratio, "copies": "3.0"}
    assert judged(specimen("biopsy", one)).answer is answer


def test_a_ratio_of_a_single_probe_is_a_contradiction() -> None:
    """One of the two is wrong: taken as a dual probe it would not be negative."""
    one = specimen("biopsy", {"ihc": "1+"})
    one["ish"] = [{"assay": "FISH", "probe": "single", "ratio": "2.5"}]
    found = judged(one)
    assert (found.answer, found.missing) == (Answer.UNKNOWN, ("her2_specimens",))
    assert "a single probe gives no ratio" in found.because


@pytest.mark.parametrize(("ratio", "answer"), [("1.99", Answer.PASS), ("2.00", Answer.REVIEW)])
def test_a_ratio_from_2_0_without_copies_may_hide_the_danger(ratio: str, answer: Answer) -> None:
    found = judged(specimen("biopsy", {"ratio": ratio}))
    assert (found.answer, found.safety) == (answer, answer is Answer.REVIEW)


@pytest.mark.parametrize(("copies", "answer"), [("3.99", Answer.PASS), ("4.00", Answer.REVIEW)])
def test_copies_from_4_without_a_ratio_may_hide_the_danger(copies: str, answer: Answer) -> None:
    """Group 1 of ASCO/CAP 2018 if the ratio were 2.0 or more, which nobody says."""
    fish = {"assay": "FISH", "probe": "dual", "copies": copies}
    found = judged(several("1+", fish))
    assert (found.answer, found.safety) == (answer, answer is Answer.REVIEW)


def test_specimens_that_disagree_need_a_person_whatever_the_setting() -> None:
    biopsy, primary = specimen("biopsy", {"ihc": "1+"}), specimen("primary", {"ihc": "3+"})
    for both in ([biopsy, primary], [primary, biopsy]):
        found = judged(*both, protocol=warning())
        assert found.answer is Answer.REVIEW
        assert "specimens disagree" in found.because.casefold()
