"""Dates as people know them: a day, a month or a year, and the calendar arithmetic of rules R18."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

_SHAPE = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """`2008`, `2008-06` or `2008-06-17`: any day from `first` to `last` may be meant."""

    first: date
    last: date
    text: str

    def __str__(self) -> str:
        return self.text

    def until(self, on: date) -> "tuple[date, date] | None":
        """The first and last day that may be meant, if it has happened by then; none if it has not.

        A fact on a form lies no later than the form, so `2027-03` on the 24th ends on the 24th.
        """
        return None if self.first > on else (self.first, min(self.last, on))


@lru_cache(maxsize=8192)
def parse_partial_date(text: str) -> PartialDate:
    """The date behind the text, or a ValueError that says how to write one."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError("write a date as 2008-06-17, or 2008-06, or 2008")
    year, month, day = int(shape["year"]), shape["month"], shape["day"]
    if not 1850 <= year <= 2200:
        raise ValueError("the year is out of range (1850 to 2200)")
    if month is None:
        return PartialDate(date(year, 1, 1), date(year, 12, 31), text)
    if not 1 <= int(month) <= 12:
        raise ValueError("there is no such month")
    length = calendar.monthrange(year, int(month))[1]
    if day is None:
        return PartialDate(date(year, int(month), 1), date(year, int(month), length), text)
    if not 1 <= int(day) <= length:
        raise ValueError("there is no such day")
    on = date(year, int(month), int(day))
    return whole_date(on)


def whole_date(on: date) -> PartialDate:
    """A date of which the day is known."""
    return PartialDate(on, on, on.isoformat())


def _validate(value: Any) -> PartialDate:
    if isinstance(value, str):
        return parse_partial_date(value)
    if isinstance(value, PartialDate):
        return value
    raise ValueError("write a date as a string: 2008-06-17, or 2008-06, or 2008")


When = Annotated[
    PartialDate,
    PlainValidator(_validate),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$",
            "description": "A date, or as much of it as is known.",
            "examples": ["2008-06-17", "2008-06", "2008"],
        }
    ),
]
"""A field that holds a date which may be partial."""


def add_months(on: date, months: int) -> date:
    """Calendar months added to a date, clamped to the month's end: 31 Aug + 6 months = 28 Feb."""
    total = on.year * 12 + on.month - 1 + months
    year, month = divmod(total, 12)
    # Days up to the 28th exist in every month: the calendar need not be asked.
    day = on.day if on.day <= 28 else min(on.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day)


def add_days(on: date, days: int) -> date:
    return on + timedelta(days=days)
