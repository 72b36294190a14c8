"""Brain metastases: none, or treated ones that fulfil all six conditions of the protocol."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap, Validity
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import BrainMetastases, ScreeningForm

_SECTION = "brain_metastases"
_NONE: Final = passed("no brain metastases")


@dataclass(frozen=True, slots=True)
class TreatedBrainMetastases:
    gap: Gap
    validity: Validity
    validity_days: int | None
    washout_days: int | None
    sections: tuple[str, ...] = (_SECTION, "lesions")

    @classmethod
    def parse(cls, table: Table) -> Self:
        gap, validity = Gap.parse(table), Validity.parse(table)
        return cls(gap, validity, validity.days_max, gap.days())

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        brain = form.brain_metastases
        if brain.present == "no":
            return _contradicted(brain, form) or _NONE
        if brain.present == "unknown":
            return unknown("not known whether there are brain metastases", f"{_SECTION}.present")
        return combine(
            [
                _must(brain, "treated", "yes"),
                self._over(brain, form, anchors),
                _must(brain, "neurologic_symptoms", "no"),
                _must(brain, "steroids", "no"),
                self._mri(brain, form, anchors),
                _must(brain, "new_untreated_lesion", "no"),
            ]
        )

    def _over(self, brain: BrainMetastases, form: ScreeningForm, anchors: Anchors) -> Part:
        ended, on = brain.treatment_ended_on, anchors.of(self.gap.anchor)
        field = f"{_SECTION}.treatment_ended_on"
        return self.gap.since("brain treatment ended", ended, form.completed_on, on, field)

    def _mri(self, brain: BrainMetastases, form: ScreeningForm, anchors: Anchors) -> Part:
        """Follow-up by MRI, without residual active lesion; only a recent one counts."""
        field = f"{_SECTION}.mri_on"
        if brain.mri_on is None:
            return unknown("no follow-up MRI of the brain given", field)
        stale = self.validity.check("MRI", brain.mri_on, form.completed_on, anchors, field)
        return stale or _follow_up(brain) or _must(brain, "mri_residual_active", "no")


def _contradicted(brain: BrainMetastases, form: ScreeningForm) -> Part | None:
    """None are present, yet something is told of them that only they can have."""
    told = ("treated", "mri_residual_active", "new_untreated_lesion")
    said = [field for field in told if getattr(brain, field) == "yes"]
    if brain.treatment_ended_on is not None:
        said.append("treatment_ended_on")
    if any(lesion.site == "brain" for lesion in form.lesions or ()):
        said.append("a lesion of the brain")
    if not said:
        return None
    words = ", ".join(field.replace("_", " ") for field in said)
    return unknown(f"no brain metastases, yet {words} is given", f"{_SECTION}.present")


def _follow_up(brain: BrainMetastases) -> Part | None:
    """An MRI that is not certainly later than the treatment does not show what that has left."""
    ended, mri = brain.treatment_ended_on, brain.mri_on
    if ended is None or mri is None or mri.first > ended.last:
        return None
    text = f"MRI of {mri} must be later than the treatment of the brain, which ended {ended}"
    return unknown(text, f"{_SECTION}.mri_on")


def _must(brain: BrainMetastases, field: str, wanted: str) -> Part:
    said, words = getattr(brain, field), f"brain metastases, {field.replace('_', ' ')}"
    if said == wanted:
        return passed(f"{words}: {said}")
    if said == "unknown":
        return unknown(f"{words}: unknown, must be {wanted}", f"{_SECTION}.{field}")
    return failed(f"{words}: {said}, must be {wanted}")
