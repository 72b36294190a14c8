"""The OpenAPI parts that are not read off signatures: bodies, headers, and every status."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from eligibility.form import ScreeningForm
from services.api import problems as p
from services.api.actor import SCHEME
from services.api.answers import Answered, PendingSubmission
from services.api.bodies import body_model
from services.api.identity import KEY_PATTERN
from services.api.reading import ID
from services.api.writes import WRITES, Write

REF = "#/components/schemas/{model}"


class FaultShown(BaseModel):
    """One thing that is wrong: `pointer` into the body (RFC 6901), or the name of a parameter."""

    model_config = ConfigDict(extra="forbid")

    pointer: str | None = None
    parameter: str | None = None
    rule: str
    mend: str


class ProblemDetails(BaseModel):
    """RFC 9457. `instance` names this occurrence, as the server's log does; no value is echoed."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FaultShown]


def problems(*kinds: p.Kind) -> dict[int | str, dict[str, Any]]:
    """The responses of these kinds of error, by status."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        title = found.get(kind.status, {}).get("description")
        found[kind.status] = {
            "description": kind.title if title is None else f"{title}; or: {kind.title}",
            "content": {p.MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemDetails")}}},
        }
    return found


EVERYWHERE = (p.NO_ACTOR, p.OUR_FAULT, p.UNAVAILABLE, p.NOT_SHOWN)
READ_PROBLEMS = problems(*EVERYWHERE, p.NOT_THIS_ROLE, p.NO_TRIAL, p.INVALID)

WRITE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Answered, "description": "Decided; `outcome` says what came of it."},
    202: {
        "model": PendingSubmission,
        "description": "Accepted and acknowledged by Kafka; not decided yet.",
        "headers": {
            "Location": {"schema": {"type": "string"}, "description": "Where to look again."},
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."},
        },
    },
    **problems(
        p.BAD_JSON,
        p.NO_KEY,
        p.BAD_KEY,
        p.NO_ACTOR,
        p.NOT_THIS_ROLE,
        p.NOT_THIS_SITE,
        p.NO_TRIAL,
        p.TOO_SLOW,
        p.TOO_LARGE,
        p.NOT_JSON,
        p.INVALID,
        p.OTHER_BODY,
        p.REAL_CLOCK,
        p.TOO_MANY_WRITES,
        p.OUR_FAULT,
        p.UNAVAILABLE,
        p.NOT_SHOWN,
    ),
}


def _header(
    name: str, required: bool, description: str, example: str, **more: str
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **more},
        "example": example,
    }


WRITE_HEADERS = [
    _header(
        "Idempotency-Key",
        True,
        "Opaque: 1 to 128 letters, digits, `.`, `_`, `:`, `-`. Part of the command id for ever.",
        "8f14e45f-ceea-467f-a8d0-5c7f0a7f9a11",
        pattern=KEY_PATTERN,
    ),
    _header("Prefer", False, "`wait=N`: answer with the outcome within N seconds.", "wait=10"),
    _header(
        "Holdfast-Site",
        False,
        "For site staff: the site acted for, if the token names several.",
        "S1",
        pattern=ID,
    ),
    _header(
        "Holdfast-At",
        False,
        "Only in trials with a simulated clock: when this happens. Default: the trial's time.",
        "2027-02-22T15:00:00Z",
        format="date-time",
    ),
]


def json_body(model: str, example: Any) -> dict[str, Any]:
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": REF.format(model=model)}, "example": example}
        },
    }


def write_extra(write: Write) -> dict[str, Any]:
    """Headers and body of one write."""
    model = "ScreeningForm" if write.is_form else f"{write.name}Body"
    return {
        "parameters": WRITE_HEADERS,
        "requestBody": json_body(model, write.example),
        "x-roles": list(write.roles),
    }


def openapi(app: FastAPI) -> dict[str, Any]:
    """The whole document, with the models that only bodies and problems use."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    bodies = [body_model(write.command) for write in WRITES if not write.is_form]
    models: list[type[BaseModel]] = [*bodies, ScreeningForm, ProblemDetails]
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in made["$defs"].items():
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {"bearer": SCHEME}
    for path in document["paths"].values():
        for operation in path.values():
            _only_ours(operation)
            if "401" in operation["responses"]:
                operation["security"] = [{"bearer": []}]
    app.openapi_schema = document
    return document


def _only_ours(operation: dict[str, Any]) -> None:
    """FastAPI documents a 422 of its own shape; every 422 here has ours."""
    answer = operation["responses"].get("422")
    if answer is not None and "application/json" in answer.get("content", {}):
        operation["responses"]["422"] = problems(p.INVALID)[422]
