"""Bodies of writes: a command without its `type` and without the subject that the address names."""

import asyncio
from copy import copy
from datetime import date
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ValidationError, create_model
from starlette.datastructures import Headers

from enrollment.commands import Model
from services.api.faults import field, of_body
from services.api.json_text import plain_json
from services.api.problems import NOT_JSON, TOO_LARGE, TOO_SLOW, Problem

FROM_THE_ADDRESS = ("type", "subject_id")
FIRST_YEAR, LAST_YEAR = 1850, 2200
"""As on the form: outside of it a date is a slip of the pen, and counting from it may overflow."""


def body_model(command: type[Model]) -> type[Model]:
    """The strict model of a command's body; same fields, bounds and texts as the command's."""
    fields: dict[str, Any] = {
        name: (info.annotation, copy(info))
        for name, info in command.model_fields.items()
        if name not in FROM_THE_ADDRESS
    }
    made: type[Model] = create_model(
        f"{command.__name__}Body", __base__=Model, __doc__=command.__doc__, **fields
    )
    return made


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The whole body, never more than `limit` bytes of it, and for no longer than `seconds`."""
    _check_headers(request.headers, limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError:
        detail = f"Nothing was written: the body did not arrive within {seconds:g} seconds."
        raise Problem(TOO_SLOW, detail, headers={"Connection": "close"}) from None
    return b"".join(chunks)


def _check_headers(headers: Headers, limit: int) -> None:
    declared = headers.get("content-type", "")
    if declared != "application/json":
        _check_media_type(declared)
    if headers.get("content-encoding", "identity") != "identity":
        raise Problem(NOT_JSON, "Nothing was written: the body must not be compressed.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and length.isascii() and int(length[:20]) > limit:
        raise _too_large(limit)


def _check_media_type(declared: str) -> None:
    """JSON is UTF-8 (RFC 8259); a charset is a remark that may say so and nothing else."""
    media_type, *remarks = (part.strip().lower() for part in declared.split(";"))
    if media_type != "application/json":
        raise Problem(NOT_JSON, "Nothing was written: the body is not declared as JSON.")
    for remark in remarks:
        name, _, value = remark.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(NOT_JSON, "Nothing was written: JSON is UTF-8, another charset is named.")


def _too_large(limit: int) -> Problem:
    return Problem(TOO_LARGE, f"Nothing was written: a body has at most {limit} bytes.")


def parse_body(model: type[BaseModel], raw: bytes) -> dict[str, Any]:
    """The body's fields as the model's own Python values; an empty body is an empty object."""
    if raw:
        plain_json(raw)
    try:
        body = model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise of_body(error) from None
    values = {name: getattr(body, name) for name in type(body).model_fields}
    check_years(values)
    return values


def check_years(values: dict[str, Any]) -> None:
    """A problem that points at the first date or instant whose year is out of range."""
    for name, value in values.items():
        if isinstance(value, date) and not year_is_plain(value):
            raise field(f"/{name}", "the year is out of range (1850 to 2200)", "correct it")


def year_is_plain(value: date) -> bool:
    return FIRST_YEAR <= value.year <= LAST_YEAR
