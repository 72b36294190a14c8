"""How prior chemotherapy is counted: named parameters of the protocol, for there is no standard."""

from dataclasses import dataclass
from typing import Final, Literal, Self, get_args

from eligibility.criteria.table import Table
from eligibility.drug_names import normal
from eligibility.form_history import AgentClass

Silent = Literal["review", "count", "ignore"]
"""What to do where the protocol says nothing: a person decides, count it, or leave it out."""

SILENT: Final[tuple[Silent, ...]] = ("review", "count", "ignore")
Index = Literal["last_dose_to_relapse", "last_dose_to_registration"]
Surgery = Literal["review", "adjuvant", "metastatic"]


@dataclass(frozen=True, slots=True)
class CountingRules:
    """The defaults are those of the shipped protocol; none of them is in the public record."""

    counted_classes: frozenset[str] = frozenset({"cytotoxic"})
    neoadjuvant_and_adjuvant_as_one: bool = True
    rechallenge_as_same: bool = True
    maintenance_as_same: bool = True
    toxicity_swaps: tuple[frozenset[str], ...] = ()
    """Sets of agents that may replace each other for toxicity without a new line."""
    sequence_gap_days: int = 120
    """Two adjuvant courses closer than this may be one planned sequence: the site must say."""
    promote_months: int | None = None
    promote_inclusive: bool = True
    promote_index: Index = "last_dose_to_relapse"
    other_cancer: Silent = "review"
    second_breast_primary: Silent = "review"
    inoperable_neoadjuvant: Surgery = "review"
    locoregional: Literal["review", "by_surgery"] = "review"
    """`by_surgery`: after breast conservation adjuvant, after mastectomy metastatic."""
    oligometastatic_curative: Surgery = "review"

    @classmethod
    def parse(cls, table: Table) -> Self:
        classes = table.names("counted_classes", ("cytotoxic",))
        for name in classes:
            if name not in get_args(AgentClass):
                known = ", ".join(get_args(AgentClass))
                raise table.error("counted_classes", f"unknown class `{name}`", f"one of {known}")
        surgery: tuple[Surgery, ...] = ("review", "adjuvant", "metastatic")
        index: tuple[Index, ...] = ("last_dose_to_relapse", "last_dose_to_registration")
        return cls(
            frozenset(classes),
            table.flag("neoadjuvant_and_adjuvant_as_one", True),
            table.flag("rechallenge_as_same", True),
            table.flag("maintenance_as_same", True),
            _swaps(table),
            table.whole("sequence_gap_days", 120),
            _months(table),
            table.flag("promote_inclusive", True),
            table.choice("promote_index", index, "last_dose_to_relapse"),
            table.choice("other_cancer", SILENT, "review"),
            table.choice("second_breast_primary", SILENT, "review"),
            table.choice("inoperable_neoadjuvant", surgery, "review"),
            table.choice("locoregional", ("review", "by_surgery"), "review"),
            table.choice("oligometastatic_curative", surgery, "review"),
        )


def _months(table: Table) -> int | None:
    """`"none"`, or left out: an early relapse promotes nothing."""
    key = "promote_adjuvant_if_relapse_within_months"
    return None if table.says(key, "none") else table.maybe_whole(key, most=1200)


def _swaps(table: Table) -> tuple[frozenset[str], ...]:
    """`["paclitaxel = nab-paclitaxel"]`: agents joined by equals signs."""
    swaps = []
    for written in table.names("toxicity_swaps", ()):
        agents = frozenset(normal(agent) for agent in written.split("="))
        if len(agents) < 2 or "" in agents:
            raise table.error("toxicity_swaps", f"`{written}` is no swap", 'write "one = other"')
        swaps.append(agents)
    return tuple(swaps)
