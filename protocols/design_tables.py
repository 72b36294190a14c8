"""The tables `[phase1.boin]`, `[phase1.crm]` and so on: each escalation design's parameters."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from protocols.decimals import Cutoff, Part, Positive, Rate

Subjects = Annotated[int, Field(ge=1, le=1000)]
DesignKey = Literal[
    "3+3",
    "rolling_six",
    "boin",
    "tite_boin",
    "mtpi",
    "mtpi2",
    "keyboard",
    "i3_plus_3",
    "decision_table",
    "crm",
    "tite_crm",
]


Number = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")]
Letters = Annotated[str, Field(pattern=r"^[ESDU]{2,1001}$")]


class Table(BaseModel):
    """A table of the file. `illustrative` marks values that are not in the public record."""

    model_config = ConfigDict(extra="forbid", strict=True)
    illustrative: bool = False


class RollingSixTable(Table):
    variant: Literal["printed", "three_clear"] = "printed"


class Sizes(Table):
    """Cohorts, and two limits that count evaluable, pending and reserved subjects."""

    cohort_size: Subjects = 3
    max_subjects: Subjects
    max_per_level: Subjects


class BoinTable(Sizes):
    target: Rate
    phi1: Rate | None = None
    phi2: Rate | None = None
    elimination_cutoff: Cutoff = Decimal("0.95")
    elimination_min_evaluable: Subjects = 3
    extra_safe: bool = False
    offset: Rate = Decimal("0.05")
    bound_mtd: bool = False


class IntervalTable(Sizes):
    """mTPI, mTPI-2, the keyboard and i3+3."""

    target: Rate
    epsilon1: Rate = Decimal("0.05")
    epsilon2: Rate = Decimal("0.05")
    elimination_cutoff: Cutoff = Decimal("0.95")
    elimination_min_evaluable: Subjects = 3


class DecisionTableTable(Sizes):
    """`rows` has a key for each number evaluable: `3 = "ESDU"`, letter k for k - 1 DLTs."""

    final: Literal["isotonic", "highest_tolerated"]
    target: Rate | None = None
    rows: Annotated[dict[Number, Letters], Field(min_length=1, max_length=100)]


class CrmTable(Sizes):
    """The skeleton as it is, or by `halfwidth` and `prior_mtd`, the id of a level."""

    target: Rate
    skeleton: Annotated[list[Rate], Field(min_length=1, max_length=30)] | None = None
    halfwidth: Rate | None = None
    prior_mtd: str | None = None
    model: Literal["empiric", "logistic"] = "empiric"
    prior_variance: Positive = Decimal("1.34")
    a0: Positive = Decimal(3)
    estimate: Literal["plug_in", "posterior_mean"] = "plug_in"
    no_skip: bool = True
    coherent: bool = True
    stop_above: Rate | None = None


class TiteCrmTable(CrmTable):
    escalate_after: Part = Decimal(0)


DESIGN_TABLES: Final[dict[str, type[Table]]] = {
    "rolling_six": RollingSixTable,
    "boin": BoinTable,
    "tite_boin": BoinTable,
    "mtpi": IntervalTable,
    "mtpi2": IntervalTable,
    "keyboard": IntervalTable,
    "i3_plus_3": IntervalTable,
    "decision_table": DecisionTableTable,
    "crm": CrmTable,
    "tite_crm": TiteCrmTable,
}
"""The table of each design but the 3+3, whose one parameter stands in `[phase1]`."""


def given_tables(phase1: Any) -> dict[str, Table]:
    """Those of a `[phase1]` that the file has, by the design's key."""
    found = {key: getattr(phase1, key) for key in DESIGN_TABLES}
    return {key: table for key, table in found.items() if table is not None}
