"""The i3+3 design: Liu, Wang and Ji 2020.

Journal of Biopharmaceutical Statistics 30:294 (10.1080/10543406.2019.1636811). The rate t/n below
the interval escalates, within it stays. Above it, stay if one DLT fewer would be below it, else
de-escalate. There is no posterior but for the elimination.
"""

from dataclasses import dataclass
from fractions import Fraction

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.intervals import (
    Elimination,
    Interval,
    how_probable,
)
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class I3Plus3(ByCounts):
    """i3+3 with the interval `target - epsilon1` to `target + epsilon2`, ends included."""

    target: Fraction
    epsilon1: Fraction = Fraction(5, 100)
    epsilon2: Fraction = Fraction(5, 100)
    elimination_cutoff: Fraction = Fraction(95, 100)
    elimination_min_evaluable: int = 3

    def __post_init__(self) -> None:
        self._check_sizes()
        assert self._interval.low <= self._interval.high
        assert self._elimination.min_evaluable >= 1

    @property
    def name(self) -> str:
        """`i3+3`."""
        return "i3+3"

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        if self._elimination.of(self.target, evaluable, dlts):
            return "U"
        return _letter(self._interval, evaluable, dlts)

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target."""
        return self.target, None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Where the rate lies, or the probability that eliminates."""
        found = self.decision(evaluable, dlts)
        if found == "U":
            return how_probable(self.target, evaluable, dlts)
        if found == "S" and Fraction(dlts, evaluable) > self._interval.high:
            return f"above {self._interval}, one DLT fewer would be below"
        where = {"E": "below", "S": "within", "D": "above"}[found]
        return f"{where} {self._interval}"

    @property
    def _interval(self) -> Interval:
        return Interval(self.target, self.epsilon1, self.epsilon2)

    @property
    def _elimination(self) -> Elimination:
        return Elimination(self.elimination_cutoff, self.elimination_min_evaluable)


def _letter(interval: Interval, evaluable: int, dlts: int) -> Letter:
    """The rate against the interval, compared as rationals."""
    rate, one_fewer = Fraction(dlts, evaluable), Fraction(dlts - 1, evaluable)
    if rate <= interval.high:
        return "E" if rate < interval.low else "S"
    return "S" if one_fewer < interval.low else "D"
