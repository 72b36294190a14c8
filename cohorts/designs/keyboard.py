"""The keyboard design: Yan, Mandrekar and Yuan 2017.

Clinical Cancer Research 23:3994 (10.1158/1078-0432.CCR-17-0220). Keys as long as the target key
lie on both sides of it; the strongest key of the posterior decides. What is left over at 0 and 1 is
too short for a key and has no say.
"""

from dataclasses import dataclass
from fractions import Fraction

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.intervals import (
    Elimination,
    Interval,
    how_probable,
    pieces_above,
    pieces_below,
    strongest,
    whole,
)
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyboard(ByCounts):
    """The keyboard with a uniform prior; target key `target - epsilon1` to `target + epsilon2`."""

    target: Fraction
    epsilon1: Fraction = Fraction(5, 100)
    epsilon2: Fraction = Fraction(5, 100)
    elimination_cutoff: Fraction = Fraction(95, 100)
    elimination_min_evaluable: int = 3

    def __post_init__(self) -> None:
        self._check_sizes()
        assert self._interval.low < self._interval.high
        assert self._elimination.min_evaluable >= 1

    @property
    def name(self) -> str:
        """`keyboard`."""
        return "keyboard"

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        if self._elimination.of(self.target, evaluable, dlts):
            return "U"
        return _letter(self._interval, evaluable, dlts)

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target."""
        return self.target, None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Where the strongest key lies, or the probability that eliminates."""
        found = self.decision(evaluable, dlts)
        if found == "U":
            return how_probable(self.target, evaluable, dlts)
        where = {"E": "below", "S": "within", "D": "above"}[found]
        return f"strongest key {where} {self._interval}"

    @property
    def _interval(self) -> Interval:
        return Interval(self.target, self.epsilon1, self.epsilon2)

    @property
    def _elimination(self) -> Elimination:
        return Elimination(self.elimination_cutoff, self.elimination_min_evaluable)


def _letter(interval: Interval, evaluable: int, dlts: int) -> Letter:
    """The key with the largest posterior mass; of two as large the higher."""
    below, above = whole(pieces_below(interval), interval), whole(pieces_above(interval), interval)
    return strongest(below, (interval.low, interval.high), above, evaluable, dlts)
