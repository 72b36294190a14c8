"""What all designs have in common that decide by the counts of the current level alone.

Such a design is a table of letters over (evaluable, DLTs). This module holds what follows from it:
cohorts, places, when a decision is due, stops, and how the trial ends (rules, "Other designs").
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.in_cohorts import FEWEST_AT_MTD, InCohorts
from cohorts.designs.isotonic import closest_level
from cohorts.designs.letters import Letter
from cohorts.designs.sentences import explain_by_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCounts(InCohorts):
    """A design of cohorts that decides once nothing is pending or reserved, at any level.

    A level that would go down whatever its pending outcomes turn out to be is stopped at once.
    """

    cohort_size: int = 3
    max_subjects: int
    max_per_level: int
    _letters: dict[tuple[int, int, bool], Letter] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def _check_sizes(self) -> None:
        assert 1 <= self.cohort_size <= self.max_per_level <= self.max_subjects
        assert self.max_per_level >= FEWEST_AT_MTD

    @property
    @abstractmethod
    def name(self) -> str:
        """As printed to people and written in protocol files."""

    def decision(self, evaluable: int, dlts: int, *, lowest: bool = False) -> Letter:
        """The letter for these counts alone; at the lowest dose some designs eliminate earlier.

        At the lowest dose "D" means stay; only the caller knows of neighbours and of limits.
        """
        key = (evaluable, dlts, lowest)
        if key not in self._letters:
            assert 0 <= dlts <= evaluable
            assert evaluable > 0
            self._letters[key] = self._decide(evaluable, dlts, lowest)
        return self._letters[key]

    @abstractmethod
    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        """The letter, worked out; `decision` remembers it."""

    @property
    @abstractmethod
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None] | None:
        """Target and upper bound of the isotonic estimate; none if the MTD is chosen otherwise."""

    def select_mtd(self, levels: Sequence[LevelHistory]) -> int | None:
        """The MTD if the trial ended now: not eliminated, with `fewest_at_mtd` evaluable."""
        assert self.isotonic_rule is not None
        target, bound = self.isotonic_rule
        left = levels[: self.lowest_eliminated(levels)]
        return closest_level(left, target, self.fewest_at_mtd, bound)

    @abstractmethod
    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Which comparison gives the letter, in a few words: "at or under 0.236"."""

    @property
    def final_rule(self) -> str:
        """How the MTD is chosen at the end, in a few words."""
        return "by isotonic regression"

    def letter_at(self, levels: Sequence[LevelHistory], level: int) -> Letter | None:
        """The letter of a level's counts as they are; none before the first evaluable subject."""
        here = levels[level]
        if here.evaluable == 0:
            return None
        return self.decision(here.evaluable, here.dlts, lowest=level == 0)

    def eliminated(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """The counts of this level, or of one below, eliminate it."""
        return self.lowest_eliminated(levels[: level + 1]) is not None

    def lowest_eliminated(self, levels: Sequence[LevelHistory]) -> int | None:
        """The lowest dose that its counts eliminate: with it, all above are."""
        return next((i for i in range(len(levels)) if self.letter_at(levels, i) == "U"), None)

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Eliminated, or certain to go down.

        A cohort that was opened although its level could only go down again is filled first, as
        the published designs have it: there, a further DLT stops the level.
        """
        return self.eliminated(levels, level) or self.certain_to_go_down(levels, level)

    def certain_to_go_down(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Whatever the outcomes still open in its cohort turn out to be, it goes down."""
        here = levels[level]
        if here.evaluable == 0:
            return False
        if self.eliminated(levels, level):  # Nobody is added: only the open outcomes count.
            fewest, most = here.evaluable, here.treated
        elif here.treated < here.target and here.dlts == here.dlts_before:
            return False
        else:
            fewest = max(here.evaluable, here.target)
            most = max(here.enrolled, here.target)
        down = ("U",) if level == 0 else ("D", "U")
        return all(
            self.decision(evaluable, here.dlts, lowest=level == 0) in down
            for evaluable in range(fewest, most + 1)
        )

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """A cohort or more, and counts that would escalate from here now."""
        here = levels[level]
        enough = here.evaluable >= min(self.cohort_size, self.max_per_level)
        return (
            enough and not self.eliminated(levels, level) and self.letter_at(levels, level) == "E"
        )

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Three evaluable, and the final rule would choose this level or a higher one."""
        chosen = self.select_mtd(levels)
        enough = levels[level].evaluable >= self.fewest_at_mtd
        return chosen is not None and level <= chosen and enough

    def recommend(self, history: History) -> Recommendation | None:
        """By the letter of the current level, once its cohort is complete and nobody waits."""
        levels, current, here = history.levels, history.current, history.here
        eliminated = self.lowest_eliminated(levels[: current + 1])
        if eliminated is not None and eliminated < current:
            return self._down_from(levels, eliminated)
        if self.certain_to_go_down(levels, current):
            return self._down_from(levels, current)
        if any(level.waits for level in levels):
            return None
        if self.full(levels):
            return self._end(levels)
        if here.evaluable == 0 or here.evaluable < here.target:
            return None
        return self.after_letter(levels, current, self.letter_at(levels, current))

    def after_letter(
        self, levels: Sequence[LevelHistory], current: int, letter: Letter | None
    ) -> Recommendation | None:
        """What follows from a letter at the current level; none where the end waits for somebody.

        Up one level unless that is eliminated; down one; else stay. The end where there is no room.
        """
        above = current + 1
        if letter == "E" and above < len(levels) and not self.eliminated(levels, above):
            if self.has_room(levels, above):
                return Recommendation("escalate", above)
            return self._end(levels)
        if letter in ("D", "U") and current > 0:
            return self._down_from(levels, current)
        if self.has_room(levels, current):
            return Recommendation("expand", current, self.opening_target(levels, current))
        return self._end(levels)

    def _down_from(self, levels: Sequence[LevelHistory], level: int) -> Recommendation | None:
        """To the next lower dose; where none can be treated there, the end, once nobody waits."""
        if level == 0:
            return Recommendation("no_tolerable_dose", None)
        if self.has_room(levels, level - 1):
            return Recommendation("de_escalate", level - 1)
        return self._end(levels)

    def _end(self, levels: Sequence[LevelHistory]) -> Recommendation | None:
        """The MTD by the final rule of the design, once nobody waits."""
        if any(each.waits for each in levels):
            return None
        mtd = self.select_mtd(levels)
        if mtd is None:
            return Recommendation("no_tolerable_dose", None)
        return Recommendation("mtd", mtd)

    def explain(self, history: History) -> str:
        """One sentence that says why: "1 DLT in 6, at or under 0.236: escalate"."""
        return explain_by_counts(self, history)
