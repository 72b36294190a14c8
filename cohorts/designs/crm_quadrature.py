"""What counts say of a CRM's working model, for one trial or for thousands of counts at once.

Integrals are Gauss-Legendre sums over panels of fixed width, the same for all counts. Panels end
where a dose's curve crosses the target, so that the probability of exceeding it is as exact as a
mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from cohorts.designs.crm_model import CrmModel, Partial, Posterior, logit

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

REACH_SD: Final = 8.0
"""The integral ends this many prior standard deviations from 0, but not before `REACH`."""
REACH: Final = 5.0
WIDEST_PANEL: Final = 0.5
NODES: Final = 12
ROWS_AT_ONCE: Final = 64
"""So many rows of counts fit a processor's cache with all their nodes."""


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
        return np.exp(log_curves(self.model, masses @ self.beta)[0]).T

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


def log_curves(model: CrmModel, beta: Floats) -> tuple[Floats, Floats]:
    """The logarithms of F and of 1 - F, neither of which loses digits near 0 or 1.

    One row for each level and one column for each value of the parameter.
    """
    steps = np.exp(beta)[None, :]
    if model.kind == "empiric":
        log_f = np.log(model.skeleton)[:, None] * steps
        return log_f, np.log(-np.expm1(log_f))
    slopes = np.array([logit(value) - model.a0 for value in model.skeleton])
    predictor = model.a0 + slopes[:, None] * steps
    return log_expit(predictor), log_expit(-predictor)


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
    log_f, log_not_f = log_curves(model, beta)
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
