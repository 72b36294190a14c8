"""The screening form: every fact that the criteria of a trial can ask for, strictly typed.

Left out means unknown. A list left out is unknown, an empty list is "none". There is no name, no
address and no record number on it: the subject is an id of the site's own making.
"""

from collections.abc import Hashable
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from eligibility.exposures import Exposure, exposures
from eligibility.form_history import (
    Bleeding,
    Malignancy,
    Medicine,
    Operation,
    Radiotherapy,
    Regimen,
    ThromboticEvent,
)
from eligibility.form_results import (
    BloodPressure,
    Lab,
    Lesion,
    Lvef,
    Performance,
    PregnancyTest,
    Specimen,
    Toxicity,
)
from eligibility.partial_date import When
from eligibility.values import LIST_MAX, Grade, Id, Measure, Section, Word, YesNo

T = TypeVar("T")
REGIMENS_MAX = 60
"""Counting weighs every reading of every regimen, so there is a limit that no history reaches."""

Many = Annotated[tuple[T, ...], Field(max_length=LIST_MAX)]


class Consent(Section):
    understands: YesNo = "unknown"
    signed_on: When | None = None
    version: Word | None = None
    study_procedures_begun: YesNo = "unknown"
    """Procedures done only for the study; standard care before consent is allowed."""
    study_procedures_began_on: When | None = None
    signed_before_procedures: YesNo = "unknown"
    """Asked only when both fell on the same day."""


class Demographics(Section):
    birth_date: When | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    childbearing_potential: YesNo = "unknown"


class DiseaseFacts(Section):
    confirmed_by_histology: YesNo = "unknown"
    metastatic: YesNo = "unknown"
    metastasis_biopsied: YesNo = "unknown"
    metastasis_unequivocal: YesNo = "unknown"
    liver_metastases: YesNo = "unknown"


class BrainMetastases(Section):
    present: YesNo = "unknown"
    treated: YesNo = "unknown"
    treatment_ended_on: When | None = None
    neurologic_symptoms: YesNo = "unknown"
    steroids: YesNo = "unknown"
    mri_on: When | None = None
    mri_residual_active: YesNo = "unknown"
    new_untreated_lesion: YesNo = "unknown"


class Pregnancy(Section):
    pregnant: YesNo = "unknown"
    breast_feeding: YesNo = "unknown"
    tests: Many[PregnancyTest] = ()


class Contraception(Section):
    agrees: YesNo = "unknown"
    """From consent through the study."""
    months_after_last_dose: Annotated[int, Field(ge=0, le=120)] | None = None
    agrees_to_report_pregnancy: YesNo = "unknown"
    agrees_no_breast_feeding: YesNo = "unknown"
    """Until at least three weeks after the last dose."""


class Neuropathy(Section):
    motor_grade: Grade | None = None
    sensory_grade: Grade | None = None


class Illness(Section):
    uncontrolled: YesNo = "unknown"
    infection_grade: Grade | None = None


class Viruses(Section):
    hiv: YesNo = "unknown"
    hepatitis_b: YesNo = "unknown"
    hepatitis_c: YesNo = "unknown"


class Concurrent(Section):
    """Treatment meant to go on beside the study."""

    hormonal_therapy: YesNo = "unknown"
    other_chemotherapy: YesNo = "unknown"
    radiotherapy: YesNo = "unknown"
    other_investigational: YesNo = "unknown"


class Heart(Section):
    nyha_class: Annotated[int, Field(ge=0, le=4)] | None = None
    """New York Heart Association class of heart failure; 0 is none."""
    unstable_angina: YesNo = "unknown"
    angina: YesNo = "unknown"
    angina_onset_on: When | None = None
    infarction: YesNo = "unknown"
    infarction_on: When | None = None
    arrhythmia_on_drugs: YesNo = "unknown"
    """Ventricular arrhythmia that needs anti-arrhythmic drugs."""


class Wounds(Section):
    non_healing_wound: YesNo = "unknown"
    ulcer: YesNo = "unknown"
    bone_fracture: YesNo = "unknown"


class BleedingDisorder(Section):
    diathesis: YesNo = "unknown"
    coagulopathy: YesNo = "unknown"


class Absorption(Section):
    swallows_whole_pills: YesNo = "unknown"
    malabsorption: YesNo = "unknown"
    iv_alimentation: YesNo = "unknown"
    absorption_surgery: YesNo = "unknown"
    uncontrolled_bowel_disease: YesNo = "unknown"


class Compliance(Section):
    psychiatric_limits: YesNo = "unknown"
    social_limits: YesNo = "unknown"


class Allergies(Section):
    sorafenib: YesNo = "unknown"
    cremophor: YesNo = "unknown"
    cremophor_drugs: YesNo = "unknown"
    """Drugs formulated in Cremophor, such as paclitaxel."""


class LateEntry(Section):
    """The form was first filled in on paper, because nobody could reach the system."""

    on_paper: Literal[True]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class ScreeningForm(Section):
    """One form, as of `completed_on` (the site's date), with the first dose planned."""

    subject_id: Id
    site_id: Id
    completed_on: date
    planned_first_dose_on: date
    consent: Consent = Consent()
    demographics: Demographics = Demographics()
    disease: DiseaseFacts = DiseaseFacts()
    lesions: Many[Lesion] | None = None
    brain_metastases: BrainMetastases = BrainMetastases()
    her2_specimens: Many[Specimen] | None = None
    prior_regimens: Annotated[tuple[Regimen, ...], Field(max_length=REGIMENS_MAX)] | None = None
    radiotherapy: Radiotherapy = Radiotherapy()
    labs: Many[Lab] = ()
    lvef: Many[Lvef] = ()
    blood_pressure: Many[BloodPressure] = ()
    performance: Many[Performance] = ()
    life_expectancy_months: Measure | None = None
    pregnancy: Pregnancy = Pregnancy()
    contraception: Contraception = Contraception()
    toxicities: Many[Toxicity] | None = None
    neuropathy: Neuropathy = Neuropathy()
    illness: Illness = Illness()
    viruses: Viruses = Viruses()
    other_malignancies: Many[Malignancy] | None = None
    concurrent: Concurrent = Concurrent()
    heart: Heart = Heart()
    thrombotic_events: Many[ThromboticEvent] | None = None
    bleeding_events: Many[Bleeding] | None = None
    wounds: Wounds = Wounds()
    bleeding_disorder: BleedingDisorder = BleedingDisorder()
    operations: Many[Operation] | None = None
    major_surgery_anticipated: YesNo = "unknown"
    medicines: Many[Medicine] | None = None
    warfarin_or_heparin: YesNo = "unknown"
    absorption: Absorption = Absorption()
    compliance: Compliance = Compliance()
    allergies: Allergies = Allergies()
    late_entry: LateEntry | None = None
    """No criterion reads it; it stays in the record with the form."""

    @cached_property
    def exposures(self) -> tuple[Exposure, ...]:
        """Every agent ever given; none where prior treatment is unknown. Taken once a form."""
        return exposures(self.prior_regimens or ())

    @cached_property
    def shared(self) -> dict[Hashable, Any]:
        """What one criterion has worked out from the form and another can use; ends with it."""
        return {}

    @cached_property
    def labs_by_analyte(self) -> dict[str, list[Lab]]:
        """The results of each analyte in the order of the form. Taken once a form."""
        found: dict[str, list[Lab]] = {}
        for lab in self.labs:
            found.setdefault(lab.analyte, []).append(lab)
        return found
