"""The i3+3 design: Liu, Wang and Ji 2020.

Journal of Biopharmaceutical Statistics 30:294 (10.1080/10543406.2019.1636811). The rate t/n below
the interval escalates, within it stays. Above it, stay if one DLT fewer would be below it, else
de-escalate. There is no posterior but for the elimination.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from cohorts.designs.by_interval import ByInterval
from cohorts.designs.intervals import Interval
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class I3Plus3(ByInterval):
    """i3+3 with the interval `target - epsilon1` to `target + epsilon2`, ends included.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    called: ClassVar[str] = "i3+3"
    unit: ClassVar[str] = ""
    may_be_a_point: ClassVar[bool] = True

    def letter(self, interval: Interval, evaluable: int, dlts: int) -> Letter:
        """The rate against the interval, compared as rationals."""
        rate, one_fewer = Fraction(dlts, evaluable), Fraction(dlts - 1, evaluable)
        if rate <= interval.high:
            return "E" if rate < interval.low else "S"
        return "S" if one_fewer < interval.low else "D"

    def grounds(self, found: Letter, evaluable: int, dlts: int) -> str:
        """Where the rate lies; why it stays though it is above."""
        if found == "S" and Fraction(dlts, evaluable) > self._interval.high:
            return f"above {self._interval}, one DLT fewer would be below"
        return ByInterval.grounds(self, found, evaluable, dlts)
