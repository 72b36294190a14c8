"""Turns what pydantic says of a wrong key into a rule and a mend that an author can use."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import ValidationError

from protocols.errors import Problem
from protocols.lines import Path, dotted, line_of
from protocols.shape import TABLES

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WRONG_TYPE = {
    "int_type": "write a whole number without quotes",
    "int_from_float": "write a whole number without quotes",
    "string_type": "write text in quotes",
    "bool_type": "write true or false",
    "date_type": "write a date such as 2027-02-22, without quotes",
    "list_type": "write an array",
    "model_type": "write a table",
    "dict_type": "write a table",
    "string_too_long": "shorten it",
    "string_too_short": "fill it in",
}
_MOST = 200  # Looking for the key that was meant takes time; nobody mends more at once.
_BOUNDS = ("greater_than_equal", "less_than_equal", "greater_than", "less_than", "too_short")


def problems_of(
    error: ValidationError, lines: dict[Path, int], at: Path = (), known: Iterable[str] = ()
) -> list[Problem]:
    """One problem for each error; `at` is where the validated table stands in the file."""
    details = error.errors(include_url=False)[:_MOST]
    return [_problem(detail, lines, at, tuple(known)) for detail in details]


def _problem(
    detail: "ErrorDetails", lines: dict[Path, int], at: Path, known: tuple[str, ...]
) -> Problem:
    path = (*at, *detail["loc"])
    rule, mend = _rule_and_mend(detail, path, known)
    return Problem(dotted(path), rule, mend, line_of(lines, path))


def _rule_and_mend(detail: "ErrorDetails", path: Path, known: tuple[str, ...]) -> tuple[str, str]:
    key, kind = str(path[-1]) if path else "", detail["type"]
    if kind == "missing":
        return "this key is missing", f"add `{key} = ...`"
    if kind == "extra_forbidden":
        return "unknown key", _nearest(key, known or _known_at(path))
    if kind == "literal_error":
        return f"{detail['input']!r} is not known", f"write {detail['ctx']['expected']}"
    if kind == "value_error":
        return str(detail["ctx"]["error"]), "correct the value"
    said = detail["msg"].removeprefix("Input ")
    if kind in _BOUNDS:
        return f"{detail['input']!r} is out of bounds: it {said}", "write a value within the bounds"
    return said, _WRONG_TYPE.get(kind, "correct the value")


def _known_at(path: Path) -> tuple[str, ...]:
    table = ".".join(part for part in path[:-1] if isinstance(part, str))
    return tuple(TABLES[table].model_fields) if table in TABLES else ()


def _nearest(key: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(key, known, n=1)
    if close:
        return f"write `{close[0]}`, or remove it"
    return f"remove it; known here: {', '.join(known)}" if known else "remove it"
