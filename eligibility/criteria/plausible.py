"""Laboratory values that no living adult has: the number and its unit cannot both be right.

The bounds are ours and wide, from no record (docs/decisions/0038-values-no-unit-explains.md). They
hold no criterion: a result beyond them is unknown until somebody has looked at its unit.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from eligibility.criteria.units import UNITS


class Range(NamedTuple):
    """From the lowest to the highest, both included."""

    low: Decimal
    high: Decimal

    def holds(self, value: Decimal) -> bool:
        """Nothing at all is the same in every unit."""
        return self.low <= value <= self.high or not value


class Plausible(NamedTuple):
    """Of a result in one unit; `upper_limit` where a criterion counts in upper limits."""

    value: Range
    upper_limit: Range


_ANY: Final = ("0", "999999999999999")
_RANGES: Final[dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "neutrophils": (("20", "100000"), _ANY),
    "platelets": (("1000", "5000000"), _ANY),
    "haemoglobin": (("2", "30"), _ANY),
    "bilirubin": (("0.01", "100"), ("0.3", "5")),
    "creatinine": (("0.1", "50"), ("0.3", "5")),
    "ast": (("3", "50000"), ("10", "200")),
    "alt": (("3", "50000"), ("10", "200")),
    "inr": (("0.3", "50"), _ANY),
    "pt": (("3", "500"), ("5", "50")),
    "ptt": (("5", "1000"), ("10", "150")),
}
"""In the unit that is expected, the first of `UNITS`: the value, and the upper limit of normal."""

assert _RANGES.keys() == UNITS.keys()


def plausible(analyte: str) -> dict[str, Plausible]:
    """By the unit of a result."""
    units = UNITS[analyte]
    expected = next(iter(units.values()))
    return {
        unit: Plausible(
            *(
                Range(*(Decimal(end) * number / expected for end in ends))
                for ends in _RANGES[analyte]
            )
        )
        for unit, number in units.items()
    }
