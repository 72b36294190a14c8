"""What every problem of the API is held to, whatever it is about."""

from typing import Any

import httpx2

from services.api.documented import ProblemDetails

SECRET = "Jane-Doe-1971"


def problem(answer: httpx2.Response, status: int, name: str) -> dict[str, Any]:
    """The problem, after checking its shape and that it repeats nothing personal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["type"] == f"/v1/problems/{name}"
    assert found["status"] == status
    assert found["instance"].startswith("urn:uuid:")
    assert SECRET not in answer.text
    known = {key: found[key] for key in ProblemDetails.model_fields}
    ProblemDetails.model_validate(known)
    return found
