"""Heart disease: failure, angina, infarction, arrhythmia; and blood pressure out of control."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap, Validity
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_results import BloodPressure


@dataclass(frozen=True, slots=True)
class CardiacDisease:
    nyha_max: int
    angina: Gap
    infarction: Gap
    washout_days: int | None
    sections: tuple[str, ...] = ("heart",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        angina, infarction = Gap.parse(table, "angina_"), Gap.parse(table, "infarction_")
        days = max(angina.days(), infarction.days())
        return cls(table.whole("nyha_max"), angina, infarction, days)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        return combine(
            [
                self._failure(form),
                _no(form, "unstable_angina"),
                self._since(form, anchors, self.angina, "angina", "angina_onset_on"),
                self._since(form, anchors, self.infarction, "infarction", "infarction_on"),
                _no(form, "arrhythmia_on_drugs"),
            ]
        )

    def _failure(self, form: ScreeningForm) -> Part:
        nyha, limit = form.heart.nyha_class, f"at most {self.nyha_max}"
        if nyha is None:
            return unknown(f"NYHA class not given, must be {limit}", "heart.nyha_class")
        if nyha <= self.nyha_max:
            return passed(f"NYHA class {nyha}, {limit}")
        return failed(f"NYHA class {nyha}, must be {limit}")

    def _since(
        self, form: ScreeningForm, anchors: Anchors, gap: Gap, what: str, date_field: str
    ) -> Part:
        said, happened = getattr(form.heart, what), getattr(form.heart, date_field)
        if said == "no":
            if happened is not None:
                return unknown(f"{what}: no, yet dated {happened}", f"heart.{what}")
            return _NONE[what]
        if said == "unknown":
            return unknown(f"{what}: unknown", f"heart.{what}")
        on = anchors.of(gap.anchor)
        return gap.since(what, happened, form.completed_on, on, f"heart.{date_field}")


_NONE: Final = {
    field: passed(f"no {field.replace('_', ' ')}")
    for field in ("unstable_angina", "angina", "infarction", "arrhythmia_on_drugs")
}


def _no(form: ScreeningForm, field: str) -> Part:
    said = getattr(form.heart, field)
    if said == "no":
        return _NONE[field]
    words = field.replace("_", " ")
    if said == "unknown":
        return unknown(f"{words}: unknown, must be no", f"heart.{field}")
    return failed(f"{words}: yes, must be no")


@dataclass(frozen=True, slots=True)
class UncontrolledHypertension:
    """Fails strictly above either limit: treat it and measure again."""

    systolic_max: int
    diastolic_max: int
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("blood_pressure",)
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        limits = table.whole("systolic_max"), table.whole("diastolic_max")
        return cls(*limits, validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        return self.validity.latest(
            "blood pressure",
            form.blood_pressure,
            form.completed_on,
            anchors,
            "blood_pressure",
            self._reading,
        )

    def _reading(self, reading: BloodPressure) -> Part:
        said = f"blood pressure {reading.systolic}/{reading.diastolic} ({reading.taken_on.text})"
        limit = f"at most {self.systolic_max}/{self.diastolic_max} mmHg"
        if reading.systolic > self.systolic_max or reading.diastolic > self.diastolic_max:
            return failed(f"{said}, must be {limit}")
        return passed(f"{said}, {limit}")
