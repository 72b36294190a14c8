"""The working models: integrals against SciPy's adaptive ones, many at once as one by one."""

import math
import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit

from cohorts.designs.crm_model import PRIOR_SD, CrmModel, Working, logit
from cohorts.designs.crm_quadrature import posterior
from cohorts.designs.crm_quadrature import quadrature as sums_of

CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
END = 8 * PRIOR_SD
MODELS = [CrmModel(CHEUNG), CrmModel(CHEUNG, "logistic"), CrmModel(CHEUNG, "empiric", 0.5)]


def likelihood(model: CrmModel, n: Any, t: Any, beta: float) -> float:
    """Prior and data at one beta, written down once more from the definition."""
    value = math.exp(-(beta**2) / (2 * model.prior_sd**2))
    for s, evaluable, dlts in zip(model.skeleton, n, t, strict=True):
        if model.kind == "empiric":
            f = s ** math.exp(beta)
        else:
            f = float(expit(model.a0 + math.exp(beta) * (logit(s) - model.a0)))
        value *= f**dlts * (1 - f) ** (evaluable - dlts)
    return value


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("n", "t"),
    [
        ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ((3, 3, 6, 3, 0), (0, 0, 2, 2, 0)),
        ((3, 0, 0, 0, 0), (3, 0, 0, 0, 0)),
        ((0, 0, 0, 0, 12), (0, 0, 0, 0, 0)),
    ],
)
def test_the_sums_are_the_integrals(model: CrmModel, n: Any, t: Any) -> None:
    found = posterior(model, 0.25, n, t)
    cuts = sorted(at for at in model.crossings(0.25))

    def integral(upto: float, of: Any = lambda _: 1.0) -> float:
        ends = [
            -END,
            -END / 2,
            *(at for at in cuts if at < upto),
            *([2.0] if upto > 2 else []),
            upto,
        ]
        parts: list[float] = [
            quad(
                lambda beta: of(beta) * likelihood(model, n, t, beta),
                low,
                high,
                epsabs=0,
                epsrel=1e-11,
                limit=400,
            )[0]
            for low, high in pairwise(ends)
        ]
        return sum(parts)

    whole = integral(END)
    assert math.isclose(found.beta_mean, integral(END, lambda b: b) / whole, abs_tol=1e-8)
    for level in range(len(CHEUNG)):
        mean = integral(END, lambda b, level=level: model.toxicity(b)[level]) / whole
        assert math.isclose(found.mean[level], mean, abs_tol=1e-8)
        exceeds = integral(model.crossings(0.25)[level]) / whole
        assert math.isclose(found.exceeds[level], exceeds, abs_tol=1e-8)


