"""Limits of each site's laboratories, with dates of effect: kept for ever, prefilled on forms."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AwareDatetime, Field, ValidationError

from eligibility.criteria.units import UNITS
from eligibility.form_results import Analyte
from enrollment.commands import Id, Model
from services.api.ports import UnavailableError
from services.signin.ports import Kept
from streams.kafka import SendFailedError

KEY = "laboratories"
"""The key of these messages in `web.record`."""

Limit = Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,12})?$")]


class LimitsSet(Model):
    """From `from_on` this laboratory's limits of a test are these, in this unit."""

    type: Literal["LimitsSet"] = "LimitsSet"
    at: AwareDatetime
    by: str
    site_id: Id
    laboratory: Annotated[str, Field(min_length=1, max_length=100)]
    analyte: Analyte
    unit: Annotated[str, Field(min_length=1, max_length=100)]
    lower_limit: Limit | None = None
    upper_limit: Limit | None = None
    from_on: date


class Laboratories:
    """All limits ever set; nothing is taken back, a newer date of effect counts from then on."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._kept: Kept | None = None
        self._now = now
        self._limits: list[LimitsSet] = []

    def apply(self, value: bytes) -> bool:
        self._limits.append(LimitsSet.model_validate_json(value))
        return True

    def use(self, record: Kept) -> None:
        self._kept = record

    def of_site(self, site_id: str) -> list[LimitsSet]:
        """Newest date of effect first, by test."""
        own = [limits for limits in self._limits if limits.site_id == site_id]
        return sorted(own, key=lambda one: (one.analyte, -one.from_on.toordinal()))

    def in_effect(self, site_id: str, analyte: str, on: date) -> LimitsSet | None:
        """Those of a test on a day: of several the latest date of effect, then the latest entry."""
        own = [
            limits
            for limits in self._limits
            if (limits.site_id, limits.analyte) == (site_id, analyte) and limits.from_on <= on
        ]
        return max(own, key=lambda one: (one.from_on, one.at), default=None)

    async def set(self, by: str, **facts: Any) -> None:
        """Raises `ValidationError` of pydantic when the facts do not fit."""
        limits = LimitsSet.model_validate_json(
            _json({"at": self._now().isoformat(), "by": by, **facts})
        )
        assert self._kept is not None, "no record is in use yet"
        try:
            await self._kept.append(KEY, limits.model_dump_json().encode())
        except SendFailedError:
            raise UnavailableError("the limits could not be kept") from None


def _json(values: dict[str, Any]) -> bytes:
    return orjson.dumps({name: value for name, value in values.items() if value != ""})


WRONG = {
    "laboratory": "Laboratory: write its name.",
    "analyte": "Test: choose one.",
    "unit": "Unit: write it as on the report.",
    "lower_limit": "Lower limit: write a number such as 1.5, or leave it empty.",
    "upper_limit": "Upper limit: write a number such as 1.5, or leave it empty.",
    "from_on": "In effect from: write a date as 2027-03-24.",
}


def wrong_fields(error: ValidationError) -> list[tuple[str, str]]:
    """Field and sentence of each fault."""
    found = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors() if detail["loc"])
    return [(field, WRONG[field]) for field in found if field in WRONG]


def prefilled(typed: dict[str, Any], site_id: str, laboratories: Laboratories) -> dict[str, Any]:
    """The draft with unit and limits filled in where a result's test is known and they are empty.

    Those in effect on the day of the sample, else on the day of the form; what was typed stays, and
    what was filled in before and left so goes with the day of the sample. No unit is guessed: a
    result of 85 g/L read as g/dL would be ten times too high.
    """
    kept = typed.get("labs")
    if not kept:
        return typed
    on = _date(typed.get("completed_on"))
    items = [_one(item, site_id, laboratories, on) for item in kept["items"]]
    return typed | {"labs": kept | {"items": items}}


def _one(
    item: dict[str, Any], site_id: str, laboratories: Laboratories, form_on: date | None
) -> dict[str, Any]:
    before = item.get("filled", {})
    typed = {
        name: value
        for name, value in item.items()
        if name != "filled" and (name == "analyte" or value != before.get(name))
    }
    known = _known(typed, site_id, laboratories, form_on)
    filled = {name: value for name, value in before.items() if name == "analyte"} | known
    return known | typed | ({"filled": filled} if filled else {})


def _known(
    typed: dict[str, Any], site_id: str, laboratories: Laboratories, form_on: date | None
) -> dict[str, str]:
    """Unit and limits of a result, as far as they are not for somebody to write."""
    on = _date(typed.get("taken_on")) or form_on
    analyte = typed.get("analyte", "")
    limits = None if on is None else laboratories.in_effect(site_id, analyte, on)
    if limits is not None and typed.get("unit", limits.unit) == limits.unit:
        known = {
            "unit": limits.unit,
            "lower_limit": limits.lower_limit,
            "upper_limit": limits.upper_limit,
        }
        return {name: value for name, value in known.items() if value is not None}
    units = list(UNITS.get(analyte, ()))
    return {"unit": units[0]} if len(units) == 1 and "unit" not in typed else {}


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None
