"""What a page asks for before it sends a command: fields, and the command that was typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson
from pydantic import ValidationError
from starlette.datastructures import FormData

from enrollment import commands as c
from enrollment.trial import Trial
from services.pages.rendering import FieldError

Options = tuple[tuple[str, str], ...]
"""Value and words."""
Kind = Literal["day", "instant", "word", "long", "choice"]
"""`instant`: day and time in the trial's zone; `word` is one line, `long` several."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of an action. `name` is the command's."""

    name: str
    label: str
    kind: Kind = "day"
    hint: str | None = None
    options: Options | Callable[[Trial], Options] = ()
    optional: bool = False


def typed_in(form: FormData) -> dict[str, str]:
    """The form's fields as they were typed, without the blanks around them."""
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


_SHAPES = {
    "day": "write a date as 2027-03-24",
    "instant": "write date and time as 2027-03-24 16:00",
    "choice": "choose one",
}


def command_typed(
    kind: type[c.Model],
    asks: Sequence[Ask],
    typed: Mapping[str, str],
    fixed: Mapping[str, Any],
    zone: ZoneInfo,
) -> tuple[c.AnyCommand | None, tuple[FieldError, ...]]:
    """The command, or what is wrong with each field in the page's words. `fixed` is not typed."""
    values: dict[str, Any] = {"type": kind.__name__, **fixed}
    errors: list[FieldError] = []
    for ask in asks:
        given = typed.get(ask.name, "")
        if given:
            values[ask.name] = _value(ask, given, zone)
        elif not ask.optional:
            errors.append(FieldError(ask.name, f"{ask.label}: fill this in."))
    if errors:
        return None, tuple(errors)
    try:
        return c.COMMAND.validate_json(orjson.dumps(values)), ()
    except ValidationError as error:
        return None, tuple(_error(asks, detail["loc"]) for detail in error.errors())


def _value(ask: Ask, typed: str, zone: ZoneInfo) -> Any:
    if ask.name == "grade":
        return int(typed) if typed.isascii() and typed.isdigit() else typed
    if ask.kind == "instant":
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=zone).isoformat()
        except ValueError:
            return typed
    return typed


def _error(asks: Sequence[Ask], at: tuple[int | str, ...]) -> FieldError:
    for ask in asks:
        if ask.name in at:
            mend = _SHAPES.get(ask.kind, "write it shorter, or correct it")
            return FieldError(ask.name, f"{ask.label}: {mend}.")
    if "missed_doses" in at:
        number = next((part for part in at if isinstance(part, int)), 0)
        field = f"missed-{number}" if "reason" in at else f"given-{number}"
        return FieldError(field, "Doses given: write a whole number, and the reason.")
    first = asks[0].name if asks else "main"
    return FieldError(first, "This does not fit together: correct it.")


def with_options(asks: Sequence[Ask], trial: Trial) -> list[tuple[Ask, Options]]:
    """Each field with the choices that the trial gives it."""
    return [(ask, ask.options(trial) if callable(ask.options) else ask.options) for ask in asks]
