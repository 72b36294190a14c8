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
from protocols.model import Protocol
from protocols.parse import parse_protocol
from tests.eligibility.base import finding, shipped, verdict

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


def specimen(name: str, vector: dict[str, Any], assay: str = "FISH") -> dict[str, Any]:
    """A specimen on the form with the vector's tests."""
    found: dict[str, Any] = {"specimen": name, "tissue": "metastasis", "ihc": [], "ish": []}
    if "ihc" in vector:
        found["ihc"] = [{"score": vector["ihc"], "reported_on": "2027-01-10"}]
    if "copies" in vector or "ratio" in vector:
        probe = "single" if vector.get("single_probe") else "dual"
        ish = {"assay": assay, "probe": probe, "reported_on": "2027-01-12"}
        values = {key: vector[key] for key in ("ratio", "copies") if key in vector}
        found["ish"] = [ish | values]
    return found


def judged(*specimens: dict[str, Any], protocol: Protocol | None = None) -> Any:
    changed = verdict({"her2_specimens": list(specimens)}, protocol=protocol)
    return finding(changed, "I6")


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


def warning() -> Protocol:
    text = shipped().text.replace('her2_safety = "review"', 'her2_safety = "warn"')
    return parse_protocol(text)


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


NEGATIVE, EQUIVOCAL, POSITIVE = {"ihc": "1+"}, {"ihc": "2+"}, {"ihc": "3+"}
NO_AMPLIFICATION = {"ihc": "2+", "ratio": "1.2", "copies": "2.6"}


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


def test_ihc_2_with_sish_only_needs_a_person() -> None:
    assert judged(specimen("biopsy", NO_AMPLIFICATION, "SISH")).answer is Answer.REVIEW


def test_sish_alone_is_as_good_as_fish() -> None:
    ratio = {"ratio": "2.19", "copies": "3.0"}
    assert judged(specimen("biopsy", ratio, "SISH")).answer is Answer.PASS
    assert judged(specimen("biopsy", {"ratio": "2.20"}, "SISH")).answer is Answer.FAIL


def test_cish_is_not_named_by_the_record() -> None:
    assert judged(specimen("biopsy", {"ratio": "1.2"}, "CISH")).answer is Answer.UNKNOWN
    assert judged(specimen("biopsy", NO_AMPLIFICATION, "CISH")).answer is Answer.UNKNOWN


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


def test_of_several_tests_the_latest_that_worked_counts() -> None:
    repeated = {
        "specimen": "biopsy",
        "tissue": "metastasis",
        "ihc": [
            {"score": "3+", "reported_on": "2026-12-01"},
            {"score": "1+", "reported_on": "2027-01-20"},
            {"failed": True, "reported_on": "2027-02-01"},
        ],
    }
    assert judged(repeated).answer is Answer.PASS


def test_two_assays_that_contradict_each_other_need_a_person() -> None:
    both = specimen("biopsy", {"ihc": "2+", "ratio": "1.2", "copies": "2.6"})
    both["ish"].append({"assay": "SISH", "probe": "dual", "ratio": "2.4", "copies": "5.0"})
    assert judged(both).answer is Answer.REVIEW


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


@pytest.mark.parametrize(("other", "answer"), [("2.19", Answer.PASS), ("2.20", Answer.REVIEW)])
def test_two_assays_contradict_each_other_across_the_edge(other: str, answer: Answer) -> None:
    both = specimen("biopsy", {"ihc": "2+", "ratio": "1.2", "copies": "2.6"})
    both["ish"].append({"assay": "SISH", "probe": "dual", "ratio": other, "copies": "3.0"})
    assert judged(both).answer is answer


IHC_3, IHC_1 = {"score": "3+"}, {"score": "1+"}


