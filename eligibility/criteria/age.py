"""Age: at least so many years on the anchor date, by the calendar."""

from dataclasses import dataclass
from typing import Self

from eligibility.anchors import Anchor, Anchors
from eligibility.criteria.anchored import ANCHORS
from eligibility.criteria.parts import Part, earliest, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.partial_date import add_months


@dataclass(frozen=True, slots=True)
class Age:
    years_min: int
    anchor: Anchor
    sections: tuple[str, ...] = ("demographics",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(
            table.whole("years_min", most=120), table.choice("anchor", ANCHORS, "registration")
        )

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        born = form.demographics.birth_date
        limit = f"at least {self.years_min} years"
        if born is None:
            return unknown(f"birth date not given, age must be {limit}", "demographics.birth_date")
        on = anchors.of(self.anchor)
        months = self.years_min * 12
        if add_months(born.last, months) <= on:
            return passed(f"born {born.text}, {limit} on {on.isoformat()}")
        if add_months(born.first, months) > on:
            first = earliest(self.anchor, add_months(born.last, months))
            return failed(f"born {born}, not {limit} on {on}", first)
        return unknown(f"born {born}: {limit} on {on} or not", "demographics.birth_date")
