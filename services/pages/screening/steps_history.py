"""The pages of the screening form on operations, events, other cancers, medicines, allergies."""

from services.pages.screening.fields import Field, Group, Repeat, Step

EVENTS = Step(
    "events",
    "Operations and events",
    (
        Group(
            "Operations and injuries",
            "",
            (
                Repeat(
                    "operations",
                    "Operations, biopsies, injuries",
                    "operation",
                    (
                        Field(
                            "kind",
                            "Kind",
                            "choice",
                            "A needle biopsy is minor.",
                            options=(
                                ("major", "Major operation"),
                                ("open_biopsy", "Open biopsy"),
                                ("significant_trauma", "Significant trauma"),
                                ("minor", "Minor"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("happened_on", "On", "date"),
                    ),
                    nullable=True,
                    ask="Was there any operation, biopsy or injury?",
                ),
                Field("major_surgery_anticipated", "Major surgery is expected during the study"),
            ),
        ),
        Group(
            "Clots and bleeding",
            "",
            (
                Repeat(
                    "thrombotic_events",
                    "Thrombotic or embolic events",
                    "event",
                    (
                        Field(
                            "kind",
                            "Kind",
                            "choice",
                            options=(
                                ("stroke", "Stroke"),
                                ("tia", "Transient ischaemic attack"),
                                ("deep_vein_thrombosis", "Deep vein thrombosis"),
                                ("pulmonary_embolism", "Pulmonary embolism"),
                                ("other", "Other"),
                            ),
                        ),
                        Field("happened_on", "On", "date"),
                    ),
                    nullable=True,
                    ask="Was there any thrombotic or embolic event?",
                ),
                Repeat(
                    "bleeding_events",
                    "Bleeding events",
                    "bleeding",
                    (
                        Field("pulmonary", "From the lungs"),
                        Field("grade", "CTCAE grade", "grade"),
                        Field("happened_on", "On", "date"),
                    ),
                    nullable=True,
                    ask="Was there any bleeding event?",
                ),
            ),
        ),
        Group(
            "Tendency to bleed",
            "bleeding_disorder",
            (Field("diathesis", "Bleeding diathesis"), Field("coagulopathy", "Coagulopathy")),
        ),
        Group(
            "Wounds",
            "wounds",
            (
                Field("non_healing_wound", "A wound that does not heal"),
                Field("ulcer", "An ulcer"),
                Field("bone_fracture", "A bone fracture"),
            ),
        ),
        Group(
            "Other cancers",
            "",
            (
                Repeat(
                    "other_malignancies",
                    "Other cancers",
                    "cancer",
                    (
                        Field(
                            "kind",
                            "Kind",
                            "choice",
                            options=(
                                ("cervix_in_situ", "Cervix in situ"),
                                ("non_melanoma_skin", "Skin, no melanoma"),
                                ("follicular_thyroid", "Follicular thyroid"),
                                ("other", "Other"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("curative_intent", "Treated with curative intent"),
                        Field("ongoing", "Treatment goes on"),
                        Field("ended_on", "Treatment ended on", "date"),
                    ),
                    nullable=True,
                    ask="Was there ever another cancer?",
                ),
            ),
        ),
    ),
)

MEDICINES = Step(
    "medicines",
    "Medicines and allergies",
    (
        Group(
            "Medicines",
            "",
            (
                Repeat(
                    "medicines",
                    "Medicines",
                    "medicine",
                    (
                        Field("name", "Medicine", "word"),
                        Field("ongoing", "Still taken"),
                        Field("stopped_on", "Stopped on", "date"),
                        Field(
                            "cyp3a4",
                            "Effect on CYP3A4",
                            "choice",
                            "Only where the protocol does not name the medicine.",
                            options=(
                                ("strong_inhibitor", "Strong inhibitor"),
                                ("inducer", "Inducer"),
                                ("none", "None"),
                                ("unknown", "Not known"),
                            ),
                        ),
                    ),
                    hint="Herbs too, such as St John's wort.",
                    nullable=True,
                    ask="Is any other medicine taken?",
                ),
                Field("warfarin_or_heparin", "Warfarin or heparin"),
            ),
        ),
        Group(
            "Allergies",
            "allergies",
            (
                Field("sorafenib", "To sorafenib"),
                Field("cremophor", "To Cremophor EL"),
                Field("cremophor_drugs", "To drugs in Cremophor", hint="For example paclitaxel."),
            ),
        ),
        Group(
            "Swallowing and absorption",
            "absorption",
            (
                Field("swallows_whole_pills", "Swallows whole pills"),
                Field("malabsorption", "Malabsorption"),
                Field("iv_alimentation", "Needs intravenous alimentation"),
                Field("absorption_surgery", "Surgery that impairs absorption"),
                Field("uncontrolled_bowel_disease", "Bowel disease that is not controlled"),
            ),
        ),
    ),
)
