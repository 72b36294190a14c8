"""The second modified toxicity probability interval design, mTPI-2: Guo et al. 2017.

Contemporary Clinical Trials 58:23 (10.1016/j.cct.2017.04.006). As mTPI, but what lies outside the
interval is cut into pieces of its length first, so that a wide side does not lose by its width.
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
)
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class MTpi2(ByCounts):
    """mTPI-2 with a uniform prior; the short pieces at 0 and 1 are kept."""

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
        """`mTPI-2`."""
        return "mTPI-2"

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        if self._elimination.of(self.target, evaluable, dlts):
            return "U"
        return _letter(self._interval, evaluable, dlts)

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target."""
        return self.target, None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Where the strongest piece lies, or the probability that eliminates."""
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
    """The piece with the largest unit probability mass; of two as large the higher."""
    below, above = pieces_below(interval), pieces_above(interval)
    return strongest(below, (interval.low, interval.high), above, evaluable, dlts)
