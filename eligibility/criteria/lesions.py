"""Measurable disease (RECIST 1.0): one lesion long enough for the method it was imaged with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Validity, agreed
from eligibility.criteria.parts import Part, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.finding import FAIL, PASS, UNKNOWN
from eligibility.form import ScreeningForm
from eligibility.form_results import Lesion

_MILLIMETRES: Final = {"mm": Decimal(1), "cm": Decimal(10)}


@dataclass(frozen=True, slots=True)
class MeasurableDisease:
    """A lesion counts above (not at) its limit. Bone lesions are never measurable."""

    conventional_over_mm: Decimal
    spiral_ct_over_mm: Decimal
    validity: Validity
    validity_days: int | None
    sections: tuple[str, ...] = ("lesions",)
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        validity = Validity.parse(table)
        conventional = table.decimal("conventional_over_mm")
        return cls(conventional, table.decimal("spiral_ct_over_mm"), validity, validity.days_max)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.lesions is None:
            return unknown("lesions not assessed, one must be measurable", "lesions")
        by_label: dict[str, list[Lesion]] = {}
        for lesion in form.lesions:
            by_label.setdefault(lesion.label, []).append(lesion)
        parts = [self._latest(lesions, form, anchors) for lesions in by_label.values()]
        for wanted in (PASS, UNKNOWN):
            found = [part for part in parts if part.answer is wanted]
            if found:
                missing = dict.fromkeys(name for part in found for name in part.missing)
                return Part(wanted, "; ".join(part.text for part in found), tuple(missing))
        if not parts:
            return failed("no lesion was found, one must be measurable")
        return failed(f"no lesion is measurable: {'; '.join(part.text for part in parts)}")

    def _latest(self, lesions: list[Lesion], form: ScreeningForm, anchors: Anchors) -> Part:
        if len(lesions) == 1:
            return self._measurable(lesions[0], form, anchors)
        newest = max(lesion.imaged_on.first for lesion in lesions)
        last = [lesion for lesion in lesions if lesion.imaged_on.last >= newest]
        parts = [self._measurable(lesion, form, anchors) for lesion in last]
        return agreed(parts, f"imaging of lesion {lesions[0].label}", "lesions.imaged_on")

    def _measurable(self, lesion: Lesion, form: ScreeningForm, anchors: Anchors) -> Part:
        what = f"lesion {lesion.label} ({lesion.site})"
        if lesion.site == "bone":
            return failed(f"{what} is in bone")
        factor = _MILLIMETRES.get(lesion.unit)
        if factor is None:
            return unknown(f"{what} is in {lesion.unit}, expected mm or cm", "lesions.unit")
        stale = self.validity.check(
            f"imaging of {what}", lesion.imaged_on, form.completed_on, anchors, "lesions.imaged_on"
        )
        if stale is not None:
            return stale
        size = self._size(lesion, what, lesion.longest_diameter * factor)
        if size.answer is FAIL:
            return size
        return _irradiated(lesion, what) or size

    def _size(self, lesion: Lesion, what: str, millimetres: Decimal) -> Part:
        conventional, spiral = self.conventional_over_mm, self.spiral_ct_over_mm
        said = f"{what} {lesion.longest_diameter!s} {lesion.unit}"
        if lesion.method == "unknown":
            low, high = min(conventional, spiral), max(conventional, spiral)
            if low < millimetres <= high:
                return unknown(f"{said}: the method decides ({low} or {high} mm)", "lesions.method")
            limit = high if millimetres > high else low
        else:
            limit = spiral if lesion.method == "spiral_ct" else conventional
        if millimetres > limit:
            return passed(f"{said}, more than {limit!s} mm")
        return failed(f"{said}, must be more than {limit!s} mm")


def _irradiated(lesion: Lesion, what: str) -> Part | None:
    """Irradiated lesions count only with documented progression since."""
    if lesion.irradiated == "no" or lesion.progressed_since_irradiation == "yes":
        return None
    if lesion.irradiated == "unknown":
        return unknown(f"{what}: not known whether it was irradiated", "lesions.irradiated")
    if lesion.progressed_since_irradiation == "no":
        return failed(f"{what} was irradiated and has not progressed since")
    return unknown(
        f"{what} was irradiated, progression since is not known",
        "lesions.progressed_since_irradiation",
    )
