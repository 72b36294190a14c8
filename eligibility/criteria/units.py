"""Units of laboratory results: what each analyte is expected in, and what converts exactly."""

from decimal import Decimal
from typing import Final

UNITS: Final[dict[str, dict[str, Decimal]]] = {
    "neutrophils": {
        "/uL": Decimal(1), "/mm3": Decimal(1), "10^3/uL": Decimal(1000), "10^9/L": Decimal(1000),
    },
    "platelets": {
        "/uL": Decimal(1), "/mm3": Decimal(1), "10^3/uL": Decimal(1000), "10^9/L": Decimal(1000),
    },
    "haemoglobin": {"g/dL": Decimal(1), "g/L": Decimal("0.1")},
    "bilirubin": {"mg/dL": Decimal(1), "umol/L": Decimal(1) / Decimal("17.104")},
    "creatinine": {"mg/dL": Decimal(1), "umol/L": Decimal(1) / Decimal("88.42")},
    "ast": {"U/L": Decimal(1), "IU/L": Decimal(1), "ukat/L": Decimal(60)},
    "alt": {"U/L": Decimal(1), "IU/L": Decimal(1), "ukat/L": Decimal(60)},
    "inr": {"1": Decimal(1), "ratio": Decimal(1)},
    "pt": {"s": Decimal(1)},
    "ptt": {"s": Decimal(1)},
}  # fmt: skip
"""Factor from each known unit to the first one. The form keeps the value as it was reported.

Limits given as multiples of the laboratory's own limit need no factor: both share a unit.
"""

assert all(next(iter(units.values())) == 1 for units in UNITS.values())
