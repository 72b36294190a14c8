"""Escalation designs for stories and histories: small limits, so that every end is reached."""

from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm

THIRTY: Final = Fraction(3, 10)
TIMED: Final = ("tite_boin", "tite_crm")
OTHERS: Final = (
    "rolling_six",
    "boin",
    "mtpi",
    "mtpi2",
    "keyboard",
    "i3_plus_3",
    "decision_table",
    "crm",
)
INTERVALS: Final[dict[str, Any]] = {
    "mtpi": MTpi,
    "mtpi2": MTpi2,
    "keyboard": Keyboard,
    "i3_plus_3": I3Plus3,
}
ROWS: Final = ((3, "ESDU"), (6, "EESDUUU"))
SKELETON: Final = (0.12, 0.25, 0.4, 0.55, 0.7)


def resized(design: Design, cohort: int, more_at_level: int, more_in_all: int) -> Design:
    """The same design with other sizes, from the smallest that a protocol may have."""
    if isinstance(design, RollingSix):
        return design
    if isinstance(design, TiteBoin):
        boin = resized(design.boin, cohort, more_at_level, more_in_all)
        assert isinstance(boin, Boin)
        return TiteBoin(boin)
    assert isinstance(design, ByCounts | Crm)
    most = 3 + more_at_level
    sizes: dict[str, Any] = {"max_per_level": most, "max_subjects": most + more_in_all}
    if isinstance(design, DecisionTable):  # Its rows are those of its cohorts.
        most = 3 if more_at_level < 3 else 6
        rows = ROWS[: most // 3]
        sizes = {"max_per_level": most, "max_subjects": most + more_in_all, "rows": rows}
    else:
        sizes["cohort_size"] = cohort
    return replace(design, **sizes)


def design_for(kind: str, levels: int = 3, pick: int = 0) -> Design:
    """A design of a kind; `pick` chooses among a few sizes and options."""
    cohort = (3, 3, 2, 1)[pick // 10 % 4]
    sizes: dict[str, Any] = {"cohort_size": cohort, "max_subjects": 15, "max_per_level": 6}
    match kind:
        case "rolling_six":
            return RollingSix("three_clear" if pick % 20 >= 10 else "printed")
        case "boin":
            return Boin(target=THIRTY, extra_safe=pick % 20 >= 10, **sizes)
        case "tite_boin":
            return TiteBoin(Boin(target=THIRTY, **sizes))
        case "decision_table":
            sizes["cohort_size"] = 3
            return DecisionTable(rows=ROWS, final="isotonic", target=THIRTY, **sizes)
        case "crm":
            stop_above = 0.9 if pick % 20 >= 10 else None
            return Crm(skeleton=SKELETON[:levels], target=0.25, stop_above=stop_above, **sizes)
        case "tite_crm":
            after = Fraction(1, 2) if pick % 20 >= 10 else Fraction(0)
            return TiteCrm(skeleton=SKELETON[:levels], target=0.25, escalate_after=after, **sizes)
        case _:
            made: Design = INTERVALS[kind](target=THIRTY, **sizes)
            return made
