"""Plain statements: some facts must be yes, others no; unknown is never taken for either."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Self, cast

from pydantic import BaseModel

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.finding import FAIL
from eligibility.form import ScreeningForm
from eligibility.values import YesNo


@dataclass(frozen=True, slots=True)
class Statements:
    """`yes` and `no` are fields of the form. Women only: men pass without being asked."""

    asks: tuple[tuple[str, str, str], ...]
    """Section (or empty), field, and the answer that passes."""
    women_only: bool
    said: Callable[[ScreeningForm], Any]
    """All answers of a form at once."""
    wanted: Any
    """What `said` gives where each answer passes."""
    all_met: Part
    sections: tuple[str, ...]
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        asks = []
        for wanted in ("yes", "no"):
            for path in table.names(wanted, ()):
                section, field = split_path(table, wanted, path)
                asks.append((section, field, wanted))
        if not asks:
            raise table.error("yes", "nothing is asked", "name fields in `yes` or in `no`")
        women_only = table.flag("women_only", False)
        sections = {section or field for section, field, _ in asks}
        if women_only:
            sections.add("demographics")
        met = "; ".join(f"{field.replace('_', ' ')}: {wanted}" for _, field, wanted in asks)
        said = attrgetter(*(f"{section}.{field}".lstrip(".") for section, field, _ in asks))
        answers = tuple(wanted for _, _, wanted in asks)
        all_of_them = answers if len(answers) > 1 else answers[0]
        names = tuple(sorted(sections))
        return cls(tuple(asks), women_only, said, all_of_them, passed(met), names)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if self.women_only and form.demographics.sex == "male":
            return self._of_a_man(form)
        if self.said(form) == self.wanted:
            return self.all_met
        return combine([_answer(form, *ask) for ask in self.asks])

    def _of_a_man(self, form: ScreeningForm) -> Part:
        """Not asked; what only a woman can be is a contradiction all the same."""
        for ask in self.asks:
            part = _answer(form, *ask)
            if part.answer is FAIL:
                return unknown(f"a man, yet {part.text}: one is wrong", "demographics.sex")
        return _NOT_ASKED


_NOT_ASKED = passed("not asked of men")


def split_path(table: Table, key: str, path: str) -> tuple[str, str]:
    """Section and field of a yes/no answer, checked against the form's own shape."""
    section, _, field = path.rpartition(".")
    model: Any = ScreeningForm
    if section:
        held = ScreeningForm.model_fields.get(section)
        model = held.annotation if held is not None else None
    known = isinstance(model, type) and issubclass(model, BaseModel)
    if not known or field not in model.model_fields:
        raise table.error(key, f"the form has no field `{path}`", "name a field of the form")
    if model.model_fields[field].annotation != YesNo:
        raise table.error(key, f"`{path}` is no yes-or-no answer", "name a yes-or-no field")
    return section, field


def _answer(form: ScreeningForm, section: str, field: str, wanted: str) -> Part:
    holder = getattr(form, section) if section else form
    said = cast(YesNo, getattr(holder, field))
    words = field.replace("_", " ")
    if said == wanted:
        return passed(f"{words}: {said}")
    if said == "unknown":
        return unknown(f"{words}: unknown, must be {wanted}", f"{section}.{field}".lstrip("."))
    return failed(f"{words}: {said}, must be {wanted}")
