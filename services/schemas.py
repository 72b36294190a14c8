"""JSON Schemas of the form, the commands and the public events, made from the models."""

import json
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

from eligibility.form import ScreeningForm
from enrollment import events as e
from enrollment.commands import AnyCommand, Request
from enrollment.public_events import (
    DATES,
    NAMES,
    PREFIX,
    RULES_SHOWN,
    SHARED,
    STATES,
    PublicEvent,
    PublicType,
)
from services.catalogue import catalogue_markdown

DRAFT = "https://json-schema.org/draft/2020-12/schema"
IDS = ("subject_id", "site_id", "slot_id")
MORE: dict[PublicType, tuple[str, ...]] = {
    "protocol.adopted": ("version",),
    "site.activated": ("version",),
    "review.due": ("state",),
    "review.signed": ("state",),
    "subject.left_waitlist": ("state",),
    "subject.not_eligible": ("state",),
    "slot.corrected": ("state", "corrects"),
}


def written_files() -> dict[str, str]:
    """Every generated file by its path from the root of the repository."""
    found = {"docs/errors.md": catalogue_markdown()}
    for command in get_args(AnyCommand):
        found[f"schemas/commands/{command.__name__}.json"] = _text(_of_model(command))
    found["schemas/commands/Request.json"] = _text(_of_model(Request))
    found["schemas/ScreeningForm.json"] = _text(_of_model(ScreeningForm))
    for name in get_args(PublicType):
        found[f"schemas/events/{name}.json"] = _text(event_schema(name))
    return found


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _of_model(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": DRAFT, **model.model_json_schema()}


def event_schema(name: PublicType) -> dict[str, Any]:
    """One public event as it is published: a CloudEvent in structured JSON."""
    sources = {public: event for event, public in NAMES.items()}
    source: type[BaseModel] = sources.get(name, e.FormJudged)
    data = _data_schema(name, source)
    envelope = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "`<trial>/<sequence>`; the key for duplicates."},
        "source": {"type": "string", "description": "`/v1/trials/<trial>`."},
        "type": {"const": f"{PREFIX}{name}.v1"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {
            "type": "string",
            "pattern": "^[0-9]{20}$",
            "description": "Contiguous per source, from 0.",
        },
        "data": data,
    }
    required = list(envelope)
    if "subject_id" in data["properties"]:
        envelope["subject"] = {"type": "string", "description": "The subject's id."}
        required.append("subject")
    return {
        "$schema": DRAFT,
        "title": f"{PREFIX}{name}.v1",
        "type": "object",
        "properties": envelope,
        "required": required,
    }


def _data_schema(name: PublicType, source: type[BaseModel]) -> dict[str, Any]:
    told = PublicEvent.model_json_schema(mode="serialization")["properties"]
    taken = ("phase",) if source is e.FormJudged else SHARED
    fields = [field for field in (*IDS, *taken) if field in source.model_fields]
    always = [DATES.get(field, field) for field in fields if not _may_be_null(source, field)]
    shown = [DATES.get(field, field) for field in fields]
    extra = list(MORE.get(name, ()))
    extra += ["state"] if name in STATES else []
    extra += ["rule"] if source in RULES_SHOWN else []
    return {
        "type": "object",
        "properties": {field: _not_null(told[field]) for field in ("trial_id", *shown, *extra)},
        "required": ["trial_id", *always, *extra],
        "additionalProperties": False,
    }


def _may_be_null(source: type[BaseModel], field: str) -> bool:
    schema = TypeAdapter(source.model_fields[field].rebuild_annotation()).json_schema()
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An absent value is left out of an event, never null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    kept = {key: schema[key] for key in ("description",) if key in schema}
    if len(choices) == 1:
        return {**choices[0], **kept}
    return {key: value for key, value in schema.items() if key not in ("default", "title")}
