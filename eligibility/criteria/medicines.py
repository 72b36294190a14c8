"""Medicines that must be stopped in time, by name or by what they do to CYP3A4."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.drug_names import DrugNames
from eligibility.finding import FAIL, PASS
from eligibility.form import ScreeningForm
from eligibility.form_history import Medicine

_EFFECTS: Final = ("strong_inhibitor", "inducer")
_NONE: Final = passed("no forbidden medicine is taken")


@dataclass(frozen=True, slots=True)
class ForbiddenMedicines:
    """`names` are forbidden whatever the site says of them; `effects` by the site's classification.

    A longer name that holds a forbidden one needs a person. Where effects are asked for, a
    medicine that is neither named nor classified is unknown.
    """

    names: DrugNames
    effects: frozenset[str]
    gap: Gap
    washout_days: int | None
    sections: tuple[str, ...] = ("medicines",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        names, effects = table.names("names"), table.names("effects", ())
        for effect in effects:
            if effect not in _EFFECTS:
                raise table.error("effects", f"unknown effect `{effect}`", f"one of {_EFFECTS}")
        gap = Gap.parse(table)
        return cls(DrugNames.of(names), frozenset(effects), gap, gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.medicines is None:
            return unknown("medicines taken besides not given", "medicines")
        parts = [
            part for one in form.medicines if (part := self._one(one, form, anchors)) is not None
        ]
        return combine(parts) if parts else _NONE

    def _one(self, one: Medicine, form: ScreeningForm, anchors: Anchors) -> Part | None:
        match = self.names.match(one.name)
        meant = match == "named" or one.cyp3a4 in self.effects
        if not meant and match == "other" and (not self.effects or one.cyp3a4 != "unknown"):
            return None
        part = self._stopped(one, form, anchors)
        if meant or part.answer is PASS:
            return part
        if match == "within":
            return review(f"{part.text}, if it is meant") if part.answer is FAIL else part
        return unknown(f"effect of {one.name} on CYP3A4 not given: {part.text}", "medicines.cyp3a4")

    def _stopped(self, one: Medicine, form: ScreeningForm, anchors: Anchors) -> Part:
        on = anchors.of(self.gap.anchor)
        if one.ongoing == "yes":
            return failed(f"{one.name} is taken, must be stopped {self.gap.limit} {on}")
        field = "medicines.stopped_on"
        return self.gap.since(f"{one.name} stopped", one.stopped_on, form.completed_on, on, field)
