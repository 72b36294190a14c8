"""The modified toxicity probability interval design, mTPI: Ji et al. 2010.

Clinical Trials 7:653 (10.1177/1740774510382799). Of three intervals, under, about and over the
target, the one with the largest unit probability mass (posterior probability over length) decides.
"""

from dataclasses import dataclass
from fractions import Fraction

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.intervals import (
    Elimination,
    Interval,
    how_probable,
    strongest,
)
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class MTpi(ByCounts):
    """mTPI with a uniform prior and the interval `target - epsilon1` to `target + epsilon2`."""

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
        """`mTPI`."""
        return "mTPI"

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        if self._elimination.of(self.target, evaluable, dlts):
            return "U"
        return _letter(self._interval, evaluable, dlts)

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target."""
        return self.target, None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Where the unit probability mass is largest, or the probability that eliminates."""
        found = self.decision(evaluable, dlts)
        if found == "U":
            return how_probable(self.target, evaluable, dlts)
        where = {"E": "below", "S": "within", "D": "above"}[found]
        return f"unit probability mass largest {where} {self._interval}"

    @property
    def _interval(self) -> Interval:
        return Interval(self.target, self.epsilon1, self.epsilon2)

    @property
    def _elimination(self) -> Elimination:
        return Elimination(self.elimination_cutoff, self.elimination_min_evaluable)


def _letter(interval: Interval, evaluable: int, dlts: int) -> Letter:
    """The interval with the largest unit probability mass; of two as large the higher."""
    below, above = (Fraction(0), interval.low), (interval.high, Fraction(1))
    return strongest([below], (interval.low, interval.high), [above], evaluable, dlts)
