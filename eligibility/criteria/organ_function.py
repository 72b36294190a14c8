"""Liver function: bilirubin normal, transaminases under a limit that liver metastases raise."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity
from eligibility.criteria.labs import Limit, latest_lab
from eligibility.criteria.parts import Part, combine, passed, unknown
from eligibility.criteria.table import Table
from eligibility.finding import FAIL, PASS
from eligibility.form import ScreeningForm
from eligibility.form_results import Lab

TRANSAMINASES: Final = ("ast", "alt")


@dataclass(frozen=True, slots=True)
class LiverFunction:
    """Limits in multiples of the laboratory's upper limit, strict for AST and ALT.

    Above `label_upper_limits` the ixabepilone label calls the combination with capecitabine
    contra-indicated: the trial's rule is looser there, and the finding says so.
    """

    bilirubin: Limit
    transaminases: dict[str, Limit]
    with_liver_metastases: dict[str, Limit]
    label_upper_limits: Decimal
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("disease", "labs")
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        lower = table.decimal("transaminases_under_upper_limits")
        upper = table.decimal("with_liver_metastases_under_upper_limits")
        if upper < lower:
            key = "with_liver_metastases_under_upper_limits"
            raise table.error(key, "lower than without liver metastases", "write a higher limit")
        label = table.decimal("label_upper_limits")
        bilirubin = Limit.of_upper_limits("bilirubin", "max_upper_limits", Decimal(1))
        return cls(bilirubin, _both(lower), _both(upper), label, validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        liver = form.disease.liver_metastases
        parts = [latest_lab(form, self.bilirubin, self.validity, anchors, self.bilirubin.of)]
        for analyte in TRANSAMINASES:
            answer = partial(self._transaminase, analyte, liver)
            limit = self.transaminases[analyte]
            parts.append(latest_lab(form, limit, self.validity, anchors, answer))
        return combine(parts)

    def _transaminase(self, analyte: str, liver: str, lab: Lab) -> Part:
        strict = self.transaminases[analyte].of(lab)
        if strict.answer is not FAIL:
            return strict
        wide = self.with_liver_metastases[analyte].of(lab)
        if wide.answer is FAIL or liver == "no":
            return strict if liver == "no" else wide
        if liver == "unknown":
            text = f"{strict.text} without liver metastases, which are not known"
            return unknown(text, "disease.liver_metastases")
        return self._label(wide, lab)

    def _label(self, part: Part, lab: Lab) -> Part:
        text = f"{part.text}, liver metastases"
        if lab.upper_limit is None or lab.value <= self.label_upper_limits * lab.upper_limit:
            return passed(text)
        label = f"the ixabepilone label warns above {self.label_upper_limits} x the upper limit"
        return Part(PASS, f"{text} ({label})", safety=True)


def _both(amount: Decimal) -> dict[str, Limit]:
    return {a: Limit.of_upper_limits(a, "under_upper_limits", amount) for a in TRANSAMINASES}
