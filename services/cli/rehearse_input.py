"""Reads the lines of a rehearsal: commands as JSON, with every error named and a mend."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field, ValidationError

from eligibility.parse import FormError, parse_form
from enrollment.commands import Actor, AmendForm, AnyCommand, Model, SubmitForm

SHOWN_REVIEW = "@review"
"""As `data_hash`: the hash that the review due at that moment shows."""

COMMAND_NAMES = tuple(kind.__name__ for kind in get_args(AnyCommand))
NO_REVIEW = "0" * 64


class Line(Model):
    """One line of a rehearsal."""

    at: AwareDatetime
    actor: Actor
    command: Annotated[AnyCommand, Field(discriminator="type")]
    command_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One error of a line: where, which rule, and the mend."""

    line: int
    pointer: str
    rule: str
    mend: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.pointer or '/'}: {self.rule}. Mend: {self.mend}."


@dataclass(frozen=True, slots=True)
class Given:
    """A readable line; `signs_shown` when its signature is of whatever the review then shows."""

    number: int
    line: Line
    signs_shown: bool


class LineError(ValueError):
    """A line that cannot be used, with every problem found in it."""

    def __init__(self, problems: tuple[LineProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def read_lines(lines: Iterable[str], folder: Path) -> tuple[list[Given], list[LineProblem]]:
    """All lines that are not blank, and all that is wrong with them.

    `"form": "@PATH"` stands for the form in that file, seen from `folder`.
    """
    given: list[Given] = []
    problems: list[LineProblem] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            given.append(read_line(number, text, folder))
        except LineError as error:
            problems.extend(error.problems)
    return given, problems


def read_line(number: int, text: str, folder: Path) -> Given:
    """One line, or LineError."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        fault = LineProblem(number, "", f"not JSON ({error.msg})", "write one object on the line")
        raise LineError((fault,)) from None
    command = raw.get("command") if isinstance(raw, dict) else None
    signs_shown = False
    if isinstance(command, dict):
        signs_shown = command.get("data_hash") == SHOWN_REVIEW
        if signs_shown:
            command["data_hash"] = NO_REVIEW
        _fetch_form(number, command, folder)
    try:
        line = Line.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise LineError(tuple(_problem(number, detail) for detail in found)) from None
    if isinstance(line.command, SubmitForm | AmendForm):
        _check_form(number, line.command.form)
    return Given(number, line, signs_shown)


def _fetch_form(number: int, command: dict[str, Any], folder: Path) -> None:
    """Puts the form of a file in the place of its name."""
    name = command.get("form")
    if not isinstance(name, str) or not name.startswith("@"):
        return
    path = folder / name.removeprefix("@")
    try:
        command["form"] = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = f"{path} cannot be read ({type(error).__name__})"
        raise LineError((LineProblem(number, "/command/form", why, "correct the path"),)) from None
    except json.JSONDecodeError as error:
        why = f"{path} is not JSON ({error})"
        raise LineError((LineProblem(number, "/command/form", why, "correct the file"),)) from None


def _check_form(number: int, form: Mapping[str, Any]) -> None:
    try:
        parse_form(dict(form))
    except FormError as error:
        raise LineError(
            tuple(
                LineProblem(number, f"/command/form{p.pointer}", p.rule, p.mend)
                for p in error.problems
            )
        ) from None


def _problem(number: int, detail: Any) -> LineProblem:
    loc = tuple(str(part) for part in detail["loc"])
    if len(loc) > 1 and loc[0] == "command" and loc[1] in COMMAND_NAMES:
        loc = (loc[0], *loc[2:])
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in loc)
    rule, mend = _rule_and_mend(detail)
    return LineProblem(number, pointer, rule, mend)


def _rule_and_mend(detail: Any) -> tuple[str, str]:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "this key is missing", "add it"
        case "extra_forbidden":
            return "unknown key", "remove it, or correct its spelling"
        case "union_tag_invalid":
            close = get_close_matches(str(context["tag"]), COMMAND_NAMES, n=1)
            known = f"write {close[0]}" if close else f"write one of {', '.join(COMMAND_NAMES)}"
            return f"no command is called {context['tag']!r}", known
        case "union_tag_not_found":
            return "a command names itself", "add the key `type`"
        case "literal_error":
            return "not a known value", f"write {context['expected']}"
        case "timezone_aware":
            return "the instant has no zone", "end it with Z, as in 2027-02-22T15:00:00Z"
        case kind:
            return detail["msg"].removeprefix("Input "), _MENDS.get(kind, "correct the value")


_MENDS = {
    "datetime_from_date_parsing": "write an instant such as 2027-02-22T15:00:00Z",
    "datetime_parsing": "write an instant such as 2027-02-22T15:00:00Z",
    "date_parsing": "write a date such as 2027-02-22",
    "date_from_datetime_parsing": "write a date such as 2027-02-22",
    "date_from_datetime_inexact": "write a date such as 2027-02-22",
    "string_type": "write text in quotes",
    "int_type": "write a whole number without quotes",
    "uuid_parsing": "write a UUID, or leave it out",
    "model_type": "write an object",
    "model_attributes_type": "write an object",
    "dict_type": "write an object",
    "tuple_type": "write a list",
}
