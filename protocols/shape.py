"""The shape of a protocol file: closed and strict, so that a misspelt key cannot pass unseen."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from protocols.decimals import Positive
from protocols.design_tables import (
    DESIGN_TABLES,
    BoinTable,
    CrmTable,
    DecisionTableTable,
    DesignKey,
    IntervalTable,
    RollingSixTable,
    Table,
    TiteCrmTable,
)

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _identifier(value: Any) -> Any:
    if isinstance(value, str) and not IDENTIFIER.fullmatch(value):
        raise ValueError("an id has 1 to 64 letters, digits, dots, underscores, hyphens")
    return value


Identifier = Annotated[str, BeforeValidator(_identifier)]
Line = Annotated[str, Field(min_length=1, max_length=2000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Days = Annotated[int, Field(ge=1, le=3660)]


class MeasuredTable(Table):
    subjects_analysed: Count
    statistic: Line
    value: Positive
    unit: Line
    confidence_percent: Annotated[int, Field(ge=1, le=99)]
    low: Positive
    high: Positive


class OutcomeTable(Table):
    kind: Literal["primary", "secondary"]
    title: Line
    time_frame: str = ""
    description: str = ""
    measured: MeasuredTable | None = None


class RegistryTable(Table):
    lead: Line
    collaborators: list[Line]
    first_received_on: date
    ended_on: date
    status: Line
    design: Line
    arms: list[Line]
    phase1_purpose: Line
    phase2_purpose: Line
    source: Line


class DrugTable(Table):
    name: Line
    planned_doses: Count
    required_doses: Count


class DoseTable(Table):
    drug: Line
    amount: Positive
    unit: Line
    schedule: Line


class LevelTable(Table):
    id: Identifier
    doses: Annotated[list[DoseTable], Field(min_length=1)]


class BackfillTable(Table):
    max_per_level: Annotated[int, Field(ge=1, le=1000)]
    counts_for_escalation: bool


class PhaseOneTable(Table):
    design: DesignKey
    variant: Literal["A", "B", "C"] | None = None
    rolling_six: RollingSixTable | None = None
    boin: BoinTable | None = None
    tite_boin: BoinTable | None = None
    mtpi: IntervalTable | None = None
    mtpi2: IntervalTable | None = None
    keyboard: IntervalTable | None = None
    i3_plus_3: IntervalTable | None = None
    decision_table: DecisionTableTable | None = None
    crm: CrmTable | None = None
    tite_crm: TiteCrmTable | None = None
    backfill: BackfillTable | None = None
    start_level: Identifier
    dlt_window_days: Days
    cycle_days: Days | None = None
    stagger_days: Annotated[int, Field(ge=0, le=3660)] = 0
    rp2d_min_evaluable: Annotated[int, Field(ge=1, le=1000)]
    signatures_required: Annotated[int, Field(ge=1, le=10)] = 1
    drugs: Annotated[list[DrugTable], Field(min_length=1)]
    levels: Annotated[list[LevelTable], Field(min_length=1, max_length=30)]


class PhaseTwoTable(Table):
    number: Count
    counts_phase1: bool = False
    site_cap: Count | None = None


class AssignmentTable(Table):
    reservation_hours: Annotated[int, Field(ge=1, le=87_840)]
    reserve_on: Literal["eligible", "consented"] = "eligible"
    waitlist_order: Literal["first_come", "round_robin"] = "first_come"
    max_live_reservations_per_site: Count | None = None
    max_rescreens: Annotated[int, Field(ge=0, le=100)]
    screening_days: Days
    confirm_eligibility: bool = False


class ContactTable(Table):
    name: Line
    phone: Line | None = None
    email: Line | None = None
    text: Line | None = None


class ContactsTable(Table):
    medical_monitor: ContactTable


class SiteTable(Table):
    id: Identifier
    name: Line


class ProtocolFile(BaseModel):
    """The whole file. Criteria stay raw here: `eligibility.criteria` knows their families."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: Identifier
    version: Annotated[str, Field(min_length=1, max_length=64)]
    title: Line
    time_zone: Line
    registry: RegistryTable | None = None
    outcomes: list[OutcomeTable] = []
    phase1: PhaseOneTable
    phase2: PhaseTwoTable
    assignment: AssignmentTable
    contacts: ContactsTable | None = None
    sites: Annotated[list[SiteTable], Field(min_length=1, max_length=2000)]
    criteria: list[dict[str, Any]]


TABLES: dict[str, type[BaseModel]] = {
    "": ProtocolFile,
    "registry": RegistryTable,
    "outcomes": OutcomeTable,
    "outcomes.measured": MeasuredTable,
    "phase1": PhaseOneTable,
    **{f"phase1.{key}": table for key, table in DESIGN_TABLES.items()},
    "phase1.backfill": BackfillTable,
    "phase1.drugs": DrugTable,
    "phase1.levels": LevelTable,
    "phase1.levels.doses": DoseTable,
    "phase2": PhaseTwoTable,
    "assignment": AssignmentTable,
    "contacts": ContactsTable,
    "contacts.medical_monitor": ContactTable,
    "sites": SiteTable,
}
"""Table by its path without indexes: the keys that are known there."""
