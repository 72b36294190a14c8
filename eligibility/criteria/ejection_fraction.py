"""Left ventricular ejection fraction within the institution's normal range."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity
from eligibility.criteria.parts import Part, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_results import Lvef

_FIELD: Final = "lvef"
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class EjectionFraction:
    """At the lower limit passes; above an upper limit, where one is given, a person looks."""

    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = (_FIELD,)
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        return cls(validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        return self.validity.latest(
            "LVEF", form.lvef, form.completed_on, anchors, _FIELD, _within_normal
        )


def _within_normal(result: Lvef) -> Part:
    said = f"LVEF {result.percent!s}% ({result.taken_on.text})"
    if result.percent > _WHOLE:
        return unknown(f"{said} is more than the whole heart: correct it", f"{_FIELD}.percent")
    if not result.lower_limit:
        return unknown(f"{said} without the institution's lower limit", f"{_FIELD}.lower_limit")
    if result.percent < result.lower_limit:
        return failed(f"{said}, must be at least {result.lower_limit!s}%")
    if result.upper_limit is not None and result.percent > result.upper_limit:
        return review(f"{said} is above the institution's normal {result.upper_limit}%")
    return passed(f"{said}, at least {result.lower_limit!s}%")
