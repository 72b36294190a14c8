"""What the designs with an interval about the target share: it, elimination, and how they end."""

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.intervals import Elimination, Interval, how_probable
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class ByInterval(ByCounts):
    """The interval is `target - epsilon1` to `target + epsilon2`; the prior is uniform.

    A child says its `called` name and its letter for counts that are not eliminated.
    """

    called: ClassVar[str]
    unit: ClassVar[str]
    """What lies below, within or above the interval, in a sentence."""
    may_be_a_point: ClassVar[bool] = False
    """The interval may be the target alone: nothing is divided by its length."""

    target: Fraction
    epsilon1: Fraction = Fraction(5, 100)
    epsilon2: Fraction = Fraction(5, 100)
    elimination_cutoff: Fraction = Fraction(95, 100)
    elimination_min_evaluable: int = 3

    def __post_init__(self) -> None:
        self._check_sizes()
        low, high = self._interval.low, self._interval.high
        assert low < high or (low == high and self.may_be_a_point)
        assert self._elimination.min_evaluable >= 1

    @property
    def name(self) -> str:
        """As printed to people and written in protocol files."""
        return self.called

    @abstractmethod
    def letter(self, interval: Interval, evaluable: int, dlts: int) -> Letter:
        """The decision where the level is not eliminated."""

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        if self._elimination.of(self.target, evaluable, dlts):
            return "U"
        return self.letter(self._interval, evaluable, dlts)

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target."""
        return self.target, None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """Where what decides lies, or the probability that eliminates."""
        found = self.decision(evaluable, dlts)
        if found == "U":
            return how_probable(self.target, evaluable, dlts)
        return self.grounds(found, evaluable, dlts)

    def grounds(self, found: Letter, evaluable: int, dlts: int) -> str:
        """The same where nothing is eliminated."""
        where = {"E": "below", "S": "within", "D": "above"}[found]
        return f"{self.unit}{where} {self._interval}"

    @property
    def _interval(self) -> Interval:
        return Interval(self.target, self.epsilon1, self.epsilon2)

    @property
    def _elimination(self) -> Elimination:
        return Elimination(self.elimination_cutoff, self.elimination_min_evaluable)