@pytest.mark.parametrize(
    "ihc",
    [
        [IHC_3, IHC_1 | {"reported_on": "2027-01-20"}],
        [IHC_1 | {"reported_on": "2027-01-20"}, IHC_3],
        [IHC_3 | {"reported_on": "2026"}, IHC_1 | {"reported_on": "2026-05-20"}],
        [IHC_3 | {"reported_on": "2026-05-20"}, IHC_1 | {"reported_on": "2026"}],
        [IHC_3 | {"reported_on": "2026-05-20"}, IHC_1 | {"reported_on": "2026-05-20"}],
        [IHC_3, IHC_1],
    ],
    ids=str,
)
def test_where_dates_do_not_tell_the_latest_of_contradicting_tests_it_is_unknown(
    ihc: list[dict[str, str]],
) -> None:
    found = judged({"specimen": "biopsy", "tissue": "metastasis", "ihc": ihc})
    assert (found.answer, found.missing) == (Answer.UNKNOWN, ("her2_specimens",))
    assert "which test is the latest decides" in found.because


def test_without_dates_tests_that_agree_are_enough() -> None:
    assert (
        judged(
            {"specimen": "biopsy", "tissue": "metastasis", "ihc": [{"score": "0"}, IHC_1]}
        ).answer
        is Answer.PASS
    )


def test_of_ratios_without_a_date_each_may_be_the_latest_and_each_is_a_danger() -> None:
    two = specimen("biopsy", {"ratio": "1.2", "copies": "2.6"})
    two["ish"] = [
        {"assay": "FISH", "probe": "dual", "ratio": ratio, "copies": "5.0"}
        for ratio in ("2.1", "1.2")
    ]
    found = judged(two)
    assert (found.answer, found.safety) == (Answer.REVIEW, True)


def test_a_test_dated_after_the_form_is_no_fact_yet() -> None:
    ahead = specimen("biopsy", NEGATIVE)
    ahead["ihc"][0]["reported_on"] = "2031-01-10"
    found = judged(ahead)
    assert found.answer is Answer.UNKNOWN
    assert "dated after the form" in found.because


def test_a_ratio_of_a_single_probe_is_a_contradiction() -> None:
    """One of the two is wrong: taken as a dual probe it would not be negative."""
    one = specimen("biopsy", {"ihc": "1+"})
    one["ish"] = [{"assay": "FISH", "probe": "single", "ratio": "2.5"}]
    found = judged(one)
    assert (found.answer, found.missing) == (Answer.UNKNOWN, ("her2_specimens",))
    assert "a single probe gives no ratio" in found.because


@pytest.mark.parametrize(
    ("collected_on", "answer"),
    [("2027-03-24", Answer.PASS), ("2027-03", Answer.PASS), ("2027-03-25", Answer.UNKNOWN)],
)
def test_a_specimen_is_not_taken_after_the_form(collected_on: str, answer: Answer) -> None:
    found = judged({**specimen("biopsy", {"ihc": "1+"}), "collected_on": collected_on})
    assert found.answer is answer


def test_a_wall_of_tests_without_dates_is_unknown() -> None:
    many = [{"score": "1+"} for _ in range(13)]
    assert judged({"specimen": "b", "tissue": "unknown", "ihc": many}).answer is Answer.UNKNOWN


@pytest.mark.parametrize(("copies", "answer"), [("5.99", Answer.PASS), ("6.0", Answer.REVIEW)])
def test_ihc_1_is_contradicted_by_a_single_probe_from_six_copies_whatever_the_setting(
    copies: str, answer: Answer
) -> None:
    one = specimen("biopsy", {"ihc": "1+", "copies": copies, "single_probe": True})
    assert judged(one, protocol=warning()).answer is answer


@pytest.mark.parametrize(("ratio", "answer"), [("1.99", Answer.PASS), ("2.00", Answer.REVIEW)])
def test_a_ratio_from_2_0_without_copies_may_hide_the_danger(ratio: str, answer: Answer) -> None:
    found = judged(specimen("biopsy", {"ratio": ratio}))
    assert (found.answer, found.safety) == (answer, answer is Answer.REVIEW)


def several(ihc: str | None, *ish: dict[str, str]) -> dict[str, Any]:
    """A specimen with one test of each assay."""
    found = specimen("biopsy", {} if ihc is None else {"ihc": ihc})
    return {**found, "ish": list(ish)}


