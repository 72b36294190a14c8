"""Coagulation: INR under a limit, or PT and PTT normal; on an anticoagulant a person decides."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity
from eligibility.criteria.labs import Limit, latest_lab
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.finding import FAIL, PASS, UNKNOWN
from eligibility.form import ScreeningForm


@dataclass(frozen=True, slots=True)
class Coagulation:
    """INR strictly under its limit; PT and PTT at most the laboratory's upper limits."""

    inr: Limit
    times: tuple[Limit, ...]
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("labs", "warfarin_or_heparin")
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        inr = Limit.fixed("inr", "under", table.decimal("inr_under"), "1")
        times = tuple(
            Limit.of_upper_limits(analyte, "max_upper_limits", Decimal(1))
            for analyte in ("pt", "ptt")
        )
        return cls(inr, times, validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        inr = self._limit(form, anchors, self.inr)
        if inr.answer is PASS:
            return inr
        times = combine([self._limit(form, anchors, limit) for limit in self.times])
        if times.answer is PASS:
            return passed(f"{times.text} ({inr.text})")
        return self._neither(inr, times, form.warfarin_or_heparin)

    def _limit(self, form: ScreeningForm, anchors: Anchors, limit: Limit) -> Part:
        return latest_lab(form, limit, self.validity, anchors, limit.of)

    def _neither(self, inr: Part, times: Part, anticoagulated: str) -> Part:
        """Neither is met: on warfarin or heparin it may be allowed, which a person decides."""
        if inr.answer is FAIL and anticoagulated == "yes":
            return review(f"{inr.text}; on warfarin or heparin, which may be allowed")
        if UNKNOWN in (inr.answer, times.answer):
            return unknown(f"{inr.text}; {times.text}", *inr.missing, *times.missing)
        text = f"{inr.text}; {times.text}"
        if anticoagulated == "unknown":
            return unknown(f"{text}; warfarin or heparin unknown", "warfarin_or_heparin")
        return failed(text)
