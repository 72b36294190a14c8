"""Turns what a parser found wrong into faults: where, which rule, the mend; never the value."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from eligibility.parse import FormError
from protocols.errors import ProtocolError
from services.api.problems import BAD_JSON, INVALID, Fault, Problem

SHOWN = 20
_ID_PATTERN = "[A-Za-z0-9._-]{0,63}"
_MENDS = {
    "missing": "add it",
    "extra_forbidden": "remove it",
    "json_invalid": "mend the JSON",
    "json_type": "mend the JSON",
    "model_type": "write an object",
    "dict_type": "write an object",
    "string_type": "write text in quotes",
    "string_too_short": "write something",
    "string_too_long": "write less",
    "string_pattern_mismatch": "write it as the pattern says",
    "int_type": "write a whole number without quotes",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "date_type": "write a date as 2027-03-24",
    "date_parsing": "write a date as 2027-03-24",
    "date_from_datetime_parsing": "write a date as 2027-03-24",
    "datetime_type": "write an instant as 2027-03-24T15:00:00Z",
    "datetime_parsing": "write an instant as 2027-03-24T15:00:00Z",
    "datetime_from_date_parsing": "write an instant as 2027-03-24T15:00:00Z",
    "timezone_aware": "end the instant with Z",
    "tuple_type": "write a list",
    "greater_than_equal": "write a larger number",
    "less_than_equal": "write a smaller number",
}


NAME_MAX = 64
"""Names longer than this are the caller's own; only their beginning is told back."""


def pointer(parts: Iterable[Any]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + shown(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(name: str) -> str:
    """A name that the caller chose, cut where no name of ours is as long."""
    return name if len(name) <= NAME_MAX else name[:NAME_MAX] + "..."


def _fault(detail: Mapping[str, Any]) -> tuple[str, str]:
    kind, message = str(detail["type"]), str(detail["msg"]).removeprefix("Input ")
    rule = "unknown field" if kind == "extra_forbidden" else message[0].lower() + message[1:]
    if _ID_PATTERN in message:
        return rule, "use letters, digits, dot, underscore or hyphen; at most 64"
    return rule, _MENDS.get(kind, "correct it")


def of_body(error: ValidationError) -> Problem:
    """The problem of a JSON body that a model refused."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        return _too_deep()
    faults = [
        Fault(rule, mend, pointer=pointer(detail["loc"]))
        for detail in details[:SHOWN]
        for rule, mend in [_fault(detail)]
    ]
    return Problem(INVALID, _found(len(details)), faults)


def _too_deep() -> Problem:
    """All else that is no JSON was found by `json_text` before a model saw it."""
    fault = Fault("the body is nested too deeply", "send what the schema describes", pointer="")
    return Problem(BAD_JSON, "Nothing was written: the body cannot be read as JSON.", [fault])


def of_parameters(details: Iterable[Mapping[str, Any]]) -> Problem:
    """The problem of parameters in address or headers."""
    faults = [
        Fault(rule, mend, parameter=str(detail["loc"][-1]))
        for detail in details
        for rule, mend in [_fault(detail)]
    ]
    return Problem(INVALID, _found(len(faults)), faults[:SHOWN])


def of_form(error: FormError) -> Problem:
    """The problem of a screening form."""
    if any(found.rule == "not JSON" for found in error.problems):
        return _too_deep()
    faults = [Fault(found.rule, found.mend, pointer=found.pointer) for found in error.problems]
    return Problem(INVALID, _found(len(faults)), faults)


def of_protocol(error: ProtocolError) -> Problem:
    """The problem of a protocol text: line and key are inside the text, so they are in the rule."""
    faults = []
    for found in error.problems[:SHOWN]:
        place = [f"line {found.line}"] if found.line is not None else []
        where = ", ".join([*place, *([found.key] if found.key else [])])
        rule = f"{where}: {found.rule}" if where else found.rule
        faults.append(Fault(rule, found.mend, pointer="/text"))
    return Problem(INVALID, _found(len(error.problems)), faults)


def parameter(name: str, rule: str, mend: str) -> Problem:
    return Problem(INVALID, _found(1), [Fault(rule, mend, parameter=name)])


def field(place: str, rule: str, mend: str) -> Problem:
    return Problem(INVALID, _found(1), [Fault(rule, mend, pointer=place)])


def _found(count: int) -> str:
    return f"Nothing was written: {count} error{'s' if count != 1 else ''} found."
