"""OpenAPI: every status is documented, and every example is posted where it fits."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI

from services.api.examples import EXAMPLES
from services.api.writes import WRITES
from tests.services.conftest import Caller, form
from tests.services.memory import Memory

LATER = {"Holdfast-At": "2027-03-05T15:00:00Z"}
NEXT_DAY = {"Holdfast-At": "2027-02-23T15:00:00Z"}
PATHS = {write.name: write.path for write in WRITES}


async def post(api: Caller, name: str, by: str, **headers: str) -> str:
    """Posts the example to its address, and gives the outcome."""
    path = PATHS[name].replace("{subject_id}", "S1-001")
    answer = await api.post(path, EXAMPLES[name], by, headers=headers)
    assert answer.status_code == 200, answer.text
    outcome: str = answer.json()["outcome"]
    return outcome


async def opened(api: Caller) -> None:
    for name in ("AdoptProtocol", "ActivateSite", "ActivateTrial"):
        assert await post(api, name, "token-centre") == "recorded"


async def dosed(api: Caller) -> None:
    await opened(api)
    assert await post(api, "SubmitForm", "token-s1") == "slot_reserved"
    await api.post("/clock", {}, "token-centre", headers=LATER, wait=0)


async def test_the_examples_open_the_shipped_trial_and_get_a_place(api: Caller) -> None:
    await opened(api)
    assert await post(api, "RecordConsent", "token-s1") == "recorded"
    assert await post(api, "SubmitForm", "token-s1") == "slot_reserved"
    assert await post(api, "ExtendReservation", "token-centre") == "slot_reserved"
    assert await post(api, "ConfirmEligibility", "token-doctor") == "rejected"
    await api.post("/clock", {}, "token-centre", headers=NEXT_DAY, wait=0)
    assert await post(api, "AmendForm", "token-s1") == "slot_reserved"
    assert await post(api, "AuthoriseFirstDose", "token-s1") == "recorded"


async def test_the_examples_tell_of_a_dosed_subject(api: Caller, memory: Memory) -> None:
    await dosed(api)
    assert await post(api, "ReportFirstDose", "token-s1") == "recorded"
    assert await post(api, "CorrectFact", "token-centre") == "recorded"
    assert await post(api, "ReportToxicity", "token-s1") == "recorded"
    assert await post(api, "ReportDlt", "token-s1") == "recorded"


async def test_the_examples_end_a_window_without_an_outcome(api: Caller) -> None:
    await dosed(api)
    await post(api, "ReportFirstDose", "token-s1")
    assert await post(api, "ReportWindowOutcome", "token-s1") == "recorded"


async def test_the_examples_tell_of_a_death_and_its_judgement(api: Caller) -> None:
    await dosed(api)
    await post(api, "ReportFirstDose", "token-s1")
    assert await post(api, "ReportDeath", "token-s1") == "recorded"
    assert await post(api, "AdjudicateDeath", "token-reviewer") == "recorded"
    assert await post(api, "ResumeAssignment", "token-centre") == "recorded"


async def test_the_examples_withdraw_and_release(api: Caller) -> None:
    await opened(api)
    await post(api, "SubmitForm", "token-s1")
    assert await post(api, "ReleaseReservation", "token-s1") == "recorded"
    assert await post(api, "WithdrawSubject", "token-s1", **LATER) == "recorded"


async def test_the_examples_suspend_and_resume(api: Caller) -> None:
    await opened(api)
    assert await post(api, "SuspendAssignment", "token-centre") == "recorded"
    assert await post(api, "ResumeAssignment", "token-centre") == "recorded"


async def test_the_example_of_a_settlement_settles(api: Caller) -> None:
    """One metastatic regimen and none before it: I5a is a question for a person."""
    await opened(api)
    regimens = [
        {
            "name": "capecitabine",
            "disease": "this_cancer",
            "intent": "metastatic",
            "agents": [{"name": "capecitabine", "drug_class": "cytotoxic"}],
            "started_on": "2026-04-13",
            "stopped_on": "2026-12-21",
            "ongoing": "no",
            "stop_reason": "progression",
            "doses_given": 12,
            "progressed_on": "2026-12-28",
        }
    ]
    answer = await api.post("/forms", form(prior_regimens=regimens))
    assert answer.json()["outcome"] == "needs_review"
    assert await post(api, "SettleFinding", "token-centre") == "slot_reserved"


async def test_the_examples_of_signatures_are_understood_and_refused_as_nothing_is_due(
    api: Caller,
) -> None:
    await opened(api)
    assert await post(api, "SignReview", "token-reviewer") == "refused"
    assert await post(api, "SignRp2d", "token-reviewer") == "refused"


async def test_the_example_of_time_passing_is_taken(api: Caller) -> None:
    await opened(api)
    answer = await api.post("/clock", EXAMPLES["TimePassed"], "token-centre", wait=0)
    assert answer.status_code == 202


def test_every_write_has_an_example_and_a_test_posts_it() -> None:
    source = Path(__file__).read_text("utf-8")
    posted = set(re.findall(r'post\(api, "(\w+)"', source)) | {"TimePassed"}
    posted |= {"AdoptProtocol", "ActivateSite", "ActivateTrial"}
    assert posted == set(EXAMPLES) == {write.name for write in WRITES}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/([\w.-]+)", repr(document)))
    assert names <= set(document["components"]["schemas"])


def test_every_example_fits_the_schema_of_its_body(document: dict[str, Any]) -> None:
    posted = 0
    for _, path, operation in operations(document):
        body = operation.get("requestBody")
        if body is None:
            continue
        content = body["content"]["application/json"]
        schema = {**content["schema"], "components": document["components"]}
        jsonschema.validate(content["example"], schema)
        posted += 1
        assert path.startswith("/v1/trials/{trial_id}")
    assert posted == len(WRITES) + 1


def test_every_operation_documents_what_it_can_answer(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        statuses = set(operation["responses"])
        if path in ("/live", "/ready", "/started") or path.startswith(
            ("/v1/catalogue", "/v1/problems")
        ):
            continue
        assert {"200", "401", "403", "500", "503"} <= statuses, (method, path)
        if method == "post":
            assert {"400", "404", "413", "415", "422"} <= statuses, (method, path)
        for status, answer in operation["responses"].items():
            assert answer["description"]
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)


def test_every_write_documents_its_headers_roles_and_202(document: dict[str, Any]) -> None:
    for write in WRITES:
        operation = document["paths"][f"/v1/trials/{{trial_id}}{write.path}"]["post"]
        headers = {p["name"]: p for p in operation["parameters"] if p["in"] == "header"}
        assert headers["Idempotency-Key"]["required"] is True
        assert set(headers) >= {"Prefer", "Holdfast-Site", "Holdfast-At"}
        assert operation["x-roles"] == list(write.roles)
        assert "202" in operation["responses"]
        assert operation["operationId"] == write.name


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
