"""HER2: assays that contradict the IHC or each other, whichever gave the ratio."""

import pytest

from eligibility.finding import Answer
from tests.eligibility.specimens import (
    FISH_2_6,
    NO_AMPLIFICATION,
    judged,
    several,
    specimen,
    warning,
)


def test_ihc_2_with_sish_only_needs_a_person() -> None:
    assert judged(specimen("biopsy", NO_AMPLIFICATION, "SISH")).answer is Answer.REVIEW


def test_sish_alone_is_as_good_as_fish() -> None:
    ratio = {"ratio": "2.19", "copies": "3.0"}
    assert judged(specimen("biopsy", ratio, "SISH")).answer is Answer.PASS
    assert judged(specimen("biopsy", {"ratio": "2.20"}, "SISH")).answer is Answer.FAIL


def test_cish_is_not_named_by_the_record() -> None:
    assert judged(specimen("biopsy", {"ratio": "1.2"}, "CISH")).answer is Answer.UNKNOWN
    assert judged(specimen("biopsy", NO_AMPLIFICATION, "CISH")).answer is Answer.UNKNOWN


def test_two_assays_that_contradict_each_other_need_a_person() -> None:
    both = specimen("biopsy", {"ihc": "2+", "ratio": "1.2", "copies": "2.6"})
    both["ish"].append({"assay": "SISH", "probe": "dual", "ratio": "2.4", "copies": "5.0"})
    assert judged(both).answer is Answer.REVIEW


@pytest.mark.parametrize(("other", "answer"), [("2.19", Answer.PASS), ("2.20", Answer.REVIEW)])
def test_two_assays_contradict_each_other_across_the_edge(other: str, answer: Answer) -> None:
    both = specimen("biopsy", {"ihc": "2+", "ratio": "1.2", "copies": "2.6"})
    both["ish"].append({"assay": "SISH", "probe": "dual", "ratio": other, "copies": "3.0"})
    assert judged(both).answer is answer


@pytest.mark.parametrize(("copies", "answer"), [("5.99", Answer.PASS), ("6.0", Answer.REVIEW)])
def test_ihc_1_is_contradicted_by_a_single_probe_from_six_copies_whatever_the_setting(
    copies: str, answer: Answer
) -> None:
    one = specimen("biopsy", {"ihc": "1+", "copies": copies, "single_probe": True})
    assert judged(one, protocol=warning()).answer is answer


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
