"""Screening forms of subjects who pass every criterion of the shipped protocol, unless told."""

from datetime import date, timedelta
from typing import Any

LABS = [
    # analyte, value, unit, lower limit, upper limit
    ("platelets", "250000", "/uL", None, None),
    ("haemoglobin", "12.5", "g/dL", None, None),
    ("bilirubin", "0.6", "mg/dL", "0.1", "1.2"),
    ("ast", "22", "U/L", None, "40"),
    ("alt", "20", "U/L", None, "40"),
    ("creatinine", "0.8", "mg/dL", None, "1.1"),
    ("inr", "1.0", "ratio", None, "1.2"),
]


def chemotherapy(intent: str, year: int, name: str) -> dict[str, Any]:
    """One finished regimen of one cytotoxic agent."""
    return {
        "name": name,
        "disease": "this_cancer",
        "intent": intent,
        "agents": [{"name": name, "drug_class": "cytotoxic"}],
        "started_on": f"{year}-01-10",
        "stopped_on": f"{year}-04-20",
        "ongoing": "no",
        "stop_reason": "completed" if intent == "adjuvant" else "progression",
        "doses_given": 4,
        # Relapse long after an adjuvant regimen: it stays an adjuvant one under every rule.
        "progressed_on": f"{year + 3 if intent == 'adjuvant' else year}-05-20",
        "surgery": "done",
    }


def regimens(
    a: int, m: int, bevacizumab_last: str | None, endocrine_stopped: str | None
) -> list[dict[str, Any]]:
    adjuvant = [chemotherapy("adjuvant", 2015 + 2 * i, f"adjuvant-{i}") for i in range(a)]
    metastatic = [chemotherapy("metastatic", 2023 + i, f"metastatic-{i}") for i in range(m)]
    found = adjuvant + metastatic
    if bevacizumab_last is not None:
        found.append(other("bevacizumab", "biologic", "metastatic", bevacizumab_last))
    if endocrine_stopped is not None:
        found.append(other("letrozole", "endocrine", "metastatic", endocrine_stopped))
    return found


def other(name: str, drug_class: str, intent: str, stopped_on: str) -> dict[str, Any]:
    """A regimen without any cytotoxic agent."""
    return {
        "name": name,
        "disease": "this_cancer",
        "intent": intent,
        "agents": [{"name": name, "drug_class": drug_class}],
        "started_on": "2026-01-10",
        "stopped_on": stopped_on,
        "ongoing": "no",
        "stop_reason": "progression",
        "doses_given": 6,
    }


def history(
    *,
    a: int = 1,
    m: int = 0,
    bevacizumab_last: str | None = None,
    endocrine_stopped: str | None = None,
    radiotherapy_ended: str | None = None,
    surgery: str | None = None,
    tia: str | None = None,
    other_cancer_ended: str | None = None,
) -> dict[str, Any]:
    """Everything that happened before."""
    courses = (
        []
        if radiotherapy_ended is None
        else [{"region": "spine", "ended_on": radiotherapy_ended, "ongoing": "no"}]
    )
    cancers = (
        []
        if other_cancer_ended is None
        else [
            {
                "kind": "other",
                "curative_intent": "yes",
                "ongoing": "no",
                "ended_on": other_cancer_ended,
            }
        ]
    )
    return {
        "prior_regimens": regimens(a, m, bevacizumab_last, endocrine_stopped),
        "radiotherapy": {
            "courses": courses,
            "marrow_percent": "10" if courses else "0",
            "toxicity_grade": 0,
        },
        "toxicities": [],
        "other_malignancies": cancers,
        "thrombotic_events": [] if tia is None else [{"kind": "tia", "happened_on": tia}],
        "bleeding_events": [],
        "operations": [] if surgery is None else [{"kind": "major", "happened_on": surgery}],
        "major_surgery_anticipated": "no",
        "medicines": [],
        "warfarin_or_heparin": "no",
    }


