"""The pages of the screening form on how the subject is now: results, heart, condition."""

from services.pages.screening.fields import Field, Group, Repeat, Step

ANALYTES = (
    ("neutrophils", "Neutrophils"),
    ("platelets", "Platelets"),
    ("haemoglobin", "Haemoglobin"),
    ("bilirubin", "Bilirubin, total"),
    ("ast", "AST"),
    ("alt", "ALT"),
    ("creatinine", "Creatinine"),
    ("inr", "INR"),
    ("pt", "PT"),
    ("ptt", "PTT"),
)

LABS = Step(
    "labs",
    "Laboratory",
    (
        Group(
            "Results",
            "",
            (
                Repeat(
                    "labs",
                    "Results",
                    "result",
                    (
                        Field("analyte", "Test", "choice", options=ANALYTES),
                        Field("value", "Value", "measure"),
                        Field(
                            "unit",
                            "Unit",
                            "word",
                            "As on the report: 10^9/L, /uL, mg/dL, umol/L, U/L",
                        ),
                        Field("taken_on", "Sample taken on", "date"),
                        Field(
                            "lower_limit",
                            "Lower limit",
                            "measure",
                            "Of your laboratory, in the same unit.",
                        ),
                        Field(
                            "upper_limit",
                            "Upper limit",
                            "measure",
                            "Of your laboratory, in the same unit.",
                        ),
                    ),
                    hint="Units are converted; what you write is kept. A row that you leave empty "
                    "counts as not given.",
                    shared="taken_on",
                ),
            ),
        ),
    ),
)

HEART = Step(
    "heart",
    "Heart and blood pressure",
    (
        Group(
            "Ejection fraction",
            "",
            (
                Repeat(
                    "lvef",
                    "Measurements",
                    "measurement",
                    (
                        Field("percent", "LVEF", "measure", unit="%"),
                        Field("taken_on", "Measured on", "date"),
                        Field(
                            "lower_limit", "Lower limit of your institution", "measure", unit="%"
                        ),
                        Field(
                            "upper_limit", "Upper limit of your institution", "measure", unit="%"
                        ),
                        Field(
                            "method",
                            "Method",
                            "choice",
                            options=(
                                ("echo", "Echocardiography"),
                                ("muga", "MUGA"),
                                ("mri", "MRI"),
                                ("other", "Other"),
                            ),
                        ),
                    ),
                ),
                Repeat(
                    "blood_pressure",
                    "Blood pressure",
                    "reading",
                    (
                        Field("systolic", "Systolic", "whole", unit="mmHg"),
                        Field("diastolic", "Diastolic", "whole", unit="mmHg"),
                        Field("taken_on", "Taken on", "date"),
                    ),
                ),
            ),
        ),
        Group(
            "Heart disease",
            "heart",
            (
                Field("nyha_class", "Heart failure, NYHA class", "whole", "0 is none."),
                Field("unstable_angina", "Unstable angina"),
                Field("angina", "Angina"),
                Field("angina_onset_on", "Angina began on", "date"),
                Field("infarction", "Myocardial infarction"),
                Field("infarction_on", "Infarction on", "date"),
                Field("arrhythmia_on_drugs", "Ventricular arrhythmia that needs drugs"),
            ),
        ),
    ),
)

CONDITION = Step(
    "condition",
    "Condition",
    (
        Group(
            "Performance",
            "",
            (
                Repeat(
                    "performance",
                    "ECOG performance status",
                    "assessment",
                    (
                        Field("ecog", "ECOG", "grade"),
                        Field("assessed_on", "Assessed on", "date"),
                    ),
                ),
                Field("life_expectancy_months", "Life expectancy", "measure", unit="months"),
            ),
        ),
        Group(
            "Toxicities",
            "",
            (
                Repeat(
                    "toxicities",
                    "Toxicities as they are now",
                    "toxicity",
                    (
                        Field("term", "CTCAE term", "word"),
                        Field("grade", "Grade now", "grade", "0 is resolved."),
                        Field("from_prior_therapy", "From earlier treatment"),
                    ),
                    nullable=True,
                    ask="Is there any toxicity of earlier treatment, or another one?",
                ),
            ),
        ),
        Group(
            "Neuropathy",
            "neuropathy",
            (
                Field("motor_grade", "Motor neuropathy", "grade"),
                Field("sensory_grade", "Sensory neuropathy", "grade"),
            ),
        ),
        Group(
            "Illness",
            "illness",
            (
                Field("uncontrolled", "An illness that is not controlled"),
                Field("infection_grade", "Infection, grade", "grade"),
            ),
        ),
        Group(
            "Viruses",
            "viruses",
            (
                Field("hiv", "HIV"),
                Field("hepatitis_b", "Hepatitis B"),
                Field("hepatitis_c", "Hepatitis C"),
            ),
        ),
    ),
)

PREGNANCY = Step(
    "pregnancy",
    "Pregnancy and contraception",
    (
        Group(
            "Pregnancy",
            "pregnancy",
            (
                Field("pregnant", "Pregnant"),
                Field("breast_feeding", "Breast-feeding"),
                Repeat(
                    "tests",
                    "Pregnancy tests",
                    "test",
                    (
                        Field(
                            "kind",
                            "Kind",
                            "choice",
                            options=(("serum", "Serum"), ("urine", "Urine")),
                        ),
                        Field(
                            "result",
                            "Result",
                            "choice",
                            options=(
                                ("negative", "Negative"),
                                ("positive", "Positive"),
                                ("unknown", "Not known"),
                            ),
                        ),
                        Field("taken_on", "Taken on", "date"),
                    ),
                ),
            ),
        ),
        Group(
            "Contraception",
            "contraception",
            (
                Field("agrees", "Agrees to contraception from consent through the study"),
                Field(
                    "months_after_last_dose", "And after the last dose for", "whole", unit="months"
                ),
                Field("agrees_to_report_pregnancy", "Agrees to report a pregnancy"),
                Field(
                    "agrees_no_breast_feeding",
                    "Agrees not to breast-feed until three weeks after the last dose",
                ),
            ),
        ),
    ),
)
