"""Other malignancies: none treated with curative intent within some years, but for exceptions."""

from dataclasses import dataclass
from typing import Final, Self, get_args

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_history import Malignancy

_KINDS: Final[tuple[str, ...]] = get_args(Malignancy.model_fields["kind"].annotation)
_NONE: Final = passed("no other malignancy")


@dataclass(frozen=True, slots=True)
class OtherMalignancy:
    gap: Gap
    exceptions: frozenset[str]
    washout_days: int | None
    sections: tuple[str, ...] = ("other_malignancies",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap, exceptions = Gap.parse(table, default="enrolment"), table.names("exceptions", ())
        for name in exceptions:
            if name not in _KINDS:
                raise table.error("exceptions", f"unknown kind `{name}`", f"one of {_KINDS}")
        return cls(gap, frozenset(exceptions), gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.other_malignancies is None:
            return unknown("other malignancies not given", "other_malignancies")
        if not form.other_malignancies:
            return _NONE
        return combine([self._one(one, form, anchors) for one in form.other_malignancies])

    def _one(self, one: Malignancy, form: ScreeningForm, anchors: Anchors) -> Part:
        words = one.kind.replace("_", " ")
        if one.kind in self.exceptions:
            return passed(f"{words} is excepted")
        on = anchors.of(self.gap.anchor)
        what = f"curative treatment of another cancer ({words}) ended"
        if one.ongoing == "yes":
            part = failed(f"treatment of another cancer ({words}) goes on")
        else:
            field = "other_malignancies.ended_on"
            part = self.gap.since(what, one.ended_on, form.completed_on, on, field)
        if part.answer == "pass":
            return part
        if one.kind == "unknown":
            text = f"another cancer of unknown kind: {part.text}"
            return unknown(text, "other_malignancies.kind")
        if one.curative_intent == "unknown":
            return unknown(f"{part.text}, if curative", "other_malignancies.curative_intent")
        if one.curative_intent == "no":
            return review(f"another cancer ({words}) without curative treatment")
        return part
