"""HER2-negative by the trial's rule over all specimens, and the danger it hides (rules R20)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.finding import PASS, REVIEW
from eligibility.form import ScreeningForm
from eligibility.form_results import IshTest, Specimen
from eligibility.her2.combined_groups import call_2018
from eligibility.her2.specimens import all_that_may_be_latest, readings_of
from eligibility.her2.status import (
    DISCORDANT,
    EQUIVOCAL,
    INDETERMINATE,
    NEGATIVE,
    PENDING_TEST,
    POSITIVE,
    UNDEFINED,
    Call,
    Reading,
)
from eligibility.her2.trial_rule import trial_call

Safety = Literal["review", "warn"]
_FIELD = "her2_specimens"
MOST_ALIKE: Final = 12
"""Tests of one specimen whose dates do not tell which is the latest."""
_OPEN: Final = (PENDING_TEST, EQUIVOCAL, UNDEFINED)


@dataclass(frozen=True, slots=True)
class Her2Negative:
    """`safety` says what a negative specimen that is positive by ASCO/CAP 2018 or 2023 does."""

    ratio_under: Decimal
    safety: Safety
    sections: tuple[str, ...] = (_FIELD,)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        ratio = table.decimal("ratio_under")
        return cls(ratio, table.choice("her2_safety", ("review", "warn"), "review"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if not form.her2_specimens:
            return unknown("HER2 was not tested", _FIELD)
        for one in form.her2_specimens:
            said = _not_told_apart(one, form.completed_on)
            if said is not None:
                return unknown(f"{one.specimen}: {said}", _FIELD)
        readings = [(one.specimen, readings_of(one)) for one in form.her2_specimens]
        part = _over_specimens([(name, self._call(possible)) for name, possible in readings])
        if part.answer is not PASS:
            return part
        return self._guarded(part, [(name, each) for name, every in readings for each in every])

    def _call(self, possible: tuple[Reading, ...]) -> Call:
        """The call of a specimen; undefined where it hangs on which test is the latest."""
        calls = [trial_call(reading, self.ratio_under) for reading in possible]
        if len({call.status for call in calls}) == 1:
            return calls[-1]
        texts = " or ".join(dict.fromkeys(call.because for call in calls))
        return Call(UNDEFINED, f"which test is the latest decides ({texts})")

    def _guarded(self, part: Part, readings: list[tuple[str, Reading]]) -> Part:
        """A pass stays one only if no specimen is positive by today's guidelines."""
        dangers = [
            f"{name} {danger}"
            for name, reading in readings
            for ish in (reading.ish, *reading.others)
            if (danger := _danger(reading._replace(ish=ish)))
        ]
        if not dangers:
            return part
        answer = REVIEW if self.safety == "review" else PASS
        text = f"{part.text}, but {'; '.join(dict.fromkeys(dangers))}: a safety finding"
        return Part(answer, text, safety=True)


def _danger(reading: Reading) -> str | None:
    """Positive by today's guidelines, or it may be, if what a dual probe left out made group 1."""
    call, ish = call_2018(reading), reading.ish
    if call.status is POSITIVE:
        return f"is positive by ASCO/CAP 2018 and 2023 ({call.because})"
    if ish is None or ish.probe == "single":
        return None
    said = None
    if ish.copies is None and ish.ratio is not None and ish.ratio >= 2:
        said = f"ratio {ish.ratio} without copies"
    elif ish.ratio is None and ish.copies is not None and ish.copies >= 4:
        said = f"{ish.copies} copies without a ratio"
    return said and f"may be positive by ASCO/CAP 2018 and 2023 ({said})"


def _not_told_apart(specimen: Specimen, completed_on: date) -> str | None:
    """A date after the form is no fact yet; so many tests of one date leave nothing to read."""
    if specimen.collected_on is not None and specimen.collected_on.first > completed_on:
        return f"collected {specimen.collected_on}, after the form of {completed_on}"
    tests = all_that_may_be_latest(specimen)
    for test in tests:
        if isinstance(test, IshTest) and test.probe == "single" and test.ratio is not None:
            return f"a single probe gives no ratio, yet {test.ratio} is given: one is wrong"
    reported = [test.reported_on for test in tests if test.reported_on is not None]
    if any(on.first > completed_on for on in reported):
        return f"a test is dated after the form of {completed_on}"
    if len(tests) > MOST_ALIKE:
        return f"{len(tests)} tests may be the latest, give the dates"
    return None


def _over_specimens(calls: list[tuple[str, Call]]) -> Part:
    """Specimens that disagree go to a person; one whose test failed says nothing of the others."""
    text = "; ".join(f"{name}: {call.because}" for name, call in calls)
    worked = [call.status for _, call in calls if call.status is not INDETERMINATE]
    if not worked:
        return unknown(text, _FIELD)
    if any(status in _OPEN for status in worked):
        return unknown(text, _FIELD)
    if DISCORDANT in worked:
        return review(text)
    if len(set(worked)) > 1:
        return review(f"specimens disagree ({text})")
    if worked[0] is NEGATIVE:
        return passed(f"negative by the trial's rule ({text})")
    return failed(f"not negative by the trial's rule ({text})")
