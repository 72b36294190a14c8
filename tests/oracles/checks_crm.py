"""CRM and TITE-CRM posteriors, and skeletons, against dfcrm and published examples."""

import numpy as np

from cohorts.designs.crm import closest
from cohorts.designs.crm_model import CrmModel, Partial
from cohorts.designs.crm_quadrature import Quadrature, over_panels, posterior
from cohorts.designs.skeleton import skeleton
from tests.oracles.reading import Row
from tests.oracles.registry import Check, all_close, close

PANELS, NODES, REACH_SD = 200, 20, 6
"""How the file's probabilities of exceeding the target were summed: over panels that a level's
curve may cross at any place, so that they are those of the sum, not of the integral."""


def counts_of(row: Row) -> tuple[tuple[int, ...], tuple[int, ...], Partial]:
    """Evaluable subjects and DLTs at each level, and who counts in part; a DLT counts fully."""
    levels = len(row["skeleton"])
    evaluable, dlts, partial = [0] * levels, [0] * levels, []
    weights = row["weights"] or [1] * len(row["doses"])
    for dose, toxic, weight in zip(row["doses"], row["tox"], weights, strict=True):
        if toxic or weight == 1:
            evaluable[dose - 1] += 1
            dlts[dose - 1] += toxic
        else:
            partial.append((dose - 1, weight))
    return tuple(evaluable), tuple(dlts), tuple(partial)


def check_posterior(row: Row, tolerance: float) -> None:
    """Mean and variance of beta, three estimates of each level's toxicity, the dose by each."""
    given, expected = row["input"], row["expected"]
    model = CrmModel(tuple(given["skeleton"]), given["model"], given["prior_sd"], given["a0"])
    target, (evaluable, dlts, partial) = given["target"], counts_of(given)
    found = posterior(model, target, evaluable, dlts, partial)
    assert close(found.beta_mean, expected["beta_mean"], tolerance), found.beta_mean
    assert close(found.beta_variance, expected["beta_var"], tolerance), found.beta_variance
    assert all_close(found.plug_in, expected["plugin_ptox"], tolerance), found.plug_in
    assert all_close(found.mean, expected["mean_ptox"], tolerance), found.mean
    assert all_close(found.sd, expected["sd_ptox"], tolerance), found.sd
    summed = as_in_the_file(model, target)
    masses = summed.masses(np.array([evaluable]), np.array([dlts]), partial)
    exceeds = [float(value) for value in summed.exceeds(masses)[0]]
    integral = all_close(found.exceeds, expected["p_exceeds_target"], tolerance)
    assert integral or all_close(exceeds, expected["p_exceeds_target"], tolerance), exceeds
    one_node = float(masses.max()) + tolerance  # A sum that stops between two nodes misses so much.
    assert all_close(found.exceeds, expected["p_exceeds_target"], one_node), found.exceeds
    assert closest(found.plug_in, target) + 1 == expected["dose_by_plugin"]
    assert closest(found.mean, target) + 1 == expected["dose_by_posterior_mean"]


def as_in_the_file(model: CrmModel, target: float) -> Quadrature:
    """Our sums over the panels of the file."""
    reach = REACH_SD * model.prior_sd
    return over_panels(model, target, np.linspace(-reach, reach, PANELS + 1), NODES)


def check_skeleton(row: Row, tolerance: float) -> None:
    """The skeleton of an indifference interval."""
    found = skeleton(
        target=row["target"],
        halfwidth=row["halfwidth"],
        prior_mtd=row["nu"],
        levels=row["nlevel"],
        model=row["model"],
        a0=row["intcpt"],
    )
    assert all_close(found, row["prior"], tolerance), found


CHECKS = {
    "crm_posteriors.json": Check(check_posterior, expected=("expected",)),
    "crm_skeletons.json": Check(check_skeleton, expected=("prior",)),
}
