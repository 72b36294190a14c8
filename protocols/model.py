"""A trial's protocol as frozen data, after it was parsed and found sound."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from cohorts.designs.design import Design
from cohorts.levels import DoseLevel
from eligibility.criteria import Criteria


@dataclass(frozen=True, slots=True)
class Drug:
    """A study drug and the doses of it that a subject needs in the DLT window to be evaluable."""

    name: str
    required_doses: int
    planned_doses: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What the record reports as measured, with its confidence interval."""

    subjects_analysed: int
    statistic: str
    value: Decimal
    unit: str
    confidence_percent: int
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome of the trial's public record, kept as plain data."""

    title: str
    kind: Literal["primary", "secondary"]
    time_frame: str
    """Empty where the record's time frame was not found."""
    description: str = ""
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """What the public record says of the trial besides criteria and outcomes."""

    lead: str
    collaborators: tuple[str, ...]
    first_received_on: date
    ended_on: date
    status: str
    design: str
    arms: tuple[str, ...]
    phase1_purpose: str
    phase2_purpose: str
    source: str


@dataclass(frozen=True, slots=True)
class Site:
    site_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Backfill:
    """Further subjects at a cleared level below the open one, while that has no place.

    `max_per_level` is the most there altogether; their outcomes count for escalation, or do not.
    """

    max_per_level: int
    counts_for_escalation: bool


@dataclass(frozen=True, slots=True)
class PhaseOne:
    """How the dose is escalated. `levels` are in ascending order; `start_level` is an id of one."""

    design: Design
    levels: tuple[DoseLevel, ...]
    start_level: str
    drugs: tuple[Drug, ...]
    dlt_window_days: int
    stagger_days: int
    rp2d_min_evaluable: int
    signatures_required: int
    cycle_days: int | None = None
    """Length of a treatment cycle, where it is known; the DLT window need not be one."""
    backfill: Backfill | None = None


@dataclass(frozen=True, slots=True)
class PhaseTwo:
    """How many subjects Phase II takes; `site_cap` counts reserved + dosed (rules R21)."""

    number: int
    counts_phase1: bool
    site_cap: int | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """How places are held and handed out."""

    reservation_hours: int
    reserve_on: Literal["eligible", "consented"]
    waitlist_order: Literal["first_come", "round_robin"]
    max_live_reservations_per_site: int | None
    max_rescreens: int
    screening_days: int
    confirm_eligibility: bool = False
    """An investigator's signature on the verdict is asked for before the first dose."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask. At least one of telephone, e-mail and text is there."""

    name: str
    phone: str | None = None
    email: str | None = None
    text: str | None = None
    """Anything else that helps to reach them, such as hours."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a trial's protocol; `digest` is the SHA-256 of `text` in UTF-8."""

    protocol_id: str
    version: str
    title: str
    time_zone: ZoneInfo
    phase1: PhaseOne
    phase2: PhaseTwo
    assignment: Assignment
    sites: tuple[Site, ...]
    criteria: Criteria
    outcomes: tuple[Outcome, ...]
    illustrative: tuple[str, ...]
    """The tables of the file marked `illustrative = true`: not from the public record."""
    text: str
    digest: str
    registry: Registry | None = None
    medical_monitor: Contact | None = None
    """Whom a site asks about a refusal."""

    @property
    def site_ids(self) -> tuple[str, ...]:
        return tuple(site.site_id for site in self.sites)

    def local_date(self, at: datetime) -> date:
        """The calendar date of an instant in the trial's time zone (rules R1)."""
        return at.astimezone(self.time_zone).date()

    def midnight(self, on: date) -> datetime:
        """00:00 of a date in the trial's time zone."""
        return datetime.combine(on, time(0), tzinfo=self.time_zone)
