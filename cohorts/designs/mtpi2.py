"""The second modified toxicity probability interval design, mTPI-2: Guo et al. 2017.

Contemporary Clinical Trials 58:23 (10.1016/j.cct.2017.04.006). As mTPI, but what lies outside the
interval is cut into pieces of its length first, so that a wide side does not lose by its width.
"""

from dataclasses import dataclass
from typing import ClassVar

from cohorts.designs.by_interval import ByInterval
from cohorts.designs.intervals import Interval, pieces_above, pieces_below, strongest
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class MTpi2(ByInterval):
    """mTPI-2 with a uniform prior; the short pieces at 0 and 1 are kept.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    called: ClassVar[str] = "mTPI-2"
    unit: ClassVar[str] = "unit probability mass largest "

    def letter(self, interval: Interval, evaluable: int, dlts: int) -> Letter:
        """The piece with the largest unit probability mass; of two as large the higher."""
        below, above = pieces_below(interval), pieces_above(interval)
        return strongest(below, (interval.low, interval.high), above, evaluable, dlts)
