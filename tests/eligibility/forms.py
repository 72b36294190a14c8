"""The screening form of a subject who fits: one adjuvant regimen, no chemotherapy since."""

from typing import Any


def no_to(*questions: str) -> dict[str, str]:
    return dict.fromkeys(questions, "no")


def lab(analyte: str, value: str, unit: str, **limits: str) -> dict[str, str]:
    return {"analyte": analyte, "value": value, "unit": unit, "taken_on": "2027-03-22", **limits}


def regimen(intent: str, *agents: str, **more: Any) -> dict[str, Any]:
    """A finished regimen of cytotoxic agents for this cancer, in 2019 unless told."""
    return {
        "disease": "this_cancer",
        "intent": intent,
        "agents": [{"name": name, "drug_class": "cytotoxic"} for name in agents],
        "started_on": "2019-02-04",
        "stopped_on": "2019-06-17",
        "ongoing": "no",
        "stop_reason": "completed",
        **more,
    }


ADJUVANT = regimen(
    "adjuvant", "doxorubicin", "cyclophosphamide", name="AC", progressed_on="2026-11"
)

ELIGIBLE: dict[str, Any] = {
    "subject_id": "S1-014",
    "site_id": "S1",
    "completed_on": "2027-03-24",
    "planned_first_dose_on": "2027-03-29",
    "consent": {
        "understands": "yes",
        "signed_on": "2027-03-15",
        "version": "1.0",
        "study_procedures_begun": "yes",
        "study_procedures_began_on": "2027-03-16",
    },
    "demographics": {"birth_date": "1971-06", "sex": "female", "childbearing_potential": "yes"},
    "disease": {
        "confirmed_by_histology": "yes",
        "metastatic": "yes",
        "metastasis_biopsied": "yes",
        "metastasis_unequivocal": "yes",
        "liver_metastases": "no",
    },
    "lesions": [
        {
            "label": "T1",
            "site": "lung",
            "longest_diameter": "24",
            "unit": "mm",
            "method": "spiral_ct",
            "imaged_on": "2027-03-16",
            "irradiated": "no",
        }
    ],
    "brain_metastases": {"present": "no"},
    "her2_specimens": [
        {
            "specimen": "lung biopsy",
            "tissue": "metastasis",
            "collected_on": "2026-11-12",
            "ihc": [{"score": "1+", "reported_on": "2026-11-16", "guideline": "2018"}],
        }
    ],
    "prior_regimens": [ADJUVANT],
    "radiotherapy": {"courses": []},
    "labs": [
        lab("neutrophils", "3200", "/uL"),
        lab("platelets", "240000", "/uL"),
        lab("haemoglobin", "12.1", "g/dL"),
        lab("bilirubin", "0.6", "mg/dL", upper_limit="1.2"),
        lab("ast", "24", "U/L", upper_limit="40"),
        lab("alt", "21", "U/L", upper_limit="40"),
        lab("creatinine", "0.8", "mg/dL", upper_limit="1.1"),
        lab("inr", "1.0", "1"),
    ],
    "lvef": [{"percent": "62", "taken_on": "2027-03-10", "lower_limit": "50", "method": "echo"}],
    "blood_pressure": [{"systolic": 124, "diastolic": 78, "taken_on": "2027-03-22"}],
    "performance": [{"ecog": 1, "assessed_on": "2027-03-22"}],
    "life_expectancy_months": 18,
    "pregnancy": {
        "pregnant": "no",
        "breast_feeding": "no",
        "tests": [{"kind": "serum", "result": "negative", "taken_on": "2027-03-22"}],
    },
    "contraception": {
        "agrees": "yes",
        "agrees_to_report_pregnancy": "yes",
        "agrees_no_breast_feeding": "yes",
    },
    "toxicities": [],
    "neuropathy": {"motor_grade": 0, "sensory_grade": 1},
    "illness": {"uncontrolled": "no", "infection_grade": 0},
    "viruses": no_to("hiv", "hepatitis_b", "hepatitis_c"),
    "other_malignancies": [],
    "concurrent": no_to(
        "hormonal_therapy", "other_chemotherapy", "radiotherapy", "other_investigational"
    ),
    "heart": {
        "nyha_class": 0,
        **no_to("unstable_angina", "angina", "infarction", "arrhythmia_on_drugs"),
    },
    "thrombotic_events": [],
    "bleeding_events": [],
    "wounds": no_to("non_healing_wound", "ulcer", "bone_fracture"),
    "bleeding_disorder": no_to("diathesis", "coagulopathy"),
    "operations": [],
    "major_surgery_anticipated": "no",
    "medicines": [{"name": "metformin", "ongoing": "yes", "cyp3a4": "none"}],
    "warfarin_or_heparin": "no",
    "absorption": {
        "swallows_whole_pills": "yes",
        **no_to(
            "malabsorption", "iv_alimentation", "absorption_surgery", "uncontrolled_bowel_disease"
        ),
    },
    "compliance": no_to("psychiatric_limits", "social_limits"),
    "allergies": no_to("sorafenib", "cremophor", "cremophor_drugs"),
}