@st.composite
def counts(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    evaluable = draw(st.lists(st.integers(0, 12), min_size=5, max_size=5))
    return evaluable, [draw(st.integers(0, n)) for n in evaluable]


@given(st.sampled_from(MODELS), counts(), st.integers(0, 4))
def test_one_more_dlt_raises_every_estimate_and_one_more_without_lowers_it(
    model: CrmModel, data: tuple[list[int], list[int]], level: int
) -> None:
    evaluable, dlts = data
    more = [n + (at == level) for at, n in enumerate(evaluable)]
    worse = [t + (at == level) for at, t in enumerate(dlts)]
    now = posterior(model, 0.25, evaluable, dlts)
    toxic = posterior(model, 0.25, more, worse)
    clear = posterior(model, 0.25, more, dlts)
    for low, mid, high in (
        (clear.plug_in, now.plug_in, toxic.plug_in),
        (clear.mean, now.mean, toxic.mean),
        (clear.exceeds, now.exceeds, toxic.exceeds),
    ):
        assert all(a <= b + 1e-12 <= c + 2e-12 for a, b, c in zip(low, mid, high, strict=True))
        assert list(mid) == sorted(mid), "a higher level is never thought less toxic"
        assert all(0 <= value <= 1 for value in mid)
    assert clear.beta_mean > now.beta_mean > toxic.beta_mean


@settings(max_examples=25)
@given(st.sampled_from(MODELS), st.lists(counts(), min_size=1, max_size=40))
def test_many_at_once_are_the_same_as_one_by_one(
    model: CrmModel, data: list[tuple[list[int], list[int]]]
) -> None:
    sums = sums_of(model, 0.25)
    many = np.array([n for n, _ in data] * 4), np.array([t for _, t in data] * 4)
    plug_in, exceeds = sums.of_many(*many, plug_in=True)
    means, _ = sums.of_many(*many, plug_in=False)
    assert plug_in.shape == means.shape == (4 * len(data), 5)
    for row, (evaluable, dlts) in enumerate(data * 4):
        found = posterior(model, 0.25, evaluable, dlts)
        assert np.allclose(plug_in[row], found.plug_in, rtol=0, atol=1e-13)
        assert np.allclose(means[row], found.mean, rtol=0, atol=1e-13)
        assert np.allclose(exceeds[row], found.exceeds, rtol=0, atol=1e-13)


@given(st.sampled_from(MODELS), counts(), st.integers(0, 4), st.floats(0.01, 0.98))
def test_the_more_of_a_window_has_passed_the_more_it_says(
    model: CrmModel, data: tuple[list[int], list[int]], level: int, part: float
) -> None:
    evaluable, dlts = data
    whole = [n + (at == level) for at, n in enumerate(evaluable)]
    betas = [
        posterior(model, 0.25, evaluable, dlts).beta_mean,
        posterior(model, 0.25, evaluable, dlts, ((level, part),)).beta_mean,
        posterior(model, 0.25, evaluable, dlts, ((level, part + 0.01),)).beta_mean,
        posterior(model, 0.25, whole, dlts).beta_mean,
    ]
    assert betas == sorted(betas)
    ended = posterior(model, 0.25, evaluable, dlts, ((level, 1.0),))
    assert math.isclose(ended.beta_mean, betas[3], abs_tol=1e-12)


def test_nothing_known_gives_back_the_prior() -> None:
    found = posterior(CrmModel(CHEUNG), 0.25, (0,) * 5, (0,) * 5)
    assert math.isclose(found.beta_mean, 0, abs_tol=1e-12)
    assert math.isclose(found.beta_variance, 1.34, rel_tol=1e-9)
    assert np.allclose(found.plug_in, CHEUNG)
    assert math.isclose(found.exceeds[2], 0.5, rel_tol=1e-9)


@pytest.mark.parametrize("kind", ["empiric", "logistic"])
@pytest.mark.parametrize("dlts", [0, 30])
def test_the_farthest_counts_stay_finite(kind: Working, dlts: int) -> None:
    for level in range(5):
        n = [30 * (at == level) for at in range(5)]
        t = [dlts * (at == level) for at in range(5)]
        found = posterior(CrmModel(CHEUNG, kind), 0.25, n, t)
        assert all(math.isfinite(value) for value in (*found.plug_in, *found.mean, *found.sd))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"skeleton": ()}, "the skeleton is empty"),
        ({"skeleton": (0.0, 0.2)}, "must lie between 0 and 1"),
        ({"skeleton": (0.2, 1.0)}, "must lie between 0 and 1"),
        ({"skeleton": (0.1, 0.1)}, "must rise from each level to the next"),
        ({"skeleton": (0.3, 0.2)}, "must rise from each level to the next"),
        ({"prior_sd": 0.0}, "standard deviation of the prior"),
        ({"prior_sd": math.nan}, "standard deviation of the prior"),
        ({"a0": math.inf}, "a0 must be a finite number"),
        ({"kind": "probit"}, 'write "empiric" or "logistic"'),
        ({"skeleton": (0.5, 0.96), "kind": "logistic"}, r"must stay under 0\.9526: raise a0"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CrmModel(**({"skeleton": CHEUNG} | wrong))


def test_numpy_is_imported_only_once_a_crm_is_asked() -> None:
    """It would cost every command and worker a tenth of a second, also with another design."""
    code = (
        "import sys; import cohorts.designs.tite_crm as tite, cohorts.designs.skeleton; "
        "made = dict(skeleton=(0.1, 0.3), target=0.3, max_subjects=9, max_per_level=9); "
        "print('numpy' in sys.modules); tite.TiteCrm(**made); print('numpy' in sys.modules); "
        "tite.TiteCrm(**made, stop_above=0.9); print('numpy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False", "True"]
