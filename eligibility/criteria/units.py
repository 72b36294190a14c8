"""Units of laboratory results: what each analyte is expected in, and what converts exactly."""

from decimal import Decimal
from typing import Final

UNITS: Final[dict[str, dict[str, Decimal]]] = {
    "neutrophils": {
        "/uL": Decimal(1000), "/mm3": Decimal(1000), "10^3/uL": Decimal(1), "10^9/L": Decimal(1),
    },
    "platelets": {
        "/uL": Decimal(1000), "/mm3": Decimal(1000), "10^3/uL": Decimal(1), "10^9/L": Decimal(1),
    },
    "haemoglobin": {"g/dL": Decimal(1), "g/L": Decimal(10)},
    "bilirubin": {"mg/dL": Decimal(1), "umol/L": Decimal("17.104")},
    "creatinine": {"mg/dL": Decimal(1), "umol/L": Decimal("88.42")},
    "ast": {"U/L": Decimal(60), "IU/L": Decimal(60), "ukat/L": Decimal(1)},
    "alt": {"U/L": Decimal(60), "IU/L": Decimal(60), "ukat/L": Decimal(1)},
    "inr": {"1": Decimal(1), "ratio": Decimal(1)},
    "pt": {"s": Decimal(1)},
    "ptt": {"s": Decimal(1)},
}  # fmt: skip
"""One and the same quantity in each known unit; the first unit is the one that is expected.

Two values are compared by multiplying each with the number of the other's unit, never by dividing:
at the very limit a quotient may round to the wrong side. Limits given as multiples of the
laboratory's own limit need no conversion: both share a unit.
"""
