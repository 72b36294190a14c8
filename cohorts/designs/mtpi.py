"""The modified toxicity probability interval design, mTPI: Ji et al. 2010.

Clinical Trials 7:653 (10.1177/1740774510382799). Of three intervals, under, about and over the
target, the one with the largest unit probability mass (posterior probability over length) decides.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from cohorts.designs.by_interval import ByInterval
from cohorts.designs.intervals import Interval, strongest
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class MTpi(ByInterval):
    """mTPI with a uniform prior and the interval `target - epsilon1` to `target + epsilon2`.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    called: ClassVar[str] = "mTPI"
    unit: ClassVar[str] = "unit probability mass largest "

    def letter(self, interval: Interval, evaluable: int, dlts: int) -> Letter:
        """The interval with the largest unit probability mass; of two as large the higher."""
        below, above = (Fraction(0), interval.low), (interval.high, Fraction(1))
        return strongest([below], (interval.low, interval.high), [above], evaluable, dlts)
