"""The working models of the CRM and what counts say of them, for one trial or thousands at once.

Sources: O'Quigley, Pepe and Fisher 1990 (10.2307/2531628) for the method; the two models as in
Cheung 2011, *Dose Finding by the Continual Reassessment Method*, and the R package dfcrm. With one
parameter beta, normal about 0, the probability of a DLT at a dose is

    empiric   F(beta) = s ** exp(beta)
    logistic  F(beta) = 1 / (1 + exp(-(a0 + exp(beta) * x))),  x = logit(s) - a0

where s is the dose's value in the skeleton. A subject without DLT who was followed for a part w of
the window counts as 1 - w * F (Cheung and Chappell 2000, 10.1111/j.0006-341X.2000.01177.x).

Integrals are Gauss-Legendre sums over panels of fixed width, the same for all counts. Panels end
where a dose's curve crosses the target, so that the probability of exceeding it is as exact as a
mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Working = Literal["empiric", "logistic"]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Partial = Sequence[tuple[int, float]]
"""Subjects with an open window: the index of their level, and the part of it that has passed."""

PRIOR_SD: Final = math.sqrt(1.34)
REACH_SD: Final = 8.0
"""The integral ends this many prior standard deviations from 0, but not before `REACH`."""
REACH: Final = 5.0
WIDEST_PANEL: Final = 0.5
NODES: Final = 12
ROWS_AT_ONCE: Final = 64
"""So many rows of counts fit a processor's cache with all their nodes."""


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
        return tuple(float(value) for value in self.curves(np.array([beta]))[:, 0])

    def curves(self, beta: Floats) -> Floats:
        """F, one row for each level and one column for each value of the parameter."""
        return np.exp(self.log_curves(beta)[0])

    def log_curves(self, beta: Floats) -> tuple[Floats, Floats]:
        """The logarithms of F and of 1 - F, neither of which loses digits near 0 or 1."""
        steps = np.exp(beta)[None, :]
        if self.kind == "empiric":
            log_f = np.log(self.skeleton)[:, None] * steps
            return log_f, np.log(-np.expm1(log_f))
        slopes = np.array([logit(value) - self.a0 for value in self.skeleton])
        predictor = self.a0 + slopes[:, None] * steps
        return -np.logaddexp(0.0, -predictor), -np.logaddexp(0.0, predictor)

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


@dataclass(frozen=True, slots=True, eq=False)
class Quadrature:
    """A model's curves at fixed values of beta, and the prior's weight of each."""

    model: CrmModel
    beta: Floats
    log_weight: Floats
    log_f: Floats
    log_not_f: Floats
    f: Floats
    above: Floats
    """1 where a level's curve is above the target, else 0."""

    def masses(self, evaluable: Counts, dlts: Counts, partial: Partial = ()) -> Floats:
        """The posterior weight of each beta, one row per row of counts; each row adds up to 1.

        Counts have one column per level. `partial` applies to every row.
        """
        log_mass = dlts @ self.log_f
        log_mass += (evaluable - dlts) @ self.log_not_f
        log_mass += self.log_weight
        for level, part in partial:
            log_mass += self.log_not_f[level] if part >= 1 else np.log1p(-part * self.f[level])
        log_mass -= log_mass.max(axis=1, keepdims=True)
        mass = np.exp(log_mass, out=log_mass)
        mass /= mass.sum(axis=1, keepdims=True)
        return mass

    def plug_in(self, masses: Floats) -> Floats:
        """F at the mean of beta: a row for each row of masses, a column for each level."""
        return self.model.curves(masses @ self.beta).T

    def means(self, masses: Floats) -> Floats:
        """The mean of F: a row for each row of masses, a column for each level."""
        return masses @ self.f.T

    def exceeds(self, masses: Floats) -> Floats:
        """The probability that F is above the target, shaped like `means`."""
        return np.minimum(masses @ self.above.T, 1.0)

    def of_many(self, evaluable: Counts, dlts: Counts, plug_in: bool) -> tuple[Floats, Floats]:
        """For thousands of rows of counts: one estimate of each level, and `exceeds`."""
        estimates = np.empty(evaluable.shape)
        exceeds = np.empty(evaluable.shape)
        for start in range(0, len(evaluable), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            masses = self.masses(evaluable[rows], dlts[rows])
            estimates[rows] = self.plug_in(masses) if plug_in else self.means(masses)
            exceeds[rows] = self.exceeds(masses)
        return estimates, exceeds


@lru_cache(maxsize=64)
def quadrature(model: CrmModel, target: float) -> Quadrature:
    """The sums for a model and a target, made once."""
    reach = max(REACH_SD * model.prior_sd, REACH)
    return over_panels(model, target, _panel_ends(reach, model.crossings(target)), NODES)


def over_panels(model: CrmModel, target: float, ends: Floats, nodes: int) -> Quadrature:
    """The sums over panels between these ends, each with so many Gauss-Legendre nodes."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(ends)[:, None] / 2
    beta = ((ends[:-1, None] + half) + half * points).ravel()
    log_weight = np.log((half * weights).ravel()) - (beta / model.prior_sd) ** 2 / 2
    log_f, log_not_f = model.log_curves(beta)
    above = (beta < np.array(model.crossings(target))[:, None]).astype(np.float64)
    return Quadrature(model, beta, log_weight, log_f, log_not_f, np.exp(log_f), above)


def _panel_ends(reach: float, crossings: Sequence[float]) -> Floats:
    """From -reach to reach, through every crossing, in steps of at most the widest panel."""
    fixed = sorted({-reach, reach, *(at for at in crossings if -reach < at < reach)})
    parts = [
        np.linspace(start, stop, math.ceil((stop - start) / WIDEST_PANEL), endpoint=False)
        for start, stop in pairwise(fixed)
    ]
    return np.concatenate([*parts, [reach]])


def posterior(
    model: CrmModel,
    target: float,
    evaluable: Sequence[int],
    dlts: Sequence[int],
    partial: Partial = (),
) -> Posterior:
    """The posterior of one trial: evaluable subjects and DLTs at each level, and open windows."""
    sums = quadrature(model, target)
    row = sums.masses(np.array([evaluable]), np.array([dlts]), partial)
    beta_mean = float(row[0] @ sums.beta)
    mean = sums.means(row)[0]
    square = (row @ (sums.f**2).T)[0]
    return Posterior(
        beta_mean=beta_mean,
        beta_variance=float(row[0] @ (sums.beta - beta_mean) ** 2),
        plug_in=model.toxicity(beta_mean),
        mean=_floats(mean),
        sd=_floats(np.sqrt(np.maximum(square - mean**2, 0.0))),
        exceeds=_floats(sums.exceeds(row)[0]),
    )


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
