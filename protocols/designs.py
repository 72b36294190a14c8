"""Escalation designs from their tables of the protocol file, and back."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.parameters import fields_of
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.skeleton import skeleton
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm
from protocols.design_tables import CrmTable, DecisionTableTable, RollingSixTable, Table
from protocols.shape import PhaseOneTable

CLASSES: Final[dict[str, type[Any]]] = {
    "3+3": ThreePlusThree,
    "rolling_six": RollingSix,
    "boin": Boin,
    "tite_boin": TiteBoin,
    "mtpi": MTpi,
    "mtpi2": MTpi2,
    "keyboard": Keyboard,
    "i3_plus_3": I3Plus3,
    "decision_table": DecisionTable,
    "crm": Crm,
    "tite_crm": TiteCrm,
}
"""By the key of `[phase1] design`, which is also the name of the design's table."""


def key_of(design: Design) -> str:
    """The key under which a protocol file names this design."""
    return next(key for key, of in CLASSES.items() if type(design) is of)


def design_of(phase1: PhaseOneTable) -> Design:
    """The design that a sound `[phase1]` names.

    Raises ValueError or AssertionError where its parameters contradict one another.
    """
    key = phase1.design
    if key == "3+3":
        assert phase1.variant is not None
        return ThreePlusThree(phase1.variant)
    if key == "rolling_six":
        return RollingSix((phase1.rolling_six or RollingSixTable()).variant)
    table: Table | None = getattr(phase1, key)
    assert table is not None
    if isinstance(table, CrmTable):
        return _crm(table, [level.id for level in phase1.levels])
    if key == "tite_boin":
        return TiteBoin(Boin(**_parameters(table)))
    made: Design = CLASSES[key](**_parameters(table))
    return made


def _parameters(table: Table) -> dict[str, Any]:
    """Decimals become fractions; what is left out keeps the design's own default."""
    given = table.model_dump(exclude={"illustrative", "rows"})
    if isinstance(table, DecisionTableTable):
        rows = sorted((int(number), letters) for number, letters in table.rows.items())
        given["rows"] = tuple(rows)
    return {name: _exact(value) for name, value in given.items()}


def _exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def _crm(table: CrmTable, level_ids: list[str]) -> Design:
    """The CRM reckons in floating point; its variance is turned into a standard deviation."""
    skip = {"illustrative", "skeleton", "halfwidth", "prior_mtd", "prior_variance"}
    given = table.model_dump(exclude=skip)
    after = given.pop("escalate_after", None)
    plain: dict[str, Any] = {
        key: float(value) if isinstance(value, Decimal) else value for key, value in given.items()
    }
    plain["prior_sd"] = math.sqrt(float(table.prior_variance))
    plain["skeleton"] = skeleton_of(table, level_ids)
    if after is None:
        return Crm(**plain)
    return TiteCrm(**plain, escalate_after=Fraction(after))


def skeleton_of(table: CrmTable, level_ids: list[str]) -> tuple[float, ...]:
    """The skeleton as given, or by its indifference interval."""
    if table.skeleton is not None:
        return tuple(float(value) for value in table.skeleton)
    assert table.halfwidth is not None
    assert table.prior_mtd is not None
    return skeleton(
        target=float(table.target),
        halfwidth=float(table.halfwidth),
        prior_mtd=level_ids.index(table.prior_mtd) + 1,
        levels=len(level_ids),
        model=table.model,
        a0=float(table.a0),
    )


def parameters_in(design: Design) -> dict[str, Any]:
    """The keys and values that the design's table would hold; what is none is left out."""
    found = fields_of(design)
    if "prior_sd" in found:
        found["prior_variance"] = round(found.pop("prior_sd") ** 2, 9)
    return {name: value for name, value in found.items() if value is not None}
