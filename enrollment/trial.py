"""The state of one trial, frozen: what `decide` reads and `evolve` writes anew.

Subjects live in a persistent map; counts are carried, so a decision costs the same at any size.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from immutables import Map

from cohorts.levels import DoseLevel, LevelCounts
from cohorts.numbers import Numbers
from cohorts.ordered import Ordered
from cohorts.slots import Slot
from eligibility.verdict import Settlement
from enrollment.events import Decision
from protocols.model import Protocol

NOBODY = LevelCounts()
EMPTY = Ordered()
NO_NUMBERS = Numbers()
Clock = Literal["real", "simulated"]
PhaseState = Literal["not_open", "open", "stopped", "closed"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place on the waitlist; `passed_over` until its form, the protocol or a finding changes."""

    phase: int
    order: int
    passed_over: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject. `form` is kept only while waiting, held or reserved; the log has it for ever."""

    subject_id: str
    site_id: str
    outcome: str | None = None
    """The latest verdict for the phase it was judged for; none before the first form."""
    completed_on: date | None = None
    """The date of the latest form: its registration."""
    form: bytes | None = None
    """As `keeping.kept` made it: far less than the parsed form takes; `judging` reads it."""
    forms: int = 0
    rescreens: int = 0
    phase2_met: bool = False
    """Met the Phase II criteria when it entered Phase I (rules R21)."""
    consented_on: date | None = None
    settlements: frozenset[Settlement] = frozenset()
    confirmed: str | None = None
    """The digest that an investigator signed (`confirming`); none once the form is another."""
    reviews: tuple[tuple[int, str, str], ...] = ()
    """Findings that need a person, as judged last: phase, criterion, digest of the inputs."""
    slot: Slot | None = None
    waiting: Waiting | None = None
    withdrawn_on: date | None = None
    died_on: date | None = None
    death_open: bool = False
    """A death in the window that nobody has adjudicated."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of Phase I: counts (R3), target, and who ever took drug there."""

    level_id: str
    counts: LevelCounts = NOBODY
    target: int = 3
    evaluable_before: int = 0
    """n and t as the newest cohort began: at the last opening or expansion."""
    dlts_before: int = 0
    backfilling: int = 0
    """Backfill that the counts leave out: reserved, pending, or not counted for escalation."""
    opened: bool = False
    stopped: bool = False
    stagger: bool = False
    """Offers one place only, until its first dose (R12)."""
    first_dose_on: date | None = None
    """The first dose of a freshly opened level: the others may not be dosed before + stagger."""
    first_dosed: str | None = None
    """Whose first dose that was."""
    dosed: tuple[str, ...] = ()
    reservations: tuple[str, ...] = ()
    """Subjects held or reserved here, in order of reservation."""


@dataclass(frozen=True, slots=True)
class Signature:
    by: str
    decision: Decision
    level_id: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """The cohort review that is due: its recommendation and the hash of the data it rests on."""

    level_id: str
    recommendation: Decision
    recommended_level_id: str | None
    data_hash: str
    as_of: date | None = None
    """The date of the follow-up that the hash covers, for designs that read it."""
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class PhaseTwoCounts:
    """Phase II places: used by dosed subjects for good, by reservations while they live."""

    reserved: int = 0
    dosed: int = 0
    reserved_at: Map[str, int] = field(default_factory=Map)
    dosed_at: Map[str, int] = field(default_factory=Map)


@dataclass(frozen=True)
class Trial:
    """Without slots: there is one for each trial, and every event copies it (`copying`)."""

    trial_id: str
    time: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    clock: Clock = "real"
    protocol: Protocol | None = None
    sites: Map[str, str] = field(default_factory=Map)
    """Site -> the protocol version that its ethics approval covers."""
    activated: bool = False
    suspended: bool = False
    deaths_open: int = 0
    levels: tuple[Level, ...] = ()
    open_level: int | None = None
    """Index of the level that takes subjects."""
    review: Review | None = None
    phase1: PhaseState = "not_open"
    phase2: PhaseState = "not_open"
    mtd: str | None = None
    rp2d: str | None = None
    no_tolerable_dose: bool = False
    subjects: Map[str, Subject] = field(default_factory=Map)
    phase2_counts: PhaseTwoCounts = field(default_factory=PhaseTwoCounts)
    live_at_site: Map[str, int] = field(default_factory=Map)
    """Undosed reservations per site, both phases."""
    queues: Map[tuple[int, str], Numbers] = field(default_factory=Map)
    """(phase, site) -> the orders of those who wait and were not passed over."""
    listed: tuple[Numbers, Numbers] = (NO_NUMBERS, NO_NUMBERS)
    """The orders of all who wait for Phase I and for Phase II, passed over or not."""
    by_order: Map[int, str] = field(default_factory=Map)
    """Whose place on the waitlist this order is."""
    passed_over: tuple[int, int] = (0, 0)
    """How many of these were passed over and wait for a new form."""
    orders: tuple[int, int] = (0, 0)
    """The smallest and the largest order given out on the waitlist."""
    last_reserved_site: str | None = None
    deadlines: Ordered = EMPTY
    """Reservations by expiry; entries that ended may linger below the top."""
    deadlines_set: int = 0
    slots: int = 0
    public_events: int = 0
    """How many public events have been stamped."""

    @property
    def waiting(self) -> tuple[int, int]:
        """How many wait for Phase I and for Phase II."""
        return self.listed[0].size, self.listed[1].size

    @property
    def in_force(self) -> Protocol:
        """The protocol in force; asked only once one is."""
        assert self.protocol is not None, "no protocol is in force"
        return self.protocol

    def dose_level(self, index: int) -> DoseLevel:
        return self.in_force.phase1.levels[index]

    def level_index(self, level_id: str) -> int:
        return next(i for i, level in enumerate(self.levels) if level.level_id == level_id)


def new_trial(trial_id: str) -> Trial:
    """A trial that nobody has adopted a protocol for."""
    return Trial(trial_id)
