"""ASCO/CAP 2018, affirmed unchanged in 2023: ISH groups 1 to 5 read together with IHC.

Wolff et al., Arch Pathol Lab Med 2018;142:1364 and 2023;147:993. The table is for IHC 2+ after the
second read that the guideline asks for in groups 2 to 4.
"""

from decimal import Decimal
from typing import Final, Literal

from eligibility.her2.separate_tests import IHC, ihc_call
from eligibility.her2.status import (
    DISCORDANT,
    INDETERMINATE,
    NEGATIVE,
    PENDING_TEST,
    POSITIVE,
    UNDEFINED,
    Call,
    Ish,
    Reading,
    Score,
    Status,
)

Group = Literal[1, 2, 3, 4, 5]

COLUMNS: Final[tuple[Score | None, ...]] = ("0", "1+", "2+", "3+", None)
_ROWS: Final[dict[Group, tuple[Status, ...]]] = {
    1: (POSITIVE, POSITIVE, POSITIVE, POSITIVE, POSITIVE),
    2: (NEGATIVE, NEGATIVE, NEGATIVE, POSITIVE, PENDING_TEST),
    3: (NEGATIVE, NEGATIVE, POSITIVE, POSITIVE, PENDING_TEST),
    4: (NEGATIVE, NEGATIVE, NEGATIVE, POSITIVE, PENDING_TEST),
    5: (NEGATIVE, NEGATIVE, NEGATIVE, DISCORDANT, NEGATIVE),
}
DUAL: Final[dict[tuple[Group, Score | None], Status]] = {
    (group, score): status
    for group, row in _ROWS.items()
    for score, status in zip(COLUMNS, row, strict=True)
}
"""Group and IHC score -> final call; IHC may be missing."""

assert len(DUAL) == 25

SINGLE_MIDDLE: Final[dict[Score | None, Status]] = {
    "0": NEGATIVE,
    "1+": NEGATIVE,
    "2+": PENDING_TEST,
    "3+": POSITIVE,
    None: PENDING_TEST,
}
"""Single probe with 4.0 to under 6.0 copies: IHC decides, and 2+ needs a dual probe."""


def group_of(ratio: Decimal, copies: Decimal) -> Group:
    """The dual-probe group; every pair of values falls into exactly one."""
    if ratio >= 2:
        return 1 if copies >= 4 else 2
    if copies >= 6:
        return 3
    return 4 if copies >= 4 else 5


def call_2018(reading: Reading) -> Call:
    """The final call of one specimen under 2018 and 2023."""
    if reading.ish is None:
        return _ihc_alone(reading)
    if reading.ish.probe == "single":
        return _single(reading.ihc, reading.ish)
    ratio, copies = reading.ish.ratio, reading.ish.copies
    if ratio is None or copies is None:
        return Call(UNDEFINED, "ratio and copies are both needed for a group")
    group = group_of(ratio, copies)
    status = DUAL[group, reading.ihc]
    need = ", IHC of the same tissue is needed" if status is PENDING_TEST else ""
    return Call(status, f"group {group} with {_ihc(reading.ihc)}{need}")


def _single(ihc: Score | None, ish: Ish) -> Call:
    if ish.copies is None:
        return Call(UNDEFINED, "single probe without copies")
    said = f"single probe {ish.copies} copies with {_ihc(ihc)}"
    if ish.copies >= 6:
        return Call(POSITIVE, said)
    if ish.copies < 4:
        return Call(NEGATIVE, said)
    status = SINGLE_MIDDLE[ihc]
    if status is PENDING_TEST:
        need = "IHC" if ihc is None else "a dual probe"
        return Call(status, f"{said}, {need} is needed")
    return Call(status, said)


def _ihc_alone(reading: Reading) -> Call:
    if reading.ihc is not None:
        need = ", reflex ISH is needed" if reading.ihc == "2+" else ""
        return Call(IHC[reading.ihc], f"IHC {reading.ihc}{need}")
    if reading.ish_failed:
        return Call(INDETERMINATE, "ISH failed technically")
    return ihc_call(reading)


def _ihc(score: Score | None) -> str:
    return "no IHC" if score is None else f"IHC {score}"