FISH_2_6 = {"assay": "FISH", "probe": "dual", "ratio": "1.2", "copies": "2.6"}


@pytest.mark.parametrize(
    ("ihc", "other", "answer"),
    [
        ("1+", {"assay": "SISH", "probe": "dual", "ratio": "2.5"}, Answer.REVIEW),
        ("1+", {"assay": "SISH", "probe": "dual", "ratio": "1.5"}, Answer.PASS),
        ("3+", {"assay": "SISH", "probe": "dual", "ratio": "1.5"}, Answer.REVIEW),
        ("3+", {"assay": "SISH", "probe": "dual", "ratio": "2.2"}, Answer.FAIL),
        (None, {"assay": "SISH", "probe": "dual", "ratio": "1.5"}, Answer.PASS),
        (None, {"assay": "SISH", "probe": "dual", "ratio": "2.2"}, Answer.FAIL),
        ("2+", {"assay": "SISH", "probe": "dual", "ratio": "1.5"}, Answer.REVIEW),
    ],
)
def test_where_fish_gave_no_ratio_that_of_another_assay_is_read(
    ihc: str | None, other: dict[str, str], answer: Answer
) -> None:
    """Copies that contradict nothing: R20 sends IHC 0, 1+ and 3+ against an ISH to a person."""
    without = {"assay": "FISH", "probe": "dual", "copies": "3.9" if ihc != "3+" else "4.0"}
    assert judged(several(ihc, without, other), protocol=warning()).answer is answer


@pytest.mark.parametrize(("copies", "answer"), [("5.9", Answer.PASS), ("6.0", Answer.REVIEW)])
def test_ihc_1_is_contradicted_by_a_single_probe_beside_a_negative_fish(
    copies: str, answer: Answer
) -> None:
    cish = {"assay": "CISH", "probe": "single", "copies": copies}
    assert judged(several("1+", FISH_2_6, cish), protocol=warning()).answer is answer


@pytest.mark.parametrize(("fish", "answer"), [("2.19", Answer.PASS), ("2.20", Answer.REVIEW)])
def test_the_edge_parts_two_assays_whichever_is_above(fish: str, answer: Answer) -> None:
    above = {"assay": "FISH", "probe": "dual", "ratio": fish, "copies": "3.0"}
    below = {"assay": "SISH", "probe": "dual", "ratio": "2.19", "copies": "3.0"}
    assert judged(several("2+", above, below)).answer is answer


def test_the_danger_may_lie_in_another_assay() -> None:
    sish = {"assay": "SISH", "probe": "dual", "ratio": "2.1", "copies": "5.0"}
    found = judged(several("2+", FISH_2_6, sish))
    assert (found.answer, found.safety) == (Answer.REVIEW, True)


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


@pytest.mark.parametrize(
    ("reported_on", "answer"),
    [("2027-03-24", Answer.PASS), ("2027-03", Answer.PASS), ("2027-04", Answer.UNKNOWN)],
)
def test_a_report_of_the_forms_own_day_is_a_fact(reported_on: str, answer: Answer) -> None:
    one = several("1+")
    one["ihc"][0]["reported_on"] = reported_on
    assert judged(one).answer is answer


def test_a_report_of_any_assay_after_the_form_is_no_fact_yet() -> None:
    sish = {"assay": "SISH", "probe": "dual", "ratio": "1.3", "reported_on": "2027-03-25"}
    assert judged(several("1+", FISH_2_6, sish)).answer is Answer.UNKNOWN


def test_a_score_of_a_failed_test_is_none() -> None:
    failed = several("1+")
    failed["ihc"][0]["failed"] = True
    assert judged(failed).answer is Answer.UNKNOWN


def test_a_later_test_without_a_result_replaces_none() -> None:
    waiting = several("1+")
    waiting["ihc"].append({"reported_on": "2027-03-01"})
    assert judged(waiting).answer is Answer.PASS
