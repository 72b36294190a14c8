"""Laboratory results against a fixed limit or a multiple of the laboratory's own upper limit."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.plausible import Plausible, plausible
from eligibility.criteria.table import Table
from eligibility.criteria.units import UNITS
from eligibility.form import ScreeningForm
from eligibility.form_results import Lab

Bound = str
_BOUNDS: Final[dict[Bound, tuple[str, Callable[[Decimal, Decimal], bool]]]] = {
    "over": ("more than", lambda value, limit: value > limit),
    "min": ("at least", lambda value, limit: value >= limit),
    "under": ("less than", lambda value, limit: value < limit),
    "max": ("at most", lambda value, limit: value <= limit),
    "under_upper_limits": ("less than", lambda value, limit: value < limit),
    "max_upper_limits": ("at most", lambda value, limit: value <= limit),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit on one analyte; `_upper_limits` bounds count in the laboratory's upper limits."""

    analyte: str
    bound: Bound
    amount: Decimal
    unit: str
    """The unit of a fixed limit; empty for multiples of the upper limit."""
    words: str
    """The limit in words: `more than 1500 /uL`."""
    thresholds: dict[str, Decimal]
    """By the unit of a result: what `value * per` is compared with. Exact, see `UNITS`."""
    per: Decimal
    plausible: dict[str, Plausible]
    """By the unit of a result: what may be believed of it."""
    name: str
    """The analyte as it stands in a sentence."""
    field: str
    """The form field of the result."""
    holds: Callable[[Decimal, Decimal], bool]

    @classmethod
    def parse(cls, table: Table) -> Self:
        analyte = table.choice("analyte", tuple(UNITS))
        given = [bound for bound in _BOUNDS if table.maybe_decimal(bound) is not None]
        if len(given) != 1:
            raise table.error(
                "over", f"{len(given)} limits are given", f"give one of {', '.join(_BOUNDS)}"
            )
        amount = table.decimal(given[0])
        if given[0].endswith("upper_limits"):
            limit = cls.of_upper_limits(analyte, given[0], amount)
        else:
            limit = cls.fixed(
                analyte, given[0], amount, table.choice("unit", tuple(UNITS[analyte]))
            )
        table.done()
        return limit

    @classmethod
    def fixed(cls, analyte: str, bound: Bound, amount: Decimal, unit: str) -> Self:
        words = f"{_BOUNDS[bound][0]} {amount}{_unit(unit)}"
        units = UNITS[analyte]
        thresholds = {reported: amount * number for reported, number in units.items()}
        prepared = _prepared(analyte, bound)
        return cls(analyte, bound, amount, unit, words, thresholds, units[unit], *prepared)

    @classmethod
    def of_upper_limits(cls, analyte: str, bound: Bound, amount: Decimal) -> Self:
        words = f"{_BOUNDS[bound][0]} {amount} x the upper limit of"
        thresholds = dict.fromkeys(UNITS[analyte], amount)
        prepared = _prepared(analyte, bound)
        return cls(analyte, bound, amount, "", words, thresholds, Decimal(1), *prepared)

    def of(self, lab: Lab) -> Part:
        """Whether the value is within the limit; unknown where the unit or the limit is unclear."""
        said = f"{self.name} {lab.value!s}{_unit(lab.unit)} ({lab.taken_on.text})"
        threshold = self.thresholds.get(lab.unit)
        if threshold is None:
            expected = " or ".join(self.thresholds)
            return unknown(f"{said} is in an unknown unit, expected {expected}", self.field)
        believed = self.plausible[lab.unit]
        if not believed.value.holds(lab.value):
            return unknown(f"{said} is a value that nobody has: check the unit", self.field)
        if self.unit:
            within, limit = self.holds(lab.value * self.per, threshold), self.words
        elif not lab.upper_limit:
            return unknown(f"{said} without the laboratory's upper limit", self.field)
        elif not believed.upper_limit.holds(lab.upper_limit):
            text = f"{said} with an upper limit of {lab.upper_limit}, which no laboratory has"
            return unknown(f"{text}: check the unit", self.field)
        else:
            within = self.holds(lab.value, threshold * lab.upper_limit)
            limit = f"{self.words} {lab.upper_limit!s}"
        return passed(f"{said}, {limit}") if within else failed(f"{said}, must be {limit}")


def _unit(unit: str) -> str:
    """A unit as it follows a number; a ratio has none."""
    return "" if unit == "1" else f" {unit}"


def _prepared(
    analyte: str, bound: Bound
) -> tuple[dict[str, Plausible], str, str, Callable[[Decimal, Decimal], bool]]:
    said, field = analyte_words(analyte), f"labs.{analyte}"
    return plausible(analyte), said, field, _BOUNDS[bound][1]


def analyte_words(analyte: str) -> str:
    """The name of an analyte as it stands in a sentence."""
    return analyte.upper() if analyte in ("ast", "alt", "inr", "pt", "ptt") else analyte


def latest_lab(
    form: ScreeningForm,
    limit: Limit,
    validity: Validity,
    anchors: Anchors,
    answer: Callable[[Lab], Part],
) -> Part:
    """The answer on the latest result of the limit's analyte, if it is fresh."""
    results = form.labs_by_analyte.get(limit.analyte, ())
    return validity.latest(limit.name, results, form.completed_on, anchors, limit.field, answer)


@dataclass(frozen=True, slots=True)
class Labs:
    """All limits must be met by the latest result of each analyte."""

    limits: tuple[Limit, ...]
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("labs",)
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        limits = tuple(Limit.parse(limit) for limit in table.tables("limits"))
        return cls(limits, validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        return combine(
            [latest_lab(form, one, self.validity, anchors, one.of) for one in self.limits]
        )
