"""The trial's own rule: negative if IHC 0 or 1+, or a FISH or SISH ratio under a limit (2.2).

IHC 2+ must be shown negative by FISH. The record does not know CISH, copy numbers, or what to do
when IHC 0, 1+ or 3+ and ISH contradict each other: such specimens are discordant, for a person.
"""

from decimal import Decimal
from typing import Final

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
)

ADMITTED: Final = ("FISH", "SISH")


def trial_call(reading: Reading, ratio_under: Decimal) -> Call:
    """The status of one specimen; POSITIVE stands for "not negative".

    The rule goes by ratios: the first assay that gave one is read, FISH before the others.
    """
    if reading.ish is None:
        return _by_ihc(reading, (), ratio_under)
    every = (reading.ish, *reading.others)
    with_ratio = [ish for ish in every if ish.ratio is not None]
    read = reading._replace(ish=with_ratio[0]) if with_ratio else reading
    for other in with_ratio[1:]:
        if _contradict(with_ratio[0], other, ratio_under):
            return Call(DISCORDANT, f"{_said(with_ratio[0])} against {_said(other)}")
    return _by_ihc(read, every, ratio_under)


def _by_ihc(reading: Reading, every: tuple[Ish, ...], ratio_under: Decimal) -> Call:
    """`every`: all assays, of which each may contradict the IHC."""
    ihc = reading.ihc
    if ihc == "2+":
        return _two_plus(reading, ratio_under)
    if ihc == "3+":
        return _three_plus(every, ratio_under)
    if ihc is not None:
        return _zero_or_one_plus(ihc, every, ratio_under)
    return _without_ihc(reading, ratio_under)


def _two_plus(reading: Reading, ratio_under: Decimal) -> Call:
    ish = reading.ish
    if ish is not None and ish.assay == "FISH" and ish.ratio is not None:
        return _by_ratio(f"IHC 2+, FISH ratio {ish.ratio!s}", ish.ratio, ratio_under)
    if ish is not None and ish.assay == "SISH" and ish.ratio is not None:
        return Call(
            DISCORDANT,
            f"IHC 2+ with SISH only (ratio {ish.ratio}), the rule asks for FISH",
        )
    if ish is not None and ish.probe == "single":
        return Call(UNDEFINED, "IHC 2+ with a single probe gives no ratio, FISH is needed")
    failed = ", FISH failed technically" if reading.ish_failed else ""
    return Call(PENDING_TEST, f"IHC 2+ must be shown negative by FISH{failed}")


def _three_plus(every: tuple[Ish, ...], ratio_under: Decimal) -> Call:
    for ish in every:
        if _seems_negative(ish, ratio_under):
            return Call(DISCORDANT, f"IHC 3+ is contradicted by {_said(ish)}")
    return Call(POSITIVE, "IHC 3+ is not negative")


def _zero_or_one_plus(ihc: str, every: tuple[Ish, ...], ratio_under: Decimal) -> Call:
    for ish in every:
        if _seems_positive(ish, ratio_under):
            return Call(DISCORDANT, f"IHC {ihc} is contradicted by {_said(ish)}")
    return Call(NEGATIVE, f"IHC {ihc}")


def _without_ihc(reading: Reading, ratio_under: Decimal) -> Call:
    ish = reading.ish
    if ish is None:
        if reading.ihc_failed or reading.ish_failed:
            return Call(INDETERMINATE, "the test failed technically, repeat it")
        return Call(UNDEFINED, "no result")
    if ish.ratio is None or ish.probe == "single":
        return Call(UNDEFINED, f"{_said(ish)} gives no ratio")
    if ish.assay not in ADMITTED:
        return Call(UNDEFINED, f"{_said(ish)}: the rule names FISH and SISH only")
    return _by_ratio(_said(ish), ish.ratio, ratio_under)


def _by_ratio(said: str, ratio: Decimal, ratio_under: Decimal) -> Call:
    if ratio < ratio_under:
        return Call(NEGATIVE, f"{said}, under {ratio_under!s}")
    return Call(POSITIVE, f"{said}, must be under {ratio_under!s}")


def _contradict(ish: Ish, other: Ish, ratio_under: Decimal) -> bool:
    """Two assays of one specimen, their ratios on different sides of the limit."""
    assert ish.ratio is not None
    assert other.ratio is not None
    return (ish.ratio < ratio_under) != (other.ratio < ratio_under)


def _seems_negative(ish: Ish, ratio_under: Decimal) -> bool:
    if ish.ratio is not None:
        return ish.ratio < ratio_under
    return ish.copies is not None and ish.copies < 4


def _seems_positive(ish: Ish, ratio_under: Decimal) -> bool:
    """Copies count only of a single probe: it has no ratio, which the trial's rule goes by."""
    if ish.ratio is not None:
        return ish.ratio >= ratio_under
    return ish.probe == "single" and ish.copies is not None and ish.copies >= 6


def _said(ish: Ish) -> str:
    if ish.ratio is not None and ish.probe == "dual":
        return f"{ish.assay} ratio {ish.ratio!s}"
    copies = "" if ish.copies is None else f" {ish.copies} copies"
    return f"{ish.probe}-probe {ish.assay}{copies}"
