"""The kinds of value on a screening form: three-valued answers, exact decimals, bounded text."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

YesNo = Literal["yes", "no", "unknown"]
"""Left out means unknown: an absent answer is never good news."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Grade = Annotated[int, Field(ge=0, le=5)]
"""A CTCAE grade; 0 is none."""

LIST_MAX = 200
"""No list of a form is longer."""


class Section(BaseModel):
    """A part of a form: frozen, closed and strict; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")
_HOW = 'write a decimal number as a string, such as "1.5", so that it stays exact'


def _measure(value: Any) -> Decimal:
    """Refuses what is not exact or not finite: JSON fractions, NaN, exponents, signs, booleans."""
    if isinstance(value, str):
        return _exact(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(_HOW)
    return _exact(str(value))


@lru_cache(maxsize=8192)
def _exact(text: str) -> Decimal:
    """Bounded; results of a laboratory are few different numbers."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(_HOW)
    return Decimal(text)


Measure = Annotated[
    Decimal,
    PlainValidator(_measure),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,12})?$"},
                {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999},
            ],
            "description": "An exact decimal number: a string, or a whole number.",
            "examples": ["1.5", "1700"],
        }
    ),
]
"""A measured value, exact: `"1.50"` or `1700`; a JSON number with a fraction is refused."""
