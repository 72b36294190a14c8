"""ASCO/CAP 2007 and 2013: each test is called by itself, first IHC, then in-situ hybridisation.

Cut-offs: Wolff et al., J Clin Oncol 2007;25:118 and 2013;31:3997. The 2013 single-probe cut-offs
were not at hand when this was written: such a result is undefined under 2013, never guessed.
"""

from decimal import Decimal
from typing import Final

from eligibility.her2.status import (
    EQUIVOCAL,
    INDETERMINATE,
    NEGATIVE,
    POSITIVE,
    UNDEFINED,
    Call,
    Ish,
    Reading,
    Score,
    Status,
)

IHC: Final[dict[Score, Status]] = {
    "0": NEGATIVE,
    "1+": NEGATIVE,
    "2+": EQUIVOCAL,
    "3+": POSITIVE,
}
"""Of a score as reported; what makes a 3+ differs (over 30% of cells in 2007, over 10% in 2013)."""


def ihc_call(reading: Reading) -> Call:
    """The same in 2007 and 2013."""
    if reading.ihc is not None:
        return Call(IHC[reading.ihc], f"IHC {reading.ihc}")
    if reading.ihc_failed:
        return Call(INDETERMINATE, "IHC failed technically")
    return Call(UNDEFINED, "no IHC")


def ish_2007(reading: Reading) -> Call:
    """Ratio 1.8 to 2.2 is equivocal, both ends; without ratio 4 to 6 copies, both ends."""
    if reading.ish is None:
        return _none(reading)
    ratio, copies = reading.ish.ratio, reading.ish.copies
    if reading.ish.probe == "dual" and ratio is not None:
        return _band(f"ratio {ratio}", ratio, Decimal("1.8"), Decimal("2.2"))
    if reading.ish.probe == "single" and copies is not None:
        return _band(f"{copies} copies", copies, Decimal(4), Decimal(6))
    return Call(UNDEFINED, "neither a ratio nor copies of a single probe")


def _band(what: str, value: Decimal, low: Decimal, high: Decimal) -> Call:
    if value < low:
        return Call(NEGATIVE, f"{what}, below {low}")
    if value > high:
        return Call(POSITIVE, f"{what}, above {high}")
    return Call(EQUIVOCAL, f"{what}, from {low} to {high}")


def ish_2013(reading: Reading) -> Call:
    """Ratio 2.0 or more is positive whatever the copies; below, the copies decide."""
    if reading.ish is None:
        return _none(reading)
    if reading.ish.probe == "single":
        return Call(UNDEFINED, "single-probe cut-offs of 2013 are not encoded")
    return _dual_2013(reading.ish)


def _dual_2013(ish: Ish) -> Call:
    ratio, copies = ish.ratio, ish.copies
    if ratio is not None and ratio >= 2:
        return Call(POSITIVE, f"ratio {ratio}, at least 2.0")
    if copies is not None and copies >= 6:
        return Call(POSITIVE, f"{copies} copies, at least 6")
    if ratio is None or copies is None:
        return Call(UNDEFINED, "ratio and copies are both needed")
    if copies >= 4:
        return Call(EQUIVOCAL, f"ratio {ratio} with {copies} copies, from 4 to under 6")
    return Call(NEGATIVE, f"ratio {ratio} with {copies} copies")


def _none(reading: Reading) -> Call:
    if reading.ish_failed:
        return Call(INDETERMINATE, "ISH failed technically")
    return Call(UNDEFINED, "no ISH")
