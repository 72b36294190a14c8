"""What a design does under a stated truth: how often it selects which dose, at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

OVERDOSED_ABOVE: Final = Fraction(3, 5)
"""Share of the subjects above which a trial counts as over-dosing (BOIN 2.7.2, `get.oc`)."""


@dataclass(frozen=True, slots=True)
class Characteristics:
    """Operating characteristics of a design, exact or simulated, doses in ascending order.

    `truth` is each dose's true probability of a DLT. `select[0]` is the probability that no dose is
    selected, `select[k]` that the k-th is. `subjects` and `dlts` are expected numbers at each dose.
    `overdosing` is the probability that more than 60 % of the subjects (of those planned; of those
    treated in a design that plans no number) are treated at doses whose truth is above the target.
    Source: `overdose60` of get.oc in BOIN 2.7.2.
    """

    truth: tuple[float, ...]
    target: float
    select: tuple[float, ...]
    subjects: tuple[float, ...]
    dlts: tuple[float, ...]
    overdosing: float

    @property
    def subjects_in_all(self) -> float:
        """Expected number of subjects of a trial."""
        return sum(self.subjects)

    @property
    def dlts_in_all(self) -> float:
        """Expected number of DLTs of a trial."""
        return sum(self.dlts)

    @property
    def stopped_early(self) -> float:
        """Probability that the trial ends because no dose is tolerable."""
        return self.select[0]

    @property
    def select_above(self) -> float:
        """Probability of selecting a dose whose truth is above the target."""
        chances = zip(self.select[1:], self.truth, strict=True)
        return sum(chance for chance, p in chances if p > self.target)


def checked_truth(truth: Sequence[float]) -> tuple[float, ...]:
    """The true probabilities, if they may be such. Raises ValueError."""
    if not truth:
        raise ValueError("a truth needs at least one dose")
    if not all(0 <= p <= 1 for p in truth):
        raise ValueError("a true probability of a DLT is from 0 to 1")
    return tuple(truth)
