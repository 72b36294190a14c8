"""Dates along a line: where a day stands, and which days are written under it."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class DateAxis:
    """Days from `first` to `last` along `left` to `right`, in units of the drawing."""

    first: date
    last: date
    left: float
    right: float

    def x(self, on: date) -> float:
        """Where the beginning of a day stands; days outside stay at the ends."""
        days = (self.last - self.first).days or 1
        at = self.left + (self.right - self.left) * (on - self.first).days / days
        return round(min(max(at, self.left), self.right), 1)

    def ticks(self, most: int = 10) -> tuple[tuple[float, str], ...]:
        """Places and words of some days, evenly apart in whole weeks where there are many."""
        days = (self.last - self.first).days
        step = next((s for s in _STEPS if days / s <= most), _STEPS[-1])
        found = []
        on = self.first
        while on <= self.last:
            found.append((self.x(on), f"{on.day} {on:%b}"))
            on += timedelta(days=step)
        return tuple(found)


_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)


def count_ticks(highest: int, most: int = 6) -> tuple[int, ...]:
    """Whole numbers from 0 up to at least `highest`, evenly apart."""
    step = next(
        s for s in (1, 2, 5, 10, 20, 25, 50, 100, 250, 500, 1000, 10_000) if highest / s < most
    )
    ticks = tuple(range(0, highest + step, step))
    assert all(b - a == step for a, b in pairwise(ticks))
    return ticks
