"""Informed consent: understood, signed, approved version, before any study-only procedure."""

from dataclasses import dataclass
from typing import Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.form import Consent, ScreeningForm


@dataclass(frozen=True, slots=True)
class InformedConsent:
    """`versions` are the approved ones; empty accepts any version that is named."""

    versions: frozenset[str]
    sections: tuple[str, ...] = ("consent",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(frozenset(table.names("versions", ())))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        consent = form.consent
        return combine(
            [
                _understands(consent),
                _signed(consent, form),
                self._version(consent),
                _before_procedures(consent),
            ]
        )

    def _version(self, consent: Consent) -> Part:
        if consent.version is None:
            return unknown("version of the consent not given", "consent.version")
        if self.versions and consent.version not in self.versions:
            approved = ", ".join(sorted(self.versions))
            return failed(f"consent version {consent.version}, approved is {approved}")
        return passed(f"version {consent.version}")


def _understands(consent: Consent) -> Part:
    if consent.understands == "unknown":
        return unknown("not known whether consent is understood", "consent.understands")
    if consent.understands == "no":
        return failed("consent is not understood")
    return passed("consent is understood")


def _signed(consent: Consent, form: ScreeningForm) -> Part:
    if consent.signed_on is None:
        return unknown("consent is not signed", "consent.signed_on")
    if consent.signed_on.until(form.completed_on) is None:
        text = f"consent of {consent.signed_on} is dated after the form of {form.completed_on}"
        return unknown(text, "consent.signed_on")
    return passed(f"signed {consent.signed_on.text}")


def _before_procedures(consent: Consent) -> Part:
    """Standard care before consent is allowed: only study-only procedures are asked about."""
    signed, began = consent.signed_on, consent.study_procedures_began_on
    if consent.study_procedures_begun == "no":
        if began is not None:
            text = f"no study procedure has begun, yet one is dated {began}"
            return unknown(text, "consent.study_procedures_begun")
        return passed("no study procedure has begun")
    if began is None or signed is None:
        field = "study_procedures_begun" if began is None else "signed_on"
        if consent.study_procedures_begun == "yes" and began is None:
            field = "study_procedures_began_on"
        return unknown("not known whether consent came before study procedures", f"consent.{field}")
    text = f"consent {signed.text}, study procedures from {began.text}"
    if signed.last < began.first:
        return passed(text)
    if signed.first > began.last:
        return failed(f"{text}: consent must come first")
    field = "consent.study_procedures_began_on"
    if signed == began and signed.first == signed.last:
        field = "consent.signed_before_procedures"
        if consent.signed_before_procedures == "yes":
            return passed(f"{text}, consent first")
        if consent.signed_before_procedures == "no":
            return failed(f"{text}: consent must come first")
    return unknown(f"{text}: not known which came first", field)
