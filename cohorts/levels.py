"""Dose levels: doses of each drug, whether their order makes sense, and who counts at a level."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class DrugDose:
    """One drug's dose at a level, for example 400 mg twice daily."""

    drug: str
    amount: Decimal
    unit: str
    schedule: str


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """A level has an id and an ordinal; each drug has its own dose."""

    level_id: str
    ordinal: int
    doses: tuple[DrugDose, ...]


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """One level's counts (rules R3): n = cleared + DLT, t = DLT, pending, reserved and held."""

    evaluable: int = 0
    dlts: int = 0
    pending: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.dlts <= self.evaluable
        assert self.pending >= 0
        assert self.reserved >= 0

    @property
    def waits(self) -> bool:
        """Somebody at this level may still change its counts."""
        return bool(self.pending or self.reserved)

    @property
    def enrolled(self) -> int:
        """Who is here or may still come: evaluable, pending, reserved."""
        return self.evaluable + self.pending + self.reserved


def rises(lower: DoseLevel, higher: DoseLevel) -> tuple[str, ...]:
    """The drugs whose dose rises from one level to the next; an order with none is an error."""
    before = {dose.drug: dose.amount for dose in lower.doses}
    return tuple(d.drug for d in higher.doses if d.amount > before.get(d.drug, Decimal(0)))


def falls(lower: DoseLevel, higher: DoseLevel) -> tuple[str, ...]:
    """The drugs whose dose falls from one level to the next; allowed, but doubtful."""
    after = {dose.drug: dose.amount for dose in higher.doses}
    return tuple(d.drug for d in lower.doses if after.get(d.drug, Decimal(0)) < d.amount)


def steps(levels: Sequence[DoseLevel]) -> tuple[tuple[DoseLevel, DoseLevel], ...]:
    """Neighbouring levels in ascending order."""
    return tuple(pairwise(levels))
