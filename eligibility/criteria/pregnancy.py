"""Women of childbearing potential: a recent negative serum test; contraception for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.finding import PASS
from eligibility.form import Contraception, Demographics, ScreeningForm
from eligibility.form_results import PregnancyTest

_FIELD = "pregnancy.tests"


@dataclass(frozen=True, slots=True)
class NegativePregnancyTest:
    """The latest serum test counts; any positive test fails, whatever its kind."""

    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("demographics", "pregnancy")
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table, default="treatment_start")
        return cls(validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        serum = [test for test in form.pregnancy.tests if test.kind == "serum"]
        positive = _positive(form.pregnancy.tests, serum)
        asked = childbearing(form.demographics)
        if asked is not None:
            if positive is not None and asked.answer is PASS:
                return unknown(f"{asked.text}, yet {positive}", _FIELD)
            return asked
        if positive is not None:
            return failed(positive)
        return self.validity.latest(
            "serum pregnancy test", serum, form.completed_on, anchors, _FIELD, _negative
        )


def _positive(tests: Sequence[PregnancyTest], serum: Sequence[PregnancyTest]) -> str | None:
    """A positive test that no serum test is certainly later than, in words."""
    newest = max((test.taken_on.first for test in serum), default=None)
    for test in tests:
        later = newest is None or test.taken_on.last >= newest
        if test.result == "positive" and later:
            return f"{test.kind} pregnancy test of {test.taken_on} is positive"
    return None


def _negative(test: PregnancyTest) -> Part:
    said = f"serum pregnancy test of {test.taken_on.text}"
    if test.result == "negative":
        return passed(f"{said} is negative")
    if test.result == "positive":
        return failed(f"{said} is positive")
    return unknown(f"{said} has no result", _FIELD)


def childbearing(who: Demographics) -> Part | None:
    """A pass for those who are not asked, an unknown where it is not known; none for the others."""
    if who.sex == "male":
        if who.childbearing_potential == "yes":
            return unknown("a man of childbearing potential: one is wrong", "demographics.sex")
        return passed("not asked of men")
    if who.childbearing_potential == "no":
        return passed("not of childbearing potential")
    if who.childbearing_potential == "yes":
        return None
    return unknown("childbearing potential not known", "demographics.childbearing_potential")


@dataclass(frozen=True, slots=True)
class ContraceptionAgreed:
    """Women of childbearing potential and men; men for `men_months_min` after the last dose."""

    men_months_min: int
    sections: tuple[str, ...] = ("contraception", "demographics")
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(table.whole("men_months_min"))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        who, said = form.demographics, form.contraception
        if who.sex == "unknown" and who.childbearing_potential != "yes":
            return unknown("sex not given", "demographics.sex")
        if who.sex == "male":
            return combine([_agrees(said, "agrees"), self._months(said)])
        breast_feeding = _agrees(said, "agrees_no_breast_feeding")
        asked = childbearing(who)
        if asked is not None:
            return combine([asked, breast_feeding])
        report = _agrees(said, "agrees_to_report_pregnancy")
        return combine([_agrees(said, "agrees"), report, breast_feeding])

    def _months(self, said: Contraception) -> Part:
        months, limit = said.months_after_last_dose, f"at least {self.men_months_min} months"
        if months is None:
            return unknown(
                f"contraception after the last dose not given, must be {limit}",
                "contraception.months_after_last_dose",
            )
        text = f"contraception for {months} months after the last dose"
        if months >= self.men_months_min:
            return passed(f"{text}, {limit}")
        return failed(f"{text}, must be {limit}")


_WORDS: Final = {
    "agrees": "agrees to contraception",
    "agrees_to_report_pregnancy": "agrees to report pregnancy",
    "agrees_no_breast_feeding": "agrees no breast feeding",
}
_AGREED: Final = {field: passed(f"{words}: yes") for field, words in _WORDS.items()}


def _agrees(said: Contraception, field: str) -> Part:
    answer = getattr(said, field)
    if answer == "yes":
        return _AGREED[field]
    words = _WORDS[field]
    if answer == "unknown":
        return unknown(f"{words}: unknown, must be yes", f"contraception.{field}")
    return failed(f"{words}: no, must be yes")
