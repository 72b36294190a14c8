"""A design's parameters as plain values, for boards, reports and protocol files."""

from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cohorts.designs.design import Design


def parameters_of(design: Design) -> dict[str, Any]:
    """Name -> value of each parameter: numbers that are no counts as decimal text, never floats."""
    return {name: plain(value) for name, value in fields_of(design).items()}


def fields_of(design: object) -> dict[str, Any]:
    """Name -> value as the design holds it; those of a design within it are its own."""
    found: dict[str, Any] = {}
    for field in fields(design):  # type: ignore[arg-type]  # every design is a dataclass
        if not field.init:  # What a design remembers is no parameter.
            continue
        value = getattr(design, field.name)
        found.update(fields_of(value) if is_dataclass(value) else {field.name: value})
    return found


def plain(value: Any) -> Any:
    """Text, whole numbers, flags and lists of these; a fraction without a finite decimal as a/b."""
    if isinstance(value, Fraction):
        return _decimal(value)
    if isinstance(value, Decimal | float):
        return str(value)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def _decimal(value: Fraction) -> str:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    return format((Decimal(value.numerator) / Decimal(value.denominator)).normalize(), "f")
