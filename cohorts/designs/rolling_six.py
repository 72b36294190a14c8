"""The rolling six design: two to six subjects on a dose at once, decided with windows still open.

Skolnik et al. 2008 (10.1200/JCO.2007.12.7712); the decisions are the column "Rolling 6" of Table 2
in Frankel et al. 2020 (10.1001/jamanetworkopen.2020.4787). The variant `three_clear` escalates on
three evaluable without a DLT whatever is pending, as its column "IQ rolling 6" does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.sentences import counted

Variant = Literal["printed", "three_clear"]
Cell = Literal["STAY", "SUSPEND", "ESCALATE", "DE-ESCALATE"]

SIX: Final = 6
MOVES: Final = {
    "escalate": "escalate",
    "de_escalate": "de-escalate",
    "no_tolerable_dose": "no tolerable dose",
}


@dataclass(frozen=True, slots=True)
class RollingSix:
    """Rolling six; reserved subjects count as enrolled and pending.

    It ends with an MTD at the highest level that is not exceeded, once that level has five without
    a DLT, or six with at most one: at the top level, and below a level that two DLTs exceed. With
    fewer there it enrols up to six first. Down from the lowest level: no tolerable dose.

    Open windows: up to six subjects are on a level at once. A review is due with windows open where
    two have a DLT, or where the table escalates with one of six pending (`three_clear`: with up to
    three). Else it waits for them.
    """

    variant: Variant = "printed"

    @property
    def name(self) -> str:
        """`rolling six`."""
        return "rolling six"

    @property
    def fewest_at_mtd(self) -> int:
        """Five, all without a DLT."""
        return SIX - 1

    @property
    def limits(self) -> None:
        """None: six at a level, by what it is."""
        return None

    @property
    def reads_follow_up(self) -> bool:
        """No: it reads how many are pending, not for how long."""
        return False

    def decision(self, enrolled: int, dlts: int, pending: int) -> Cell:
        """The cell of the table; `enrolled` includes those pending. More than six count as six."""
        assert 0 <= dlts + pending <= enrolled
        if dlts >= 2:
            return "DE-ESCALATE"
        if self._escalates(enrolled, dlts, pending):
            return "ESCALATE"
        return "STAY" if enrolled < SIX else "SUSPEND"

    def _escalates(self, enrolled: int, dlts: int, pending: int) -> bool:
        if dlts == 1:
            return enrolled >= SIX and pending == 0
        if enrolled - pending < 3:
            return False
        return self.variant == "three_clear" or pending <= (1 if enrolled >= SIX else 0)

    def opening_target(self, levels: Sequence[LevelHistory], level: int) -> int:
        """Six."""
        return SIX

    def places(self, history: History) -> int:
        """Up to six at once; none at an exceeded level."""
        if self.stopped(history.levels, history.current):
            return 0
        return max(0, history.here.target - history.here.enrolled)

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Two DLTs at this level or at any lower one."""
        return any(each.dlts >= 2 for each in levels[: level + 1])

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Three evaluable without a DLT, or six with at most one."""
        here = levels[level]
        return here.evaluable >= (3 if here.dlts == 0 else SIX) and here.dlts <= 1

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Not exceeded, five evaluable without a DLT or six with one at most; all below hold."""
        enough = SIX - 1 if levels[level].dlts == 0 else SIX
        below = (at for at in range(level) if levels[at].target > 0)
        return (
            levels[level].evaluable >= enough
            and not self.stopped(levels, level)
            and all(self.allows_above(levels, at) for at in below)
        )

    def recommend(self, history: History) -> Recommendation | None:
        """The table's decision at the current level, or none where it stays or suspends."""
        levels, current, here = history.levels, history.current, history.here
        if self.stopped(levels, current):
            return self._down(levels, current)
        if here.evaluable == here.evaluable_before and here.enrolled < here.target:
            return None  # Kept open, or opened again, by a signature: for further subjects.
        if self._cell(here) != "ESCALATE":
            return None
        if current + 1 < len(levels) and not self.stopped(levels, current + 1):
            return Recommendation("escalate", current + 1)
        return Recommendation("mtd", current) if self.allows_mtd(levels, current) else None

    def explain(self, history: History) -> str:
        """The cell in words: "0 DLTs in 5 and 1 of 6 still open: escalate"."""
        here, advice = history.here, self.recommend(history)
        waits = here.enrolled - here.evaluable
        said = counted(here) + (f" and {waits} of {here.enrolled} still open" if waits else "")
        if advice is None and self._cell(here) == "SUSPEND":
            return f"{said}: wait for them"
        if advice is None:
            return f"{said}: stay, enrol up to six"
        lower = [each for each in range(history.current) if history.levels[each].dlts >= 2]
        if lower:
            said = f"{counted(history.levels[lower[0]])} at {history.named(lower[0])}"
        if advice.kind == "mtd":
            assert advice.level is not None
            return f"{said}: the end, MTD is {history.named(advice.level)}"
        return f"{said}: {MOVES[advice.kind]}"

    def _cell(self, here: LevelHistory) -> Cell:
        return self.decision(here.enrolled, here.dlts, here.enrolled - here.evaluable)

    def _down(self, levels: Sequence[LevelHistory], current: int) -> Recommendation:
        """To the highest level that is not exceeded: its MTD, or up to six there first."""
        below = next((j for j in range(current - 1, -1, -1) if not self.stopped(levels, j)), None)
        if below is None:
            return Recommendation("no_tolerable_dose", None)
        if self._cell(levels[below]) == "ESCALATE" and self.allows_mtd(levels, below):
            return Recommendation("mtd", below)
        return Recommendation("de_escalate", below)
