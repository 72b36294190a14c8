"""What was measured: laboratory results, heart function, blood pressure, lesions, HER2 tests."""

from typing import Annotated, Literal

from pydantic import Field

from eligibility.partial_date import When
from eligibility.values import LIST_MAX, Grade, Measure, Section, Word, YesNo

Analyte = Literal[
    "neutrophils",
    "platelets",
    "haemoglobin",
    "bilirubin",
    "ast",
    "alt",
    "creatinine",
    "inr",
    "pt",
    "ptt",
]


class Lab(Section):
    """One laboratory result. `lower_limit` and `upper_limit` are the laboratory's, in its unit."""

    analyte: Analyte
    value: Measure
    unit: Word
    taken_on: When
    lower_limit: Measure | None = None
    upper_limit: Measure | None = None


class Lvef(Section):
    """Left ventricular ejection fraction in percent, with the institution's normal range."""

    percent: Measure
    taken_on: When
    lower_limit: Measure | None = None
    upper_limit: Measure | None = None
    method: Literal["echo", "muga", "mri", "other"] | None = None


class BloodPressure(Section):
    """One reading in mmHg."""

    systolic: Annotated[int, Field(ge=0, le=400)]
    diastolic: Annotated[int, Field(ge=0, le=300)]
    taken_on: When


class Performance(Section):
    """One ECOG performance status."""

    ecog: Annotated[int, Field(ge=0, le=5)]
    assessed_on: When


class Lesion(Section):
    """One lesion at one imaging; the same `label` again is the same lesion later."""

    label: Word
    site: Literal["bone", "brain", "breast", "liver", "lung", "lymph_node", "skin", "other"]
    longest_diameter: Measure
    unit: Literal["mm", "cm"] | Word
    method: Literal["spiral_ct", "conventional", "unknown"]
    imaged_on: When
    irradiated: YesNo = "unknown"
    progressed_since_irradiation: YesNo = "unknown"


class IhcTest(Section):
    """Immunohistochemistry on one specimen; no score when the test failed technically."""

    score: Literal["0", "1+", "2+", "3+"] | None = None
    failed: bool = False
    reported_on: When | None = None
    guideline: Literal["2007", "2013", "2018", "2023"] | None = None


class IshTest(Section):
    """In-situ hybridisation on one specimen: ratio from a dual probe, HER2 copies per cell."""

    assay: Literal["FISH", "SISH", "CISH"]
    probe: Literal["dual", "single"]
    ratio: Measure | None = None
    copies: Measure | None = None
    failed: bool = False
    reported_on: When | None = None
    guideline: Literal["2007", "2013", "2018", "2023"] | None = None


class Specimen(Section):
    """One tissue specimen and all HER2 tests that were made of it; of several the latest counts."""

    specimen: Word
    tissue: Literal["primary", "metastasis", "unknown"]
    collected_on: When | None = None
    ihc: Annotated[tuple[IhcTest, ...], Field(max_length=LIST_MAX)] = ()
    ish: Annotated[tuple[IshTest, ...], Field(max_length=LIST_MAX)] = ()


class PregnancyTest(Section):
    kind: Literal["serum", "urine"]
    result: Literal["negative", "positive", "unknown"]
    taken_on: When


class Toxicity(Section):
    """A toxicity as it stands on the form's date; grade 0 is resolved."""

    term: Word
    grade: Grade | None = None
    from_prior_therapy: YesNo = "unknown"
