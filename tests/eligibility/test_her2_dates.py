"""HER2: which test of a specimen is the latest, and what is no fact yet."""

import pytest

from eligibility.finding import Answer
from tests.eligibility.specimens import (
    FISH_2_6,
    NEGATIVE,
    judged,
    several,
    specimen,
)

IHC_3, IHC_1 = {"score": "3+"}, {"score": "1+"}


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
