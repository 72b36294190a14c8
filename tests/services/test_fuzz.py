"""Requests that nobody thought of, made by schemathesis from the OpenAPI document.

All its checks run: no 5xx, no undocumented status, header or content type, every answer fits its
schema, broken input is refused, sign-in is asked for. A seed makes it the same each time. More of
it, for a night: `FUZZ=200 pytest tests/services/test_fuzz.py`.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from services.api.app import build_app
from services.api.writes import SITE_STAFF, WRITES
from services.settings import ApiSettings
from tests.services.conftest import PEOPLE, Caller, form
from tests.services.memory import Memory

EXAMPLES_EACH = int(os.environ.get("FUZZ", "5"))
TRIAL = "/v1/trials/{trial_id}"
OF_SITES = [TRIAL + write.path for write in WRITES if write.roles == SITE_STAFF]
COVERED = [
    "/v1/submissions/{submission_id}",
    *(TRIAL + path for path in ("/log", "/events", "/events/stream", "/subjects", "/waitlist")),
    *(TRIAL + path for path in ("/reviews", "/subjects/{subject_id}/extension")),
]
"""For what is tried systematically, field by field: reads with parameters, and two writes."""


@pytest.fixture
async def opened(tmp_path: Path) -> FastAPI:
    """An API with an open trial and a subject; its live streams end at once."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps(PEOPLE))
    settings = ApiSettings(token_file=tokens, writes_per_second=100_000, writes_burst=100_000)
    app = build_app(Memory().ports(), settings)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
        caller = Caller(http)
        await caller.open_trial()
        await caller.post("/forms", form())
    app.state.streams.stop()
    return app


def schema(app: FastAPI, token: str, phases: set[str]) -> Any:
    config = {
        "seed": 7,
        "continue-on-failure": True,
        "headers": {"Authorization": f"Bearer {token}"},
        "generation": {"max-examples": EXAMPLES_EACH, "deterministic": True, "database": "none"},
        "parameters": {"trial_id": "T1"},
        "checks": {
            # A body that fits the schema may still break a rule between its fields: that is a 422.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "401", "403", "404", "409", "422"]
            },
            "negative_data_rejection": {
                "expected-statuses": ["400", "401", "403", "404", "405", "413", "415", "422"]
            },
        },
        "phases": {
            phase: {"enabled": phase in phases}
            for phase in ("examples", "coverage", "fuzzing", "stateful")
        },
    }
    made = SchemathesisConfig.from_dict(config)
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=made)


def told(schema: Any) -> tuple[Counter[int], list[str]]:
    """How often each status was answered, and every failure of a check with its request."""
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    for event in from_schema(schema).execute():
        match event:
            case events.NonFatalError() | events.FatalError():
                failures.append(str(event))
            case events.ScenarioFinished(recorder=recorder):
                statuses.update(
                    made.response.status_code
                    for made in recorder.interactions.values()
                    if made.response is not None
                )
                failures.extend(
                    f"{recorder.label}: {check.name}: {check.failure_info.failure.message}\n"
                    f"{check.failure_info.code_sample}"
                    for checks in recorder.checks.values()
                    for check in checks
                    if check.failure_info is not None
                )
    return statuses, failures


def found_nothing(schema: Any) -> Counter[int]:
    statuses, failures = told(schema)
    assert not failures, f"{len(failures)} failures, the first ones:\n" + "\n\n".join(failures[:5])
    return statuses


def test_each_parameter_and_field_is_tried_at_its_limits(opened: FastAPI) -> None:
    tried = schema(opened, "token-reviewer", {"examples", "coverage"})
    statuses = found_nothing(tried.include(path=COVERED))
    assert statuses[200] > 50
    assert statuses[422] > 200
    assert set(statuses) <= {200, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422}


def test_site_staff_can_send_nothing_that_breaks_the_service(opened: FastAPI) -> None:
    tried = schema(opened, "token-s1", {"examples", "fuzzing"})
    statuses = found_nothing(tried.include(path=OF_SITES))
    assert statuses[200] + statuses[202] > 5
    assert statuses[422] > 10


def test_the_centre_can_send_nothing_that_breaks_the_service(opened: FastAPI) -> None:
    tried = schema(opened, "token-reviewer", {"examples", "fuzzing"})
    statuses = found_nothing(tried.exclude(path=OF_SITES))
    assert statuses[200] + statuses[202] > 5
    assert statuses[422] > 10


def test_what_the_document_does_not_say_is_found(opened: FastAPI) -> None:
    """The checks can fail: one status less in the document, and the first request shows it."""
    document = opened.openapi()
    del document["paths"]["/v1/trials/{trial_id}/board"]["get"]["responses"]["200"]
    tried = schema(opened, "token-reviewer", {"fuzzing"}).include(path=TRIAL + "/board")
    _, failures = told(tried)
    assert any("status_code_conformance" in failure for failure in failures)
