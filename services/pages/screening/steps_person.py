"""The first pages of the screening form: who, when, consent, disease, lesions, HER2."""

from services.pages.screening.fields import Field, Group, Repeat, Step

START = Step(
    "start",
    "Subject and dates",
    (
        Group(
            "Subject",
            "",
            (
                Field(
                    "subject_id",
                    "Subject id",
                    "word",
                    "The id your site made for this trial; no name, initials or record number.",
                ),
                Field(
                    "completed_on", "Date of this form", "day", "Today, if the facts are of today."
                ),
                Field(
                    "planned_first_dose_on",
                    "First dose planned for",
                    "day",
                    "Wash-outs are judged for this date. It may be changed later.",
                ),
            ),
        ),
        Group(
            "Person",
            "demographics",
            (
                Field(
                    "birth_date",
                    "Date of birth",
                    "date",
                    "Year, or year and month, where that is all you may record.",
                ),
                Field(
                    "sex",
                    "Sex",
                    "choice",
                    options=(("female", "Female"), ("male", "Male"), ("unknown", "Not known")),
                ),
                Field("childbearing_potential", "Could become pregnant"),
            ),
        ),
        Group(
            "Filled in late",
            "late_entry",
            (
                Field("on_paper", "First filled in on paper", "flag"),
                Field("reason", "Why on paper", "word", "For example: no network at the site."),
            ),
            "Only where Holdfast could not be reached. Keep the sheet with the source documents.",
        ),
    ),
)

CONSENT = Step(
    "consent",
    "Consent",
    (
        Group(
            "Informed consent",
            "consent",
            (
                Field("understands", "Understands the trial and is willing to give consent"),
                Field("signed_on", "Consent signed on", "date"),
                Field(
                    "version",
                    "Version of the consent form",
                    "word",
                    "As approved at your site, for example 1.0",
                ),
                Field(
                    "study_procedures_begun",
                    "Procedures done only for the study have begun",
                    hint="Standard care before consent is allowed and is a No here.",
                ),
                Field("study_procedures_began_on", "They began on", "date"),
                Field(
                    "signed_before_procedures",
                    "Consent was signed before them",
                    hint="Only where both fell on the same day.",
                ),
            ),
        ),
        Group(
            "Able to take part",
            "compliance",
            (
                Field("psychiatric_limits", "A psychiatric illness would limit compliance"),
                Field("social_limits", "The social situation would limit compliance"),
            ),
        ),
    ),
)

DISEASE = Step(
    "disease",
    "Disease",
    (
        Group(
            "Breast cancer",
            "disease",
            (
                Field("confirmed_by_histology", "Confirmed by histology or cytology"),
                Field("metastatic", "Metastatic (stage IV)"),
                Field("metastasis_biopsied", "A metastasis was biopsied"),
                Field("metastasis_unequivocal", "Metastases are unequivocal without a biopsy"),
                Field(
                    "liver_metastases",
                    "Liver metastases",
                    hint="Other limits for liver tests apply then.",
                ),
            ),
        ),
        Group(
            "Lesions",
            "",
            (
                Repeat(
                    "lesions",
                    "Lesions",
                    "lesion",
                    (
                        Field(
                            "label",
                            "Label",
                            "word",
                            "The same label again is the same lesion later.",
                        ),
                        Field(
                            "site",
                            "Where",
                            "choice",
                            options=(
                                ("bone", "Bone"),
                                ("brain", "Brain"),
                                ("breast", "Breast"),
                                ("liver", "Liver"),
                                ("lung", "Lung"),
                                ("lymph_node", "Lymph node"),
                                ("skin", "Skin"),
                                ("other", "Other"),
                            ),
                        ),
                        Field("longest_diameter", "Longest diameter", "measure"),
                        Field("unit", "Unit", "choice", options=(("mm", "mm"), ("cm", "cm"))),
                        Field(
                            "method",
                            "Imaged by",
                            "choice",
                            options=(
                                ("spiral_ct", "Spiral CT"),
                                ("conventional", "Conventional technique"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("imaged_on", "Imaged on", "date"),
                        Field("irradiated", "Was irradiated"),
                        Field("progressed_since_irradiation", "Progressed since then"),
                    ),
                    nullable=True,
                    ask="Are there lesions on imaging?",
                ),
            ),
        ),
        Group(
            "Brain metastases",
            "brain_metastases",
            (
                Field("present", "Brain metastases, now or before"),
                Field("treated", "They were treated"),
                Field("treatment_ended_on", "Treatment ended on", "date"),
                Field("neurologic_symptoms", "Neurologic symptoms"),
                Field("steroids", "Steroids are needed for them"),
                Field("mri_on", "Latest MRI of the brain", "date"),
                Field("mri_residual_active", "The MRI shows residual active disease"),
                Field("new_untreated_lesion", "A new lesion that is not treated"),
            ),
        ),
    ),
)

_GUIDELINES = (
    ("2007", "ASCO/CAP 2007"),
    ("2013", "ASCO/CAP 2013"),
    ("2018", "ASCO/CAP 2018"),
    ("2023", "ASCO/CAP 2023"),
)

HER2 = Step(
    "her2",
    "HER2",
    (
        Group(
            "HER2 tests",
            "",
            (
                Repeat(
                    "her2_specimens",
                    "Specimens",
                    "specimen",
                    (
                        Field(
                            "specimen",
                            "Specimen",
                            "word",
                            "The pathology number or another label of yours.",
                        ),
                        Field(
                            "tissue",
                            "Tissue",
                            "choice",
                            options=(
                                ("primary", "Primary tumour"),
                                ("metastasis", "Metastasis"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("collected_on", "Collected on", "date"),
                    ),
                    hint="Every specimen and every test, also old ones and failed ones.",
                    nullable=True,
                    ask="Was HER2 tested?",
                    inside=(
                        Repeat(
                            "ihc",
                            "Immunohistochemistry",
                            "IHC test",
                            (
                                Field(
                                    "score",
                                    "Score",
                                    "choice",
                                    options=(("0", "0"), ("1+", "1+"), ("2+", "2+"), ("3+", "3+")),
                                ),
                                Field("failed", "The test failed technically", "flag"),
                                Field("reported_on", "Reported on", "date"),
                                Field("guideline", "Read by", "choice", options=_GUIDELINES),
                            ),
                        ),
                        Repeat(
                            "ish",
                            "In-situ hybridisation",
                            "ISH test",
                            (
                                Field(
                                    "assay",
                                    "Assay",
                                    "choice",
                                    options=(("FISH", "FISH"), ("SISH", "SISH"), ("CISH", "CISH")),
                                ),
                                Field(
                                    "probe",
                                    "Probe",
                                    "choice",
                                    options=(("dual", "Dual"), ("single", "Single")),
                                ),
                                Field("ratio", "HER2/CEP17 ratio", "measure"),
                                Field("copies", "HER2 copies", "measure", unit="a cell"),
                                Field("failed", "The test failed technically", "flag"),
                                Field("reported_on", "Reported on", "date"),
                                Field("guideline", "Read by", "choice", options=_GUIDELINES),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
)
