"""What every escalation design is asked, and what it answers (rules, "Other designs").

A design is a pure function of every level's history. It is asked two questions, how many may enter
now and what is recommended, and others that follow from them: is a level stopped, do its counts
still allow what rests on it, and why. The same object answers live and in the simulator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol

Kind = Literal["expand", "escalate", "de_escalate", "mtd", "no_tolerable_dose"]


@dataclass(frozen=True, slots=True)
class LevelHistory:
    """One level as it stands at a stated instant (rules R3).

    `evaluable` is n = cleared + DLT, `dlts` is t. `pending` holds one fraction for each dosed
    subject without a confirmed outcome: the part of its DLT window that has passed, from 0 to 1; 1
    where the window has ended and nobody has confirmed. `reserved` counts places reserved and held.
    `target` is up to how many may be here (n + pending + reserved) by what was opened; 0 before a
    first opening. `evaluable_before` and `dlts_before` are the counts as the newest cohort began.
    """

    evaluable: int = 0
    dlts: int = 0
    pending: tuple[Fraction, ...] = ()
    reserved: int = 0
    target: int = 0
    evaluable_before: int = 0
    dlts_before: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.dlts <= self.evaluable
        assert all(0 <= part <= 1 for part in self.pending)
        assert self.reserved >= 0
        assert self.target >= 0

    @property
    def treated(self) -> int:
        """Who counts or may still count: evaluable and pending."""
        return self.evaluable + len(self.pending)

    @property
    def enrolled(self) -> int:
        """Who is here or may still come: evaluable, pending, reserved."""
        return self.treated + self.reserved

    @property
    def waits(self) -> bool:
        """Somebody at this level may still change its counts."""
        return bool(self.pending or self.reserved)


@dataclass(frozen=True, slots=True)
class History:
    """Every level in ascending order; `current` is the open one, or the MTD that is in question.

    `names` are the ids by which people know the levels, for what a design says; it decides nothing.
    """

    levels: tuple[LevelHistory, ...]
    current: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert 0 <= self.current < len(self.levels)
        assert len(self.names) in (0, len(self.levels))

    @property
    def here(self) -> LevelHistory:
        """The current level."""
        return self.levels[self.current]

    def named(self, level: int) -> str:
        """A level by its id; where none is given, counted from 1 as people do: `level 2`."""
        return self.names[level] if self.names else f"level {level + 1}"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the design asks for; `level` is an index into the levels, none for no tolerable dose.

    `expand` keeps the current level open and needs no signature (rules R6): `target` is then how
    many may be there altogether. For every other kind `target` is none.
    """

    kind: Kind
    level: int | None
    target: int | None = None


class Limits(NamedTuple):
    """The most subjects that a design treats: at one level, and in the trial."""

    per_level: int
    in_all: int


class Design(Protocol):
    """An escalation design with its parameters: frozen, compared by value, the same for ever."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str:
        """As printed to people and written in protocol files: `3+3`, `BOIN`, `CRM`."""
        ...

    @property
    def fewest_at_mtd(self) -> int:
        """The fewest evaluable subjects at a dose with which it may end (rules R5, R22)."""
        ...

    @property
    def limits(self) -> Limits | None:
        """Its `max_per_level` and `max_subjects`, or none; an amendment may lower them (R9)."""
        ...

    @property
    def reads_follow_up(self) -> bool:
        """Its answers may change as time passes while windows are open (TITE designs).

        Only such a design, and rolling six by its table, may recommend an escalation while windows
        are open (rules R7).
        """
        ...

    def opening_target(self, levels: Sequence[LevelHistory], level: int) -> int:
        """The target of a level that is opened, or opened again, now."""
        ...

    def places(self, history: History) -> int:
        """How many more may enter the current level now, if no review is due there; never below 0.

        0 where the level is stopped. Stagger, suspension and reviews are not the design's business.
        """
        ...

    def recommend(self, history: History) -> Recommendation | None:
        """What is recommended at the current level, or none while outcomes must be waited for."""
        ...

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Nobody may enter this level, were it open.

        It, or one below, is eliminated or exceeded, or the design would go down from it whatever
        the pending outcomes turn out to be.
        """
        ...

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """The counts of this tried level still allow that a higher one is open (rules R10)."""
        ...

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """The counts still allow that this level was declared the MTD (rules R10, R22)."""
        ...

    def explain(self, history: History) -> str:
        """One sentence that says why: "1 DLT in 6, at or under 0.236: escalate"."""
        ...
