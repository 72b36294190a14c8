"""ECOG performance status at most so much, and life expectancy longer than so many months."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity, agreed
from eligibility.criteria.parts import Part, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_results import Performance

_FIELD = "performance.ecog"


@dataclass(frozen=True, slots=True)
class PerformanceStatus:
    ecog_max: int
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("performance",)
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        return cls(table.whole("ecog_max"), validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if not form.performance:
            return unknown(f"ECOG not given, must be at most {self.ecog_max}", _FIELD)
        if len(form.performance) == 1:
            return self._one(form.performance[0], form, anchors)
        newest = max(one.assessed_on.first for one in form.performance)
        last = [one for one in form.performance if one.assessed_on.last >= newest]
        return agreed([self._one(one, form, anchors) for one in last], "ECOG", _FIELD)

    def _one(self, one: Performance, form: ScreeningForm, anchors: Anchors) -> Part:
        stale = self.validity.check("ECOG", one.assessed_on, form.completed_on, anchors, _FIELD)
        if stale is not None:
            return stale
        said = f"ECOG {one.ecog} ({one.assessed_on.text})"
        if one.ecog <= self.ecog_max:
            return passed(f"{said}, at most {self.ecog_max}")
        return failed(f"{said}, must be at most {self.ecog_max}")


@dataclass(frozen=True, slots=True)
class LifeExpectancy:
    """Strictly longer than `months_over`."""

    months_over: Decimal
    sections: tuple[str, ...] = ("life_expectancy_months",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(table.decimal("months_over"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        months, limit = form.life_expectancy_months, f"more than {self.months_over!s} months"
        if months is None:
            return unknown(f"life expectancy not given, must be {limit}", "life_expectancy_months")
        if months > self.months_over:
            return passed(f"life expectancy {months!s} months, {limit}")
        return failed(f"life expectancy {months!s} months, must be {limit}")
