"""Grades of what persists: neuropathy, infection, and toxicity of prior therapy."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_results import Toxicity


def _graded(what: str, grade: int | None, grade_max: int, field: str) -> Part:
    """At the limit passes. A grade that nobody gave is unknown, not 0."""
    if grade is None:
        return unknown(f"grade of {what} not given, must be at most {grade_max}", field)
    if grade <= grade_max:
        return passed(f"{what} grade {grade}, at most {grade_max}")
    return failed(f"{what} grade {grade}, must be at most {grade_max}")


_RECOVERED: Final = passed("no toxicity of prior therapy persists")
_NO_ILLNESS: Final = passed("uncontrolled illness: no")


@dataclass(frozen=True, slots=True)
class Neuropathy:
    grade_max: int
    sections: tuple[str, ...] = ("neuropathy",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(table.whole("grade_max"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        said = form.neuropathy
        return combine(
            [
                _graded("motor neuropathy", said.motor_grade, self.grade_max,
                        "neuropathy.motor_grade"),
                _graded("sensory neuropathy", said.sensory_grade, self.grade_max,
                        "neuropathy.sensory_grade"),
            ]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UncontrolledIllness:
    """No uncontrolled intercurrent illness, and no infection above the grade."""

    infection_grade_max: int
    sections: tuple[str, ...] = ("illness",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(table.whole("infection_grade_max"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        grade = form.illness.infection_grade
        infection = _graded("infection", grade, self.infection_grade_max, "illness.infection_grade")
        said = form.illness.uncontrolled
        if said == "unknown":
            illness = unknown("uncontrolled illness: unknown, must be no", "illness.uncontrolled")
        elif said == "no":
            illness = _NO_ILLNESS
        else:
            illness = failed("uncontrolled illness: yes, must be no")
        return combine([illness, infection])


@dataclass(frozen=True, slots=True)
class RecoveredToxicity:
    """Every toxicity of prior therapy at most `grade_max`.

    The record says "< grade 1"; `note` is how the protocol reads it, and stands in the sentence.
    """

    grade_max: int
    note: str
    sections: tuple[str, ...] = ("toxicities",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(table.whole("grade_max"), table.text("note"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.toxicities is None:
            return unknown("toxicities of prior therapy not given", "toxicities")
        parts = [p for one in form.toxicities if (p := self._one(one)) is not None]
        if not parts:
            return _RECOVERED
        part = combine(parts)
        return part._replace(text=f"{part.text} ({self.note})")

    def _one(self, one: Toxicity) -> Part | None:
        if one.from_prior_therapy == "no" or one.grade == 0:
            return None
        part = _graded(one.term, one.grade, self.grade_max, "toxicities.grade")
        if one.from_prior_therapy == "unknown" and one.grade is not None:
            if one.grade <= self.grade_max:
                return part
            text = f"{part.text}, if it comes from prior therapy"
            return unknown(text, "toxicities.from_prior_therapy")
        return part
