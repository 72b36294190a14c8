"""Events too recent for the study: thrombosis, bleeding, operations and injuries."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import ScreeningForm
from eligibility.form_history import Bleeding, Operation

_NO_THROMBOSIS: Final = passed("no thrombotic or embolic event")
_NO_BLEEDING: Final = passed("no bleeding event")
_NONE_AHEAD: Final = passed("no major surgery is anticipated")


@dataclass(frozen=True, slots=True)
class Thrombosis:
    """No thrombotic or embolic event, stroke and TIA included, within the gap."""

    gap: Gap
    washout_days: int | None
    sections: tuple[str, ...] = ("thrombotic_events",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap = Gap.parse(table)
        return cls(gap, gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.thrombotic_events is None:
            return unknown("thrombotic events not given", "thrombotic_events")
        if not form.thrombotic_events:
            return _NO_THROMBOSIS
        on, field = anchors.of(self.gap.anchor), "thrombotic_events.happened_on"
        return combine(
            [
                self.gap.since(
                    one.kind.replace("_", " "), one.happened_on, form.completed_on, on, field
                )
                for one in form.thrombotic_events
            ]
        )


@dataclass(frozen=True, slots=True)
class RecentBleeding:
    """Pulmonary bleeding from one grade on, any other from a higher one on, within the gap."""

    pulmonary_grade_min: int
    other_grade_min: int
    gap: Gap
    washout_days: int | None
    sections: tuple[str, ...] = ("bleeding_events",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap = Gap.parse(table, default="first_dose")
        pulmonary = table.whole("pulmonary_grade_min")
        return cls(pulmonary, table.whole("other_grade_min"), gap, gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.bleeding_events is None:
            return unknown("bleeding events not given", "bleeding_events")
        if not form.bleeding_events:
            return _NO_BLEEDING
        return combine([self._one(one, form, anchors) for one in form.bleeding_events])

    def _one(self, one: Bleeding, form: ScreeningForm, anchors: Anchors) -> Part:
        """An unknown grade or place matters only for an event that is recent."""
        on, field = anchors.of(self.gap.anchor), "bleeding_events.happened_on"
        lowest = self.pulmonary_grade_min if one.pulmonary == "yes" else self.other_grade_min
        place = {"yes": "pulmonary bleeding", "no": "bleeding"}.get(one.pulmonary, "bleeding")
        certain = self.other_grade_min if one.pulmonary == "unknown" else lowest
        possible = self.pulmonary_grade_min if one.pulmonary == "unknown" else lowest
        if one.grade is not None and one.grade < min(certain, possible):
            return passed(f"{place} grade {one.grade}, below grade {min(certain, possible)}")
        what = f"{place} grade {'unknown' if one.grade is None else one.grade}"
        part = self.gap.since(what, one.happened_on, form.completed_on, on, field)
        if part.answer == "pass":
            return part
        if one.grade is None:
            return unknown(f"{part.text}: the grade decides", "bleeding_events.grade")
        if one.grade < max(certain, possible):
            return unknown(f"{part.text}: if pulmonary", "bleeding_events.pulmonary")
        return part


@dataclass(frozen=True, slots=True)
class RecentSurgery:
    """No major operation, open biopsy or significant trauma within the gap, and none ahead."""

    gap: Gap
    washout_days: int | None
    sections: tuple[str, ...] = ("major_surgery_anticipated", "operations")
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap = Gap.parse(table, default="first_dose")
        return cls(gap, gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.operations is None:
            past = [unknown("operations not given", "operations")]
        else:
            past = [self._one(one, form, anchors) for one in form.operations]
        return combine([*past, _ahead(form.major_surgery_anticipated)])

    def _one(self, one: Operation, form: ScreeningForm, anchors: Anchors) -> Part:
        if one.kind == "minor":
            return passed("a minor operation does not count")
        words = "operation" if one.kind == "unknown" else one.kind.replace("_", " ")
        what = "major surgery" if one.kind == "major" else words
        on, field = anchors.of(self.gap.anchor), "operations.happened_on"
        part = self.gap.since(what, one.happened_on, form.completed_on, on, field)
        if one.kind == "unknown" and part.answer != "pass":
            return unknown(f"{part.text}: the kind decides", "operations.kind")
        return part


def _ahead(anticipated: str) -> Part:
    if anticipated == "unknown":
        return unknown("not known whether major surgery is ahead", "major_surgery_anticipated")
    if anticipated == "yes":
        return failed("major surgery is anticipated")
    return _NONE_AHEAD
