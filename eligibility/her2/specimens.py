"""From the tests on a form to one reading a specimen: the latest test that worked counts."""

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeVar

from eligibility.form_results import IhcTest, IshTest, Specimen
from eligibility.her2.status import Ish, Reading

T = TypeVar("T", IhcTest, IshTest)

ASSAYS: Final = ("FISH", "SISH", "CISH")
"""In the order in which they are read."""


def reading_of(specimen: Specimen) -> Reading:
    """A failed test counts only while no test of its kind worked. FISH goes before other assays."""
    ihc = latest(specimen.ihc)
    ish: list[Ish] = []
    for assay in ASSAYS if specimen.ish else ():
        test = latest([test for test in specimen.ish if test.assay == assay])
        if test is not None:
            ish.append(_ish(test))
    return Reading(
        ihc=None if ihc is None else ihc.score,
        ish=ish[0] if ish else None,
        ihc_failed=ihc is None and any(test.failed for test in specimen.ihc),
        ish_failed=not ish and any(test.failed for test in specimen.ish),
        others=tuple(ish[1:]),
    )


def latest(tests: Sequence[T]) -> T | None:
    """The latest test with a result; in the order of the form where dates do not tell."""
    worked = [test for test in tests if not test.failed and _has_result(test)]
    return max(reversed(worked), key=_reported) if worked else None


def _reported(test: IhcTest | IshTest) -> date:
    return date.min if test.reported_on is None else test.reported_on.last


def _has_result(test: IhcTest | IshTest) -> bool:
    if isinstance(test, IhcTest):
        return test.score is not None
    return test.ratio is not None or test.copies is not None


def _ish(test: IshTest) -> Ish:
    """A single probe has no ratio, whatever was written."""
    return Ish(test.assay, test.probe, test.ratio if test.probe == "dual" else None, test.copies)