def results(taken_on: str, anc: list[tuple[str, str]] | None) -> dict[str, Any]:
    """Everything that was measured, all on one day unless told."""
    neutrophils = [("3200", taken_on)] if anc is None else anc
    labs = [
        {"analyte": "neutrophils", "value": value, "unit": "/uL", "taken_on": on}
        for value, on in neutrophils
    ]
    for analyte, value, unit, lower, upper in LABS:
        lab = {"analyte": analyte, "value": value, "unit": unit, "taken_on": taken_on}
        limits = {"lower_limit": lower, "upper_limit": upper}
        labs.append(lab | {key: limit for key, limit in limits.items() if limit is not None})
    return {
        "labs": labs,
        "lvef": [
            {
                "percent": "62",
                "lower_limit": "50",
                "upper_limit": "75",
                "taken_on": taken_on,
                "method": "echo",
            }
        ],
        "blood_pressure": [{"systolic": 124, "diastolic": 78, "taken_on": taken_on}],
        "performance": [{"ecog": 1, "assessed_on": taken_on}],
        "life_expectancy_months": "18",
        "lesions": [
            {
                "label": "liver-1",
                "site": "liver",
                "longest_diameter": "24",
                "unit": "mm",
                "method": "spiral_ct",
                "imaged_on": taken_on,
                "irradiated": "no",
            }
        ],
        "her2_specimens": [
            {
                "specimen": "biopsy-1",
                "tissue": "metastasis",
                "collected_on": "2026-11-02",
                "ihc": [{"score": "1+", "reported_on": "2026-11-05", "guideline": "2018"}],
            }
        ],
    }


def no_to(*questions: str) -> dict[str, str]:
    return dict.fromkeys(questions, "no")


STATEMENTS: dict[str, Any] = {
    "disease": {
        "confirmed_by_histology": "yes",
        "metastatic": "yes",
        "metastasis_biopsied": "yes",
        "metastasis_unequivocal": "yes",
        "liver_metastases": "yes",
    },
    "brain_metastases": {"present": "no"},
    "contraception": {
        "agrees": "yes",
        "months_after_last_dose": 6,
        "agrees_to_report_pregnancy": "yes",
        "agrees_no_breast_feeding": "yes",
    },
    "neuropathy": {"motor_grade": 0, "sensory_grade": 0},
    "illness": {"uncontrolled": "no", "infection_grade": 0},
    "viruses": no_to("hiv", "hepatitis_b", "hepatitis_c"),
    "concurrent": no_to(
        "hormonal_therapy", "other_chemotherapy", "radiotherapy", "other_investigational"
    ),
    "wounds": no_to("non_healing_wound", "ulcer", "bone_fracture"),
    "bleeding_disorder": no_to("diathesis", "coagulopathy"),
    "absorption": no_to(
        "malabsorption", "iv_alimentation", "absorption_surgery", "uncontrolled_bowel_disease"
    )
    | {"swallows_whole_pills": "yes"},
    "compliance": no_to("psychiatric_limits", "social_limits"),
    "allergies": no_to("sorafenib", "cremophor", "cremophor_drugs"),
}


def eligible_form(
    subject: str,
    site: str,
    *,
    on: date,
    planned: date,
    born: str = "1971-06-17",
    pregnancy_test: str | None = None,
    infarction: str | None = None,
    anc: list[tuple[str, str]] | None = None,
    consented: str | None = None,
    consent_version: str = "1.0",
    **past: Any,
) -> dict[str, Any]:
    """A whole form completed and measured on a day, with the changes that a test names.

    `a` and `m`: (neo)adjuvant and metastatic chemotherapy regimens; see `history` for the rest.
    """
    today = on.isoformat()
    yesterday = (on - timedelta(days=1)).isoformat()
    heart: dict[str, Any] = {"nyha_class": 0} | no_to(
        "unstable_angina", "angina", "infarction", "arrhythmia_on_drugs"
    )
    if infarction is not None:
        heart |= {"infarction": "yes", "infarction_on": infarction}
    test = {"kind": "serum", "result": "negative", "taken_on": pregnancy_test or today}
    return {
        "subject_id": subject,
        "site_id": site,
        "completed_on": today,
        "planned_first_dose_on": planned.isoformat(),
        "consent": {
            "understands": "yes",
            "signed_on": consented or yesterday,
            "version": consent_version,
            "study_procedures_begun": "no",
        },
        "demographics": {"birth_date": born, "sex": "female", "childbearing_potential": "yes"},
        "pregnancy": no_to("pregnant", "breast_feeding") | {"tests": [test]},
        "heart": heart,
        **STATEMENTS,
        **history(**past),
        **results(today, anc),
    }
