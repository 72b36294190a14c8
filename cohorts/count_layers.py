"""Dynamic programming over counts: every reachable set of counts with its probability, by cohorts.

A state is how many were treated and had a DLT at each level, and the level at which the next cohort
is treated. A layer holds all states after the same number of cohorts, each once: different ways to
the same counts are one state, which is why thousands of states say what millions of trials do.
"""

from dataclasses import dataclass
from math import comb
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from cohorts.designs.in_cohorts import InCohorts

Counts = NDArray[np.int64]
"""One row for each state, one column for each level."""
Vector = NDArray[np.int64]
Chances = NDArray[np.float64]

MOST_OUTCOMES: Final = 2_000_000
"""So many take about a gigabyte and a few seconds: 8 levels and 48 subjects in cohorts of three."""

ENDED: Final = -1
"""In place of a next level: the trial ends, and its counts say what is selected."""
ENDED_WITH: Final = -2
"""ENDED_WITH less a dose (0 none, 1 the first): the trial ends, and that is selected."""


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Whole cohorts just treated, one for each row: the level, how many, how many with a DLT."""

    level: Vector
    size: Vector
    dlts: Vector


class Steps(Protocol):
    """What a design does after whole cohorts, for many states at once."""

    @property
    def max_subjects(self) -> int:
        """Nobody is treated beyond this number."""
        ...

    @property
    def planned(self) -> int | None:
        """Subjects of a trial that is not stopped early; none where the design plans no number."""
        ...

    def sizes(self, evaluable: Counts, level: Vector) -> Vector:
        """The size of the next cohort at `level`; at least 1 where the trial goes on."""
        ...

    def after(self, evaluable: Counts, dlts: Counts, last: Cohorts) -> Vector:
        """The level of the next cohort, ENDED, or ENDED_WITH less a dose.

        Counts are those with the last cohort.
        """
        ...

    def selected(self, evaluable: Counts, dlts: Counts) -> Vector:
        """The dose selected by counts at an end (0 none, 1 the first)."""
        ...


def cohort_sizes(design: InCohorts, evaluable: Counts, level: Vector) -> Vector:
    """The next cohort of each row, or what the limits leave of it (`InCohorts.places`)."""
    here = evaluable[np.arange(len(level)), level]
    left = design.max_subjects - evaluable.sum(axis=1)
    room: Vector = np.minimum(design.max_per_level - here, left)
    return np.minimum(room, design.cohort_size)


@dataclass(frozen=True, slots=True)
class States:
    """Rows of counts, what follows each (as `Steps.after` says it), and its probability."""

    evaluable: Counts
    dlts: Counts
    following: Vector
    chances: Chances

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "States":
        """Only these rows."""
        return States(
            self.evaluable[rows], self.dlts[rows], self.following[rows], self.chances[rows]
        )


@dataclass(frozen=True, slots=True)
class Endings:
    """Every set of counts with which the trial may end, with the dose selected then.

    `subjects` are expected numbers at each level; `states` counts those from which trials went on.
    """

    evaluable: Counts
    dlts: Counts
    selected: Vector
    chances: Chances
    subjects: Chances
    states: int


def endings(steps: Steps, truth: tuple[float, ...], start: int) -> Endings:
    """All trials that start at level `start` (counted from 0) under the true probabilities.

    Raises ValueError if they are too many to be followed.
    """
    levels, most = len(truth), steps.max_subjects
    nobody = np.zeros((1, levels), np.int64)
    layer = States(nobody, nobody, np.array([start]), np.ones(1))
    ended: list[States] = []
    subjects = np.zeros(levels)
    states = 0
    while len(layer.following):
        states += len(layer.following)
        sizes = steps.sizes(layer.evaluable, layer.following)
        assert sizes.min() > 0, "a trial goes on without a place for anybody"
        np.add.at(subjects, layer.following, layer.chances * sizes)
        treated, cohorts = _treated(layer, sizes, truth)
        following = steps.after(treated.evaluable, treated.dlts, cohorts)
        after = States(treated.evaluable, treated.dlts, following, treated.chances)
        ended.append(merged(after.at(following < 0), most))
        layer = merged(after.at(following >= 0), most)
    ends = _together(ended)
    return Endings(
        ends.evaluable, ends.dlts, doses_selected(steps, ends), ends.chances, subjects, states
    )


def doses_selected(steps: Steps, ends: States) -> Vector:
    """The dose selected at each end: by the step that ended it, or by its counts."""
    doses = ENDED_WITH - ends.following
    by_counts = ends.following == ENDED
    doses[by_counts] = steps.selected(ends.evaluable[by_counts], ends.dlts[by_counts])
    return doses


def _together(parts: list[States]) -> States:
    return States(
        np.concatenate([part.evaluable for part in parts]),
        np.concatenate([part.dlts for part in parts]),
        np.concatenate([part.following for part in parts]),
        np.concatenate([part.chances for part in parts]),
    )


def _treated(layer: States, sizes: Vector, truth: tuple[float, ...]) -> tuple[States, Cohorts]:
    """Every state with every outcome of its next cohort that can happen."""
    largest = int(sizes.max())
    law = np.array([[_binomial(size, p, largest) for p in truth] for size in range(largest + 1)])
    chances = layer.chances[:, None] * law[sizes, layer.following]
    if np.count_nonzero(chances) > MOST_OUTCOMES:
        raise ValueError(
            f"more than {MOST_OUTCOMES:,} outcomes of one cohort: too many to follow exactly; "
            "simulate it, or plan fewer subjects or larger cohorts"
        )
    row, dlts = np.nonzero(chances)
    evaluable, toxic = layer.evaluable[row], layer.dlts[row]
    cohorts = Cohorts(layer.following[row], sizes[row], dlts)
    each = np.arange(len(row))
    evaluable[each, cohorts.level] += cohorts.size
    toxic[each, cohorts.level] += dlts
    return States(evaluable, toxic, cohorts.level, chances[row, dlts]), cohorts


def _binomial(size: int, p: float, largest: int) -> list[float]:
    law = [comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(size + 1)]
    return law + [0.0] * (largest - size)


def merged(states: States, most: int) -> States:
    """Each state once, with the probabilities of all ways to it. `most`: subjects at one level."""
    levels = states.evaluable.shape[1]
    offset = levels - ENDED_WITH
    keys = packed(states.evaluable, states.dlts, most, states.following + offset, offset + levels)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    once = states.at(first)
    chances = np.zeros(len(first))
    np.add.at(chances, which.ravel(), states.chances)
    return States(once.evaluable, once.dlts, once.following, chances)


def packed(
    evaluable: Counts, dlts: Counts, most: int, further: Vector | int = 0, base: int = 1
) -> Counts:
    """A number for each state where they fit into 63 bits, else a row of two or more.

    A level with at most `most` subjects has (most + 1)(most + 2) / 2 possible counts; `further` is
    another number under `base` to tell states apart by.
    """
    pairs = evaluable * (evaluable + 1) // 2 + dlts
    possible = (most + 1) * (most + 2) // 2
    levels = pairs.shape[1]
    fits = levels
    while fits > 1 and possible**fits * base >= 2**63:
        fits -= 1
    words = []
    for start in range(0, levels, fits):
        columns = pairs[:, start : start + fits]
        places = [possible**place for place in range(columns.shape[1])]
        words.append(columns @ np.array(places, np.int64))
    words[0] = words[0] * base + further
    return words[0] if len(words) == 1 else np.stack(words, axis=1)
