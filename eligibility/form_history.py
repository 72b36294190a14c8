"""What happened before: regimens with every agent, radiotherapy, events, operations, medicines."""

from typing import Annotated, Literal

from pydantic import Field

from eligibility.partial_date import When
from eligibility.values import LIST_MAX, Grade, Measure, Section, Word, YesNo

AgentClass = Literal[
    "cytotoxic", "biologic", "targeted", "endocrine", "supportive", "investigational", "unknown"
]
Intent = Literal[
    "neoadjuvant",
    "adjuvant",
    "metastatic",
    "locoregional_recurrence",
    "oligometastatic_curative",
    "maintenance",
    "unknown",
]
Disease = Literal[
    "this_cancer", "second_breast_primary", "other_cancer", "non_malignant", "unknown"
]
StopReason = Literal[
    "completed", "progression", "toxicity", "allergy", "choice", "other", "unknown"
]


class Agent(Section):
    """One drug of a regimen. What is left out is as the regimen says."""

    name: Word
    drug_class: AgentClass
    started_on: When | None = None
    stopped_on: When | None = None
    ongoing: YesNo | None = None
    stop_reason: StopReason | None = None
    doses_given: Annotated[int, Field(ge=0, le=10_000)] | None = None


class Regimen(Section):
    """One prior regimen. Every agent is listed, whatever the regimen is called."""

    name: Word | None = None
    disease: Disease
    intent: Intent
    agents: Annotated[tuple[Agent, ...], Field(max_length=LIST_MAX)]
    started_on: When | None = None
    stopped_on: When | None = None
    ongoing: YesNo = "unknown"
    """`stopped_on` says no by itself."""
    stop_reason: StopReason = "unknown"
    doses_given: Annotated[int, Field(ge=0, le=10_000)] | None = None
    progressed_on: When | None = None
    """Relapse or progression after or under this regimen."""
    planned_sequence: Word | None = None
    """The same word on regimens that were planned as one sequence (AC, then paclitaxel)."""
    surgery: Literal["done", "never_possible", "unknown"] = "unknown"
    """After a neoadjuvant regimen."""
    recurrence_after: Literal["breast_conservation", "mastectomy", "unknown"] = "unknown"
    """The operation before a locoregional recurrence."""


class RadiotherapyCourse(Section):
    region: Word
    ended_on: When | None = None
    ongoing: YesNo = "unknown"


class Radiotherapy(Section):
    """All courses; `courses` left out is unknown, an empty list is none ever."""

    courses: Annotated[tuple[RadiotherapyCourse, ...], Field(max_length=LIST_MAX)] | None = None
    marrow_percent: Measure | None = None
    """How much of the bone marrow was ever treated."""
    toxicity_grade: Grade | None = None
    """The worst toxicity of radiotherapy that persists."""


class Malignancy(Section):
    """Another cancer. `ended_on` is the end of its treatment."""

    kind: Literal["cervix_in_situ", "non_melanoma_skin", "follicular_thyroid", "other", "unknown"]
    curative_intent: YesNo = "unknown"
    ongoing: YesNo = "unknown"
    ended_on: When | None = None


class ThromboticEvent(Section):
    kind: Literal["stroke", "tia", "deep_vein_thrombosis", "pulmonary_embolism", "other"]
    happened_on: When | None = None


class Bleeding(Section):
    pulmonary: YesNo = "unknown"
    grade: Grade | None = None
    happened_on: When | None = None


class Operation(Section):
    """An operation, biopsy or injury. A needle biopsy is minor."""

    kind: Literal["major", "open_biopsy", "significant_trauma", "minor", "unknown"]
    happened_on: When | None = None


class Medicine(Section):
    """A medicine taken besides. `cyp3a4` is for those that the protocol does not name."""

    name: Word
    ongoing: YesNo = "unknown"
    stopped_on: When | None = None
    cyp3a4: Literal["strong_inhibitor", "inducer", "none", "unknown"] = "unknown"
