"""Examples of every write, shown in OpenAPI; a test posts each of them to a trial where it fits."""

import json
from importlib.resources import files
from typing import Any

FORM: dict[str, Any] = json.loads((files("services.api") / "example_form.json").read_text("utf-8"))
"""An eligible subject of NCT00825734, made up."""

PROTOCOL: str = (files("protocols") / "nct00825734.toml").read_text("utf-8")

AMENDED: dict[str, Any] = FORM | {"completed_on": "2027-02-23"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "AdoptProtocol": {
        "text": PROTOCOL,
        "clock": "simulated",
        "meaning": "I put this protocol in force.",
    },
    "ActivateSite": {"site_id": "S1", "protocol_version": "1.0", "approved_on": "2027-02-01"},
    "ActivateTrial": {"meaning": "I open the first dose level."},
    "SuspendAssignment": {"reason": "Drug supply is interrupted."},
    "ResumeAssignment": {
        "reason": "Drug supply is restored.",
        "meaning": "I resume assignment.",
    },
    "TimePassed": {},
    "SubmitForm": FORM,
    "AmendForm": AMENDED,
    "RecordConsent": {"site_id": "S1", "consented_on": "2027-02-18", "consent_version": "1.0"},
    "ConfirmEligibility": {
        "judged": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b",
        "meaning": "I confirm that this subject meets every criterion.",
    },
    "AuthoriseFirstDose": {"planned_on": "2027-02-23"},
    "ReportFirstDose": {"dosed_on": "2027-02-23"},
    "ReportDlt": {"onset_on": "2027-03-02", "term": "Febrile neutropenia", "grade": 3},
    "ReportToxicity": {"onset_on": "2027-02-27", "term": "Hand-foot skin reaction", "grade": 1},
    "ReportWindowOutcome": {
        "outcome": "not_evaluable",
        "missed_doses": [
            {
                "drug": "sorafenib",
                "doses_given": 12,
                "doses_required": 32,
                "reason": "Progression of disease on day 8.",
            }
        ],
        "reason": "Too few doses for reasons other than toxicity.",
    },
    "ReportDeath": {"died_on": "2027-03-04"},
    "WithdrawSubject": {"withdrawn_on": "2027-03-01"},
    "ReleaseReservation": {"reason": "The subject chose another treatment."},
    "ExtendReservation": {
        "expires_at": "2027-02-27T18:00:00Z",
        "reason": "The pharmacy delivers one day late.",
    },
    "CorrectFact": {
        "fact": "first_dose_on",
        "on": "2027-02-24",
        "reason": "The dose was given after midnight.",
    },
    "SettleFinding": {
        "phase": 1,
        "criterion_id": "I5a",
        "reason": "One earlier metastatic regimen: met under the amendment of 2027-01-11.",
        "meaning": "I decide that this criterion is met.",
    },
    "AdjudicateDeath": {
        "finding": "unrelated",
        "reason": "Progression of disease.",
        "meaning": "I judge this death not to be related to study drug.",
    },
    "SignReview": {
        "decision": "escalate",
        "level_id": "L2",
        "data_hash": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b",
        "meaning": "I sign this cohort review.",
    },
    "SignRp2d": {"level_id": "L1", "meaning": "I recommend this dose for Phase II."},
}
