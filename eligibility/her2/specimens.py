"""From the tests on a form to the readings of a specimen: the latest test that worked counts."""

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import Final, TypeVar

from eligibility.form_results import IhcTest, IshTest, Specimen
from eligibility.her2.status import Ish, Reading, Score

T = TypeVar("T", IhcTest, IshTest)

ASSAYS: Final = ("FISH", "SISH", "CISH")
"""In the order in which they are read."""


def readings_of(specimen: Specimen) -> tuple[Reading, ...]:
    """One where dates tell which test is the latest, else all that it may be.

    A failed test counts only while no test of its kind worked. FISH goes before other assays.
    """
    scores = _scores(specimen.ihc)
    by_assay = [
        results
        for assay in (ASSAYS if specimen.ish else ())
        if (results := _results([test for test in specimen.ish if test.assay == assay]))
    ]
    ihc_failed = scores == (None,) and any(test.failed for test in specimen.ihc)
    ish_failed = not by_assay and any(test.failed for test in specimen.ish)
    return tuple(
        Reading(
            ihc=score,
            ish=ish[0] if ish else None,
            ihc_failed=ihc_failed,
            ish_failed=ish_failed,
            others=ish[1:],
        )
        for score in scores
        for ish in product(*by_assay)
    )


def all_that_may_be_latest(specimen: Specimen) -> list[IhcTest | IshTest]:
    """Every test that a reading may rest on: the latest of IHC and of each assay."""
    found: list[IhcTest | IshTest] = [*may_be_latest(specimen.ihc)]
    for assay in ASSAYS:
        found += may_be_latest([test for test in specimen.ish if test.assay == assay])
    return found


def may_be_latest(tests: Sequence[T]) -> tuple[T, ...]:
    """Those with a result that no other is certainly later than; one without a date always may."""
    worked = [test for test in tests if not test.failed and _has_result(test)]
    if len(worked) <= 1:
        return tuple(worked)
    newest = max(_first(test) for test in worked)
    return tuple(test for test in worked if _last(test) >= newest)


def _scores(tests: Sequence[IhcTest]) -> tuple[Score | None, ...]:
    return tuple(dict.fromkeys(test.score for test in may_be_latest(tests))) or (None,)


def _results(tests: Sequence[IshTest]) -> tuple[Ish, ...]:
    return tuple(dict.fromkeys(_ish(test) for test in may_be_latest(tests)))


def _first(test: IhcTest | IshTest) -> date:
    return date.min if test.reported_on is None else test.reported_on.first


def _last(test: IhcTest | IshTest) -> date:
    return date.max if test.reported_on is None else test.reported_on.last


def _has_result(test: IhcTest | IshTest) -> bool:
    if isinstance(test, IhcTest):
        return test.score is not None
    return test.ratio is not None or test.copies is not None


def _ish(test: IshTest) -> Ish:
    """A single probe has no ratio, whatever was written."""
    return Ish(test.assay, test.probe, test.ratio if test.probe == "dual" else None, test.copies)
