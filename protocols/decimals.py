"""Numbers that matter, written as strings and read as decimals: a float would round them."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def _decimal(value: Any, kind: str) -> Decimal:
    if not isinstance(value, str):
        raise ValueError('a number that matters is written as a string, such as "12.5"')
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f'"{value}" is not a plain decimal number {kind}')
    return Decimal(value)


def _positive(value: Any) -> Decimal:
    number = _decimal(value, "greater than zero")
    if number <= 0:
        raise ValueError(f'"{value}" must be greater than zero')
    return number


def _within(lowest: bool, highest: bool) -> Callable[[Any], Decimal]:
    """Reads a number from 0 to 1; the flags say whether 0 and 1 themselves are taken."""
    said = f"{'0' if lowest else 'more than 0'} and {'1' if highest else 'less than 1'}"

    def read(value: Any) -> Decimal:
        number = _decimal(value, f"between {said}")
        too_low = number < 0 or (number == 0 and not lowest)
        too_high = number > 1 or (number == 1 and not highest)
        if too_low or too_high:
            raise ValueError(f'"{value}" must lie between {said}')
        return number

    return read


Positive = Annotated[Decimal, BeforeValidator(_positive)]
Rate = Annotated[Decimal, BeforeValidator(_within(False, False))]
"""A probability, neither 0 nor 1."""
Part = Annotated[Decimal, BeforeValidator(_within(True, True))]
"""A share from 0 to 1, both included."""
Cutoff = Annotated[Decimal, BeforeValidator(_within(False, True))]
"""A probability that must be exceeded; 1 is never exceeded."""
