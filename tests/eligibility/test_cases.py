"""Every limit and every date window, from the case files: one file a family of criteria."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from eligibility.finding import Earliest
from protocols.declared import DECLARED
from tests.eligibility.base import FIRST_DOSE, REGISTRATION, anchors, finding, verdict
from tests.eligibility.forms import ADJUVANT, ELIGIBLE

CASES = Path(__file__).parents[1] / "cases"
BRAIN = {
    "present": "yes",
    "treated": "yes",
    "treatment_ended_on": "2027-01-20",
    "neurologic_symptoms": "no",
    "steroids": "no",
    "mri_on": "2027-03-12",
    "mri_residual_active": "no",
    "new_untreated_lesion": "no",
}
KEYS = {
    *("name", "criterion", "answer", "because", "missing", "earliest", "safety"),
    *("registration", "first_dose", "set", "remove", "labs", "remove_labs", "lesion"),
    *("brain", "brain_remove", "drug", "regimen", "regimen_without_agents"),
}


def load() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.toml")):
        if file.stem.startswith("her2"):
            continue
        text = tomllib.loads(file.read_text("utf-8"))
        for case in text["cases"]:
            whole = {"criterion": text.get("criterion"), **case}
            assert whole.keys() <= KEYS, f"{file.name}: {whole.keys() - KEYS}"
            name = f"{file.stem}: {whole['criterion']} {whole['name']}"
            found.append(pytest.param(whole, id=name))
    return found


ALL = load()


def changes(case: dict[str, Any]) -> dict[str, Any]:
    """What the case changes on the form that fits."""
    changed: dict[str, Any] = dict(case.get("set", {}))
    changed |= dict.fromkeys(case.get("remove", ()))
    if "labs" in case or "remove_labs" in case:
        changed["labs"] = labs(case.get("labs", []), case.get("remove_labs", []))
    if "lesion" in case:
        changed["lesions"] = [{**ELIGIBLE["lesions"][0], **case["lesion"]}]
    if "brain" in case or "brain_remove" in case:
        left_out = case.get("brain_remove", [])
        brain = {**BRAIN, **case.get("brain", {})}
        changed["brain_metastases"] = {k: v for k, v in brain.items() if k not in left_out}
    if "drug" in case:
        changed["prior_regimens"] = [ADJUVANT, prior(case["drug"], case.get("regimen", {}))]
    if "regimen_without_agents" in case:
        named = {"name": case["regimen_without_agents"], **case.get("regimen", {})}
        changed["prior_regimens"] = [ADJUVANT, prior({}, named)]
    return changed


def labs(given: list[dict[str, str]], removed: list[str]) -> list[dict[str, str]]:
    """The results of the form that fits, those of the given analytes replaced."""
    fitting = {lab["analyte"]: lab for lab in ELIGIBLE["labs"]}
    replaced = {lab["analyte"] for lab in given} | set(removed)
    kept = [lab for lab in ELIGIBLE["labs"] if lab["analyte"] not in replaced]
    new = [{**fitting.get(lab["analyte"], {}), **lab} for lab in given]
    return kept + [{k: v for k, v in lab.items() if v != ""} for lab in new]


def prior(drug: dict[str, Any], regimen: dict[str, Any]) -> dict[str, Any]:
    whole = {
        "disease": "this_cancer",
        "intent": "metastatic",
        "agents": [drug] if drug else [],
        "started_on": "2024-01-08",
        **regimen,
    }
    return {key: value for key, value in whole.items() if value != ""}


@pytest.mark.parametrize("case", ALL)
def test_each_case_has_its_answer(case: dict[str, Any]) -> None:
    at = anchors(case.get("registration", REGISTRATION), case.get("first_dose", FIRST_DOSE))
    changed = changes(case)
    changed.setdefault("completed_on", min(at.registration_on, REGISTRATION).isoformat())
    if at.registration_on < REGISTRATION:
        changed["completed_on"] = at.registration_on.isoformat()
    found = finding(verdict(changed, at), case["criterion"])
    assert found.answer == case["answer"], found.because
    assert case.get("because", "").casefold() in found.because.casefold()
    assert found.missing == tuple(case.get("missing", found.missing))
    assert bool(found.missing) == (case["answer"] == "unknown")
    wanted = case.get("earliest")
    assert found.earliest == (Earliest(wanted["anchor"], wanted["on"]) if wanted else None)
    assert found.safety == case.get("safety", found.safety)
    assert (found.inputs is not None) == (case["answer"] == "review")


def test_every_criterion_passes_on_the_form_that_fits_and_has_cases_of_its_own() -> None:
    fitting = verdict()
    assert [f.criterion_id for f in fitting.findings_for(1)] == list(DECLARED)
    assert {f.answer for f in fitting.findings} == {"pass"}
    assert fitting.outcome(1) == fitting.outcome(2) == "eligible"
    with_cases = {case.values[0]["criterion"] for case in ALL}
    assert set(DECLARED) - with_cases == {"I5a", "I6", "E1"}  # Their own tables test them.


def test_each_criterion_with_cases_is_seen_to_pass_and_not_to_pass() -> None:
    answers: dict[str, set[str]] = {}
    for case in ALL:
        answers.setdefault(case.values[0]["criterion"], set()).add(case.values[0]["answer"])
    for criterion_id, seen in answers.items():
        assert {"pass", "fail", "unknown"} <= seen, criterion_id
