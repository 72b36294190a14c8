"""The 3+3 design in its three named variants: how many may enter, and what is recommended.

Sources: Storer 1989 (10.2307/2531693) for A, Korn 1994 (10.1002/sim.4780131802) for B; C asks for
six at the top dose too. Decisions are taken for every n, not only 3 and 6 (rules R4, R5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from cohorts.designs.design import History, LevelHistory, Recommendation

Variant = Literal["A", "B", "C"]

FEWEST_AT_MTD: Final[dict[Variant, int]] = {"A": 3, "B": 3, "C": 6}
"""The fewest evaluable subjects at the dose with which each variant may end (rules R5, R22)."""


class Counted(Protocol):
    """What the 3+3 reads of a level."""

    @property
    def evaluable(self) -> int: ...
    @property
    def dlts(self) -> int: ...
    @property
    def waits(self) -> bool: ...
    @property
    def enrolled(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ThreePlusThree:
    """The design as the decider and the simulator ask it; its answers are the functions below.

    Open windows: it waits. A review is due once nobody is pending or reserved at the open level;
    earlier only to go down, on the second DLT.
    """

    variant: Variant

    @property
    def name(self) -> str:
        return "3+3"

    @property
    def fewest_at_mtd(self) -> int:
        return FEWEST_AT_MTD[self.variant]

    @property
    def limits(self) -> None:
        return None

    @property
    def reads_follow_up(self) -> bool:
        return False

    def opening_target(self, levels: Sequence[LevelHistory], level: int) -> int:
        """6 where three are evaluable already, else 3 (R5)."""
        return 6 if levels[level].evaluable >= 3 else 3

    def places(self, history: History) -> int:
        if exceeded(history.levels, history.current):
            return 0
        return places(history.here, history.here.target)

    def recommend(self, history: History) -> Recommendation | None:
        return recommend(self.variant, history.levels, history.current, history.here.target)

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        return exceeded(levels, level)

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """At least three evaluable and no DLT, or at least six and at most one."""
        counts = levels[level]
        if counts.evaluable >= 6:
            return counts.dlts <= 1
        return counts.evaluable >= 3 and counts.dlts == 0

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """It and every level that was opened below it would let a higher one be opened."""
        held = [at for at in range(level) if levels[at].target > 0]
        return not exceeded(levels, level) and all(
            self.allows_above(levels, at) for at in (*held, level)
        )

    def explain(self, history: History) -> str:
        """Counts, the bound that they meet, and what follows."""
        here = history.here
        counts = f"{here.dlts} DLT{'' if here.dlts == 1 else 's'} in {here.evaluable}"
        advice = self.recommend(history)
        if exceeded(history.levels, history.current):
            where = "here" if here.dlts >= 2 else "at a lower level"
            assert advice is not None
            return f"{counts}; two or more DLTs {where} exceed the level: {_said(history, advice)}"
        if advice is not None:
            bound = "at most 1 in 6 or more" if here.evaluable >= 6 else "fewer than six evaluable"
            return f"{counts}, {bound}: {_said(history, advice)}"
        if here.waits:
            return f"{counts}, and {here.enrolled - here.evaluable} still open: wait"
        return f"{counts}: enrol up to {here.target}"


def _said(history: History, advice: Recommendation) -> str:
    """What is recommended, in words."""
    if advice.level is None:
        return "stop, no tolerable dose"
    level = history.named(advice.level)
    if advice.kind == "expand":
        return f"{(advice.target or 0) - history.here.evaluable} more here"
    if advice.kind == "mtd":
        return f"the end, MTD is {level}"
    return "escalate" if advice.kind == "escalate" else f"go down to {level}"


def exceeded(levels: Sequence[Counted], level: int) -> bool:
    """t >= 2 at this level or at any lower one."""
    return any(counts.dlts >= 2 for counts in levels[: level + 1])


def places(counts: Counted, target: int) -> int:
    """Free places of an open level that is neither exceeded nor under review."""
    return max(0, target - counts.enrolled)


def recommend(
    variant: Variant, levels: Sequence[Counted], current: int, target: int = 3
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


def _after_three(variant: Variant, levels: Sequence[Counted], current: int) -> Recommendation:
    if levels[current].dlts == 1:
        return Recommendation("expand", current, 6)
    if _untried_above(levels, current):
        return Recommendation("escalate", current + 1)
    top = current == len(levels) - 1
    if variant == "A" or (variant == "B" and top):
        return Recommendation("mtd", current)
    return Recommendation("expand", current, 6)


def _untried_above(levels: Sequence[Counted], current: int) -> bool:
    """A higher level exists that is not exceeded."""
    return current + 1 < len(levels) and not exceeded(levels, current + 1)


def _down(variant: Variant, levels: Sequence[Counted], current: int) -> Recommendation:
    """Go down to the next level that is not exceeded."""
    below = next((j for j in range(current - 1, -1, -1) if not exceeded(levels, j)), None)
    if below is None:
        return Recommendation("no_tolerable_dose", None)
    enough = 3 if variant == "A" else 6
    if levels[below].evaluable >= enough:
        return Recommendation("mtd", below)
    return Recommendation("de_escalate", below)
