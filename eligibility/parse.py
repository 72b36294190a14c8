"""Parses a screening form; of each error it says the place, the rule and the mend."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from eligibility.form import ScreeningForm

FORM_BYTES_MAX = 1_000_000
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FormProblem:
    """One error of a form; `pointer` is a JSON pointer (RFC 6901)."""

    pointer: str
    rule: str
    mend: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.rule}; {self.mend}"


class FormError(ValueError):
    """A form that cannot be read, with every problem that was found (at most twenty)."""

    def __init__(self, problems: tuple[FormProblem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def parse_form(raw: bytes | str | dict[str, Any]) -> ScreeningForm:
    """The form behind JSON text or already loaded JSON; FormError if it is not one."""
    text = to_json(raw) if isinstance(raw, dict) else raw
    if len(text) > FORM_BYTES_MAX:
        raise FormError(
            (FormProblem("", "a form has at most 1 MB", "send less"),),
        )
    try:
        return ScreeningForm.model_validate_json(text)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise FormError(tuple(_problem(detail) for detail in details[:_SHOWN])) from None


def _problem(detail: Any) -> FormProblem:
    kind, loc = detail["type"], tuple(detail["loc"])
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in loc)
    context = detail.get("ctx", {})
    if kind == "missing":
        return FormProblem(pointer, "this field is required", "fill it in")
    if kind == "extra_forbidden":
        return FormProblem(pointer, "unknown field", _nearest(str(loc[-1])))
    if kind == "literal_error":
        return FormProblem(pointer, "not one of the answers", f"write {context['expected']}")
    if kind == "value_error":
        return FormProblem(pointer, "not a value of this field", str(context["error"]))
    if kind == "json_invalid":
        return FormProblem("", "not JSON", f"mend the text: {context['error']}")
    message = detail["msg"].removeprefix("Input ")
    return FormProblem(pointer, message[0].lower() + message[1:], _MENDS.get(kind, "correct it"))


_MENDS = {
    "int_type": "write a whole number without quotes",
    "int_from_float": "write a whole number without quotes",
    "string_type": "write text in quotes",
    "bool_type": "write true or false",
    "tuple_type": "write a list",
    "model_type": "write an object",
    "date_type": "write a date as 2027-03-24",
    "date_parsing": "write a date as 2027-03-24",
    "date_from_datetime_parsing": "write a date as 2027-03-24",
    "too_long": "send fewer",
}


def _nearest(name: str) -> str:
    close = get_close_matches(name, _FIELD_NAMES, n=1)
    return f"write `{close[0]}`, or remove it" if close else "remove it"


def _names(schema: Any) -> set[str]:
    tables = [schema, *schema.get("$defs", {}).values()]
    return {name for table in tables for name in table.get("properties", {})}


_FIELD_NAMES = sorted(_names(ScreeningForm.model_json_schema()))
