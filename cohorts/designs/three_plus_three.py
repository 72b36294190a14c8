"""The 3+3 design in its three named variants: how many may enter, and what is recommended.

Sources: Storer 1989 (10.2307/2531693) for A, Korn 1994 (10.1002/sim.4780131802) for B; C asks for
six at the top dose too. Decisions are taken for every n, not only 3 and 6 (rules R4, R5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Variant = Literal["A", "B", "C"]
Kind = Literal["expand", "escalate", "de_escalate", "mtd", "no_tolerable_dose"]

FEWEST_AT_MTD: Final[dict[Variant, int]] = {"A": 3, "B": 3, "C": 6}
"""The fewest evaluable subjects at the dose with which each variant may end (rules R5, R22)."""


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


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the design asks for; `level` is an index into the levels, none for no tolerable dose."""

    kind: Kind
    level: int | None


def exceeded(levels: Sequence[LevelCounts], level: int) -> bool:
    """t >= 2 at this level or at any lower one."""
    return any(counts.dlts >= 2 for counts in levels[: level + 1])


def places(counts: LevelCounts, target: int) -> int:
    """Free places of an open level that is neither exceeded nor under review."""
    return max(0, target - counts.evaluable - counts.pending - counts.reserved)


def recommend(
    variant: Variant, levels: Sequence[LevelCounts], current: int, target: int = 3
) -> Recommendation | None:
    """The recommendation at the current level, or none while its outcomes are not complete.

    `target` is the level's own: a signed STAY raises it to 6, and then nothing is due before n = 6.
    """
    if exceeded(levels, current):
        return _down(variant, levels, current)
    counts = levels[current]
    if counts.waits or counts.evaluable < 3:
        return None
    if target >= 6 and counts.evaluable < 6:
        return None
    if counts.evaluable < 6:
        return _after_three(variant, levels, current)
    if _untried_above(levels, current):
        return Recommendation("escalate", current + 1)
    return Recommendation("mtd", current)


def _after_three(variant: Variant, levels: Sequence[LevelCounts], current: int) -> Recommendation:
    if levels[current].dlts == 1:
        return Recommendation("expand", current)
    if _untried_above(levels, current):
        return Recommendation("escalate", current + 1)
    top = current == len(levels) - 1
    if variant == "A" or (variant == "B" and top):
        return Recommendation("mtd", current)
    return Recommendation("expand", current)


def _untried_above(levels: Sequence[LevelCounts], current: int) -> bool:
    """A higher level exists that is not exceeded."""
    return current + 1 < len(levels) and not exceeded(levels, current + 1)


def _down(variant: Variant, levels: Sequence[LevelCounts], current: int) -> Recommendation:
    """Go down to the next level that is not exceeded."""
    below = next((j for j in range(current - 1, -1, -1) if not exceeded(levels, j)), None)
    if below is None:
        return Recommendation("no_tolerable_dose", None)
    enough = 3 if variant == "A" else 6
    if levels[below].evaluable >= enough:
        return Recommendation("mtd", below)
    return Recommendation("de_escalate", below)
