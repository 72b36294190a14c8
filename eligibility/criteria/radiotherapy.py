"""Prior radiotherapy: little of the marrow, long enough ago, and recovered from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_history import Radiotherapy, RadiotherapyCourse

_NONE: Final = passed("no radiotherapy")


@dataclass(frozen=True, slots=True)
class PriorRadiotherapy:
    marrow_under_percent: Decimal
    gap: Gap
    grade_max: int
    washout_days: int | None
    sections: tuple[str, ...] = ("radiotherapy",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap = Gap.parse(table, default="registration")
        marrow = table.decimal("marrow_under_percent")
        return cls(marrow, gap, table.whole("grade_max"), gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        given = form.radiotherapy
        if given.courses is None:
            return unknown("not known whether radiotherapy was given", "radiotherapy.courses")
        if not given.courses:
            if given.marrow_percent or given.toxicity_grade:
                text = "no radiotherapy, yet marrow treated or a toxicity of it is given"
                return unknown(text, "radiotherapy.courses")
            return _NONE
        ends = [self._course(course, form, anchors) for course in given.courses]
        return combine([self._marrow(given), *ends, self._toxicity(given)])

    def _course(self, course: RadiotherapyCourse, form: ScreeningForm, anchors: Anchors) -> Part:
        if course.ongoing == "yes":
            return failed(f"radiotherapy of {course.region} goes on")
        on = anchors.of(self.gap.anchor)
        what = f"radiotherapy of {course.region} ended"
        field = "radiotherapy.courses.ended_on"
        return self.gap.since(what, course.ended_on, form.completed_on, on, field)

    def _marrow(self, given: Radiotherapy) -> Part:
        limit = f"less than {self.marrow_under_percent!s}%"
        if given.marrow_percent is None:
            return unknown(
                f"share of marrow treated not given, must be {limit}", "radiotherapy.marrow_percent"
            )
        said = f"{given.marrow_percent!s}% of marrow treated"
        if given.marrow_percent < self.marrow_under_percent:
            return passed(f"{said}, {limit}")
        return failed(f"{said}, must be {limit}")

    def _toxicity(self, given: Radiotherapy) -> Part:
        limit = f"at most grade {self.grade_max}"
        if given.toxicity_grade is None:
            return unknown(
                f"toxicity of radiotherapy not given, must be {limit}",
                "radiotherapy.toxicity_grade",
            )
        said = f"toxicity of radiotherapy grade {given.toxicity_grade}"
        if given.toxicity_grade <= self.grade_max:
            return passed(f"{said}, {limit}")
        return failed(f"{said}, must be {limit}")
