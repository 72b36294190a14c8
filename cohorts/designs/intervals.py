"""The equivalence interval about the target, and what a posterior says of intervals, in rationals.

Shared by mTPI, mTPI-2, the keyboard and i3+3. Exact, because 0.35 + 0.05 is two fifths, and in
floating point a little less: 2 DLTs in 5 would fall on the wrong side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cohorts.designs.letters import Letter
from cohorts.designs.posterior import exceeds, mass
from cohorts.designs.sentences import number

Piece = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Interval:
    """The rates that call for staying: from `target - epsilon1` to `target + epsilon2`."""

    target: Fraction
    epsilon1: Fraction
    epsilon2: Fraction

    def __post_init__(self) -> None:
        assert self.epsilon1 >= 0
        assert self.epsilon2 >= 0
        assert 0 < self.low <= self.target <= self.high < 1

    @property
    def low(self) -> Fraction:
        """Below it the dose is too low."""
        return self.target - self.epsilon1

    @property
    def high(self) -> Fraction:
        """Above it the dose is too high."""
        return self.target + self.epsilon2

    def __str__(self) -> str:
        return f"{number(self.low)} to {number(self.high)}"


@dataclass(frozen=True, slots=True)
class Elimination:
    """A dose is eliminated where P(p > target) > `cutoff`, with at least `min_evaluable`.

    Sources differ in that number: three in BOIN, two in published programs for mTPI and keyboard.
    """

    cutoff: Fraction = Fraction(95, 100)
    min_evaluable: int = 3

    def __post_init__(self) -> None:
        assert 0 < self.cutoff <= 1
        assert self.min_evaluable >= 1

    def of(self, target: Fraction, evaluable: int, dlts: int) -> bool:
        """These counts eliminate the dose."""
        return evaluable >= self.min_evaluable and exceeds(target, evaluable, dlts) > self.cutoff


def how_probable(target: Fraction, evaluable: int, dlts: int) -> str:
    """Why a dose is eliminated: `over 0.3 with probability 0.992`."""
    return f"over {number(target)} with probability {number(exceeds(target, evaluable, dlts))}"


def strongest(
    below: Sequence[Piece], inside: Piece, above: Sequence[Piece], evaluable: int, dlts: int
) -> Letter:
    """Where the posterior has its largest mass for its length; of two as large the higher."""
    pieces = [(piece, "E") for piece in below] + [(inside, "S")] + [(piece, "D") for piece in above]
    masses = [
        (mass(low, high, evaluable, dlts) / (high - low), low, letter)
        for (low, high), letter in pieces
    ]
    found = max(masses)[2]
    return "E" if found == "E" else "S" if found == "S" else "D"


def pieces_below(interval: Interval) -> list[Piece]:
    """Pieces as long as the interval from its lower end down to 0; the last may be shorter."""
    length, end = interval.high - interval.low, interval.low
    found: list[Piece] = []
    while end > 0:
        found.append((max(Fraction(0), end - length), end))
        end -= length
    return found


def pieces_above(interval: Interval) -> list[Piece]:
    """Pieces as long as the interval from its upper end up to 1; the last may be shorter."""
    length, start = interval.high - interval.low, interval.high
    found: list[Piece] = []
    while start < 1:
        found.append((start, min(Fraction(1), start + length)))
        start += length
    return found


def whole(pieces: Sequence[Piece], interval: Interval) -> list[Piece]:
    """Those of full length."""
    return [piece for piece in pieces if piece[1] - piece[0] == interval.high - interval.low]
