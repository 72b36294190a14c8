"""The keyboard design: Yan, Mandrekar and Yuan 2017.

Clinical Cancer Research 23:3994 (10.1158/1078-0432.CCR-17-0220). Keys as long as the target key
lie on both sides of it; the strongest key of the posterior decides. What is left over at 0 and 1 is
too short for a key and has no say.
"""

from dataclasses import dataclass
from typing import ClassVar

from cohorts.designs.by_interval import ByInterval
from cohorts.designs.intervals import Interval, pieces_above, pieces_below, strongest, whole
from cohorts.designs.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyboard(ByInterval):
    """The keyboard with a uniform prior; target key `target - epsilon1` to `target + epsilon2`.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    called: ClassVar[str] = "keyboard"
    unit: ClassVar[str] = "strongest key "

    def letter(self, interval: Interval, evaluable: int, dlts: int) -> Letter:
        """The key with the largest posterior mass; of two as large the higher."""
        below = whole(pieces_below(interval), interval)
        above = whole(pieces_above(interval), interval)
        return strongest(below, (interval.low, interval.high), above, evaluable, dlts)
