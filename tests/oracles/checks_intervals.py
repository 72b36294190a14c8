"""mTPI, mTPI-2, the keyboard and i3+3 against their tables of letters."""

from collections.abc import Callable
from fractions import Fraction

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from tests.oracles.reading import Row
from tests.oracles.registry import Check

ROOM = 1000


def mtpi(target: Fraction) -> ByCounts:
    """The published programs exclude from two evaluable on, with intervals of 0.05 each way."""
    return MTpi(target=target, max_subjects=ROOM, max_per_level=ROOM, elimination_min_evaluable=2)


def mtpi2(target: Fraction) -> ByCounts:
    """As above."""
    return MTpi2(target=target, max_subjects=ROOM, max_per_level=ROOM, elimination_min_evaluable=2)


def keyboard(target: Fraction) -> ByCounts:
    """As above."""
    return Keyboard(
        target=target, max_subjects=ROOM, max_per_level=ROOM, elimination_min_evaluable=2
    )


def i3_plus_3(target: Fraction) -> ByCounts:
    """The table has no exclusion: no probability is above 1."""
    return I3Plus3(
        target=target, max_subjects=ROOM, max_per_level=ROOM, elimination_cutoff=Fraction(1)
    )


def _table(design: Callable[[Fraction], ByCounts]) -> Check:
    def check(row: Row, _: float) -> None:
        """One n: a letter for each number of DLTs."""
        ours, n = design(Fraction(row["target"])), int(row["n"])
        found = "".join(ours.decision(n, dlts) for dlts in range(n + 1))
        assert found == row["row"], found

    return Check(check, ("row",))


CHECKS = {
    "mtpi_table.csv": _table(mtpi),
    "mtpi2_table.csv": _table(mtpi2),
    "keyboard_table.csv": _table(keyboard),
    "i3p3_table.csv": _table(i3_plus_3),
}
