"""HER2-negative by the trial's rule over all specimens, and the danger it hides (rules R20)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.finding import PASS, REVIEW
from eligibility.form import ScreeningForm
from eligibility.her2.combined_groups import call_2018
from eligibility.her2.specimens import reading_of
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
        readings = [(one.specimen, reading_of(one)) for one in form.her2_specimens]
        calls = [(name, trial_call(reading, self.ratio_under)) for name, reading in readings]
        part = _over_specimens(calls)
        if part.answer is not PASS:
            return part
        return self._guarded(part, readings)

    def _guarded(self, part: Part, readings: list[tuple[str, Reading]]) -> Part:
        """A pass stays one only if no specimen is positive by today's guidelines."""
        positive = [
            f"{name} is positive by ASCO/CAP 2018 and 2023 ({call.because})"
            for name, reading in readings
            for ish in (reading.ish, *reading.others)
            if (call := call_2018(reading._replace(ish=ish))).status is POSITIVE
        ]
        if not positive:
            return part
        answer = REVIEW if self.safety == "review" else PASS
        text = f"{part.text}, but {'; '.join(positive)}: a safety finding"
        return Part(answer, text, safety=True)


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
