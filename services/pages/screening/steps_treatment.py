"""The page of the screening form on treatment before: regimens with every agent, radiotherapy."""

from services.pages.screening.fields import Field, Group, Repeat, Step

_CLASSES = (
    ("cytotoxic", "Cytotoxic"),
    ("biologic", "Biologic"),
    ("targeted", "Targeted"),
    ("endocrine", "Endocrine"),
    ("supportive", "Supportive"),
    ("investigational", "Investigational"),
    ("unknown", "Not known"),
)
_STOPPED = (
    ("completed", "Completed as planned"),
    ("progression", "Progression"),
    ("toxicity", "Toxicity"),
    ("allergy", "Allergy"),
    ("choice", "Subject's choice"),
    ("other", "Other"),
    ("unknown", "Not known"),
)

TREATMENT = Step(
    "treatment",
    "Prior treatment",
    (
        Group(
            "Regimens",
            "",
            (
                Repeat(
                    "prior_regimens",
                    "Regimens",
                    "regimen",
                    (
                        Field("name", "Name", "word", "As usual: AC, weekly paclitaxel"),
                        Field(
                            "disease",
                            "Given for",
                            "choice",
                            options=(
                                ("this_cancer", "This breast cancer"),
                                ("second_breast_primary", "A second primary of the breast"),
                                ("other_cancer", "Another cancer"),
                                ("non_malignant", "No cancer"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field(
                            "intent",
                            "Intent",
                            "choice",
                            "Lines are counted from this: give it as it was planned.",
                            options=(
                                ("neoadjuvant", "Neoadjuvant"),
                                ("adjuvant", "Adjuvant"),
                                ("metastatic", "Metastatic disease"),
                                ("locoregional_recurrence", "Locoregional recurrence"),
                                ("oligometastatic_curative", "Oligometastatic, curative"),
                                ("maintenance", "Maintenance"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("started_on", "Started on", "date"),
                        Field("stopped_on", "Stopped on", "date"),
                        Field("ongoing", "Still going on"),
                        Field("stop_reason", "Stopped because of", "choice", options=_STOPPED),
                        Field("doses_given", "Doses given", "whole"),
                        Field("progressed_on", "Relapse or progression on", "date"),
                        Field(
                            "planned_sequence",
                            "Part of a planned sequence",
                            "word",
                            "The same word on all its regimens (AC, then paclitaxel); else empty.",
                        ),
                        Field(
                            "surgery",
                            "Surgery afterwards",
                            "choice",
                            "After a neoadjuvant regimen.",
                            options=(
                                ("done", "Done"),
                                ("never_possible", "Never possible"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field(
                            "recurrence_after",
                            "Recurrence after",
                            "choice",
                            "The operation before a locoregional recurrence.",
                            options=(
                                ("breast_conservation", "Breast conservation"),
                                ("mastectomy", "Mastectomy"),
                                ("unknown", "Not known"),
                            ),
                        ),
                    ),
                    hint="Every regimen ever given, hormones too, each with every agent.",
                    nullable=True,
                    ask="Was there any systemic treatment before?",
                    inside=(
                        Repeat(
                            "agents",
                            "Agents",
                            "agent",
                            (
                                Field("name", "Agent", "word"),
                                Field("drug_class", "Class", "choice", options=_CLASSES),
                                Field(
                                    "started_on",
                                    "Started on",
                                    "date",
                                    "Where it differs from the regimen's.",
                                ),
                                Field(
                                    "stopped_on",
                                    "Stopped on",
                                    "date",
                                    "Where it differs from the regimen's.",
                                ),
                                Field("ongoing", "Still going on"),
                                Field(
                                    "stop_reason", "Stopped because of", "choice", options=_STOPPED
                                ),
                                Field("doses_given", "Doses given", "whole"),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        Group(
            "Radiotherapy",
            "radiotherapy",
            (
                Repeat(
                    "courses",
                    "Courses",
                    "course",
                    (
                        Field("region", "Region", "word"),
                        Field("ended_on", "Ended on", "date"),
                        Field("ongoing", "Still going on"),
                    ),
                    nullable=True,
                    ask="Was there any radiotherapy?",
                ),
                Field("marrow_percent", "Bone marrow ever treated", "measure", unit="%"),
                Field("toxicity_grade", "Worst toxicity that persists", "grade"),
            ),
        ),
        Group(
            "Meant to go on beside the study",
            "concurrent",
            (
                Field("hormonal_therapy", "Hormonal therapy"),
                Field("other_chemotherapy", "Other chemotherapy"),
                Field("radiotherapy", "Radiotherapy"),
                Field("other_investigational", "Another investigational agent"),
            ),
        ),
    ),
)
