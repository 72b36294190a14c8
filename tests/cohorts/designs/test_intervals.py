"""mTPI, mTPI-2, the keyboard and i3+3: letters, exact boundaries, elimination, sentences."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.design import History, LevelHistory
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.intervals import Interval, pieces_above, pieces_below, whole
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2

TARGET = Fraction("0.3")
ROOM = 12
MTPI = MTpi(target=TARGET, max_subjects=30, max_per_level=ROOM)
MTPI2 = MTpi2(target=TARGET, max_subjects=30, max_per_level=ROOM)
KEYBOARD = Keyboard(target=TARGET, max_subjects=30, max_per_level=ROOM)
I3P3 = I3Plus3(target=TARGET, max_subjects=30, max_per_level=ROOM)
NEVER = Fraction(1)
DESIGNS = pytest.mark.parametrize("build", [MTpi, MTpi2, Keyboard, I3Plus3])


def letters(design: ByCounts, evaluable: int) -> str:
    return "".join(design.decision(evaluable, dlts) for dlts in range(evaluable + 1))


@pytest.mark.parametrize(
    ("design", "rows"),
    [
        (MTPI, "ESDU EESSUUU EESSSUUUUU EEESSSDUUUUUU"),
        (MTPI2, "ESDU EESDUUU EEESDUUUUU EEESSDDUUUUUU"),
        (KEYBOARD, "ESDU EESDUUU EEESDUUUUU EEESSDDUUUUUU"),
        (
            I3Plus3(target=TARGET, max_subjects=30, max_per_level=12, elimination_cutoff=NEVER),
            "ESDD EESDDDD EEESDDDDDD EEESSDDDDDDDD",
        ),
    ],
)
def test_the_tables_for_a_target_of_0_30(design: ByCounts, rows: str) -> None:
    assert " ".join(letters(design, n) for n in (3, 6, 9, 12)) == rows


def test_two_fifths_are_not_above_two_fifths() -> None:
    """2 DLTs in 5 would go down if the bound were a floating point number."""
    assert 0.35 + 0.05 < 2 / 5
    within = I3Plus3(target=Fraction("0.35"), max_subjects=30, max_per_level=12)
    assert within.decision(5, 2) == "S"
    assert within.decision(10, 4) == "S"
    assert I3P3.decision(4, 1) == "S"


def test_i3_plus_3_stays_where_one_dlt_fewer_would_escalate() -> None:
    assert I3P3.decision(3, 1) == "S"  # 0.333 is within.
    assert I3P3.decision(2, 1) == "S"  # 0.5 is above, 0 below.
    assert I3P3.decision(6, 3) == "D"  # 0.5 is above, 0.333 within.


def test_the_pieces_of_mtpi_2_fill_all_and_the_keys_leave_the_short_ends() -> None:
    interval = Interval(TARGET, Fraction("0.05"), Fraction("0.06"))
    below, above = pieces_below(interval), pieces_above(interval)
    assert below[0] == (Fraction("0.14"), Fraction("0.25"))
    assert below[-1] == (Fraction(0), Fraction("0.03"))
    assert above[0] == (Fraction("0.36"), Fraction("0.47"))
    assert above[-1] == (Fraction("0.91"), Fraction(1))
    assert sum(high - low for low, high in below + above) == 1 - Fraction("0.11")
    assert whole(below, interval) == below[:-1]
    assert whole(above, interval) == above[:-1]


def test_the_short_pieces_have_a_say_in_mtpi_2_only() -> None:
    """After 0 of 9 the mass is largest next to 0: 0.05 away the interval is of no account."""
    near = {"target": Fraction("0.1"), "max_subjects": 30, "max_per_level": 12}
    assert MTpi2(**near).decision(9, 0) == "E"  # type: ignore[arg-type]
    assert Keyboard(**near).decision(9, 0) == "S"  # type: ignore[arg-type]


@DESIGNS
def test_elimination_waits_for_the_fewest_evaluable(
    build: Callable[..., ByCounts],
) -> None:
    two = build(target=TARGET, max_subjects=30, max_per_level=12, elimination_min_evaluable=2)
    three = build(target=TARGET, max_subjects=30, max_per_level=12)
    assert (two.decision(2, 2), three.decision(2, 2)) == ("U", "D")
    assert (two.decision(3, 3), three.decision(3, 3)) == ("U", "U")
    mild = build(
        target=TARGET, max_subjects=30, max_per_level=12, elimination_cutoff=Fraction("0.999")
    )
    assert mild.decision(3, 3) == "D"


@DESIGNS
def test_one_more_dlt_is_never_bolder(build: Callable[..., ByCounts]) -> None:
    for percent in range(10, 50, 5):
        design = build(target=Fraction(percent, 100), max_subjects=30, max_per_level=30)
        for n in range(1, 31):
            row = letters(design, n)
            assert list(row) == sorted(row, key="ESDU".index), (design.name, percent, n, row)


@pytest.mark.parametrize(
    ("design", "evaluable", "dlts", "sentence"),
    [
        (MTPI, 6, 1, "1 DLT in 6, unit probability mass largest below 0.25 to 0.35: escalate"),
        (MTPI2, 6, 2, "2 DLTs in 6, unit probability mass largest within 0.25 to 0.35: stay"),
        (KEYBOARD, 6, 3, "3 DLTs in 6, strongest key above 0.25 to 0.35: de-escalate"),
        (KEYBOARD, 3, 3, "3 DLTs in 3, over 0.3 with probability 0.992: eliminated, de-escalate"),
        (I3P3, 3, 0, "0 DLTs in 3, below 0.25 to 0.35: escalate"),
        (I3P3, 3, 1, "1 DLT in 3, within 0.25 to 0.35: stay"),
        (I3P3, 6, 3, "3 DLTs in 6, above 0.25 to 0.35: de-escalate"),
        (I3P3, 2, 1, "1 DLT in 2, above 0.25 to 0.35, one DLT fewer would be below: stay"),
    ],
)
def test_they_say_why_in_one_sentence(
    design: ByCounts, evaluable: int, dlts: int, sentence: str
) -> None:
    here = LevelHistory(evaluable=evaluable, dlts=dlts, target=evaluable)
    assert design.explain(History((LevelHistory(6), here, LevelHistory()), 1)) == sentence
