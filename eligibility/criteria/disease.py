"""Metastatic disease, confirmed by histology; a metastasis without biopsy must be unequivocal."""

from dataclasses import dataclass
from typing import Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import DiseaseFacts, ScreeningForm


@dataclass(frozen=True, slots=True)
class ConfirmedMetastatic:
    sections: tuple[str, ...] = ("disease",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls()

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        disease = form.disease
        return combine(
            [
                _yes(disease.confirmed_by_histology, "histology or cytology confirms breast cancer",
                     "disease.confirmed_by_histology"),
                _yes(disease.metastatic, "the disease is metastatic", "disease.metastatic"),
                _metastasis(disease),
            ]
        )  # fmt: skip


def _yes(said: str, what: str, field: str) -> Part:
    if said == "unknown":
        return unknown(f"not known whether {what}", field)
    return passed(what) if said == "yes" else failed(f"must be met, and is not: {what}")


def _metastasis(disease: DiseaseFacts) -> Part:
    """Biopsied, or else unequivocal."""
    if disease.metastasis_biopsied == "yes":
        return passed("a metastasis was biopsied")
    if disease.metastasis_unequivocal == "yes":
        return passed("the metastasis is unequivocal")
    if disease.metastasis_biopsied == "no" and disease.metastasis_unequivocal == "no":
        return failed("no metastasis was biopsied and none is unequivocal")
    fields = ("metastasis_biopsied", "metastasis_unequivocal")
    missing = [f"disease.{name}" for name in fields if getattr(disease, name) == "unknown"]
    return unknown("not known whether a metastasis was biopsied or is unequivocal", *missing)
