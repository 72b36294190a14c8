"""The working models of the CRM, and what is known of one once subjects were treated.

Sources: O'Quigley, Pepe and Fisher 1990 (10.2307/2531628) for the method; the two models as in
Cheung 2011, *Dose Finding by the Continual Reassessment Method*, and the R package dfcrm. With one
parameter beta, normal about 0, the probability of a DLT at a dose is

    empiric   F(beta) = s ** exp(beta)
    logistic  F(beta) = 1 / (1 + exp(-(a0 + exp(beta) * x))),  x = logit(s) - a0

where s is the dose's value in the skeleton. A subject without DLT who was followed for a part w of
the window counts as 1 - w * F (Cheung and Chappell 2000, 10.1111/j.0006-341X.2000.01177.x).

How it is known is in `crm_quadrature`, apart because that needs NumPy, which is slow to import.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

Working = Literal["empiric", "logistic"]
Partial = Sequence[tuple[int, float]]
"""Subjects with an open window: the index of their level, and the part of it that has passed."""

PRIOR_SD: Final = math.sqrt(1.34)


@dataclass(frozen=True, slots=True)
class CrmModel:
    """A working model with its skeleton and prior; raises ValueError that says what to mend."""

    skeleton: tuple[float, ...]
    kind: Working = "empiric"
    prior_sd: float = PRIOR_SD
    a0: float = 3.0

    def __post_init__(self) -> None:
        if self.kind not in ("empiric", "logistic"):
            raise ValueError(f'model {self.kind!r} is not known: write "empiric" or "logistic"')
        if not self.skeleton:
            raise ValueError("the skeleton is empty: give one probability for each level")
        if not all(0 < value < 1 for value in self.skeleton):
            raise ValueError("each value of the skeleton must lie between 0 and 1, both excluded")
        if not all(lower < higher for lower, higher in pairwise(self.skeleton)):
            raise ValueError("the skeleton must rise from each level to the next: sort or mend it")
        if not 0 < self.prior_sd < math.inf:
            raise ValueError("the standard deviation of the prior must be above 0 and finite")
        if not math.isfinite(self.a0):
            raise ValueError("a0 must be a finite number")
        if self.kind == "logistic" and logit(self.skeleton[-1]) >= self.a0:
            raise ValueError(
                f"under the logistic model with a0 = {self.a0:g} the skeleton must stay under "
                f"{expit(self.a0):.4f}: raise a0 or lower the skeleton"
            )

    def toxicity(self, beta: float) -> tuple[float, ...]:
        """The probability of a DLT at each level for one value of the parameter."""
        step = math.exp(beta)
        if self.kind == "empiric":
            return tuple(s**step for s in self.skeleton)
        return tuple(expit(self.a0 + step * (logit(s) - self.a0)) for s in self.skeleton)

    def crossings(self, target: float) -> tuple[float, ...]:
        """For each level the beta at which its curve is at the target; it is above it before."""
        if self.kind == "empiric":
            return tuple(math.log(math.log(target) / math.log(s)) for s in self.skeleton)
        if logit(target) >= self.a0:
            return tuple(-math.inf for _ in self.skeleton)
        fall = logit(target) - self.a0
        return tuple(math.log(fall / (logit(s) - self.a0)) for s in self.skeleton)


def logit(probability: float) -> float:
    """The logarithm of the odds."""
    return math.log(probability / (1 - probability))


def expit(log_odds: float) -> float:
    """The probability of these log odds."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)  # Never overflows; math.exp(-log_odds) may.
    return odds / (1 + odds)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What one set of counts says: of beta, and at each level of the probability of a DLT."""

    beta_mean: float
    beta_variance: float
    plug_in: tuple[float, ...]
    """F at the posterior mean of beta, as dfcrm has it."""
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    exceeds: tuple[float, ...]
    """The probability that the level's probability of a DLT is above the target."""
