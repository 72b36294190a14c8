"""The skeleton of an indifference interval, and what is said of one that cannot be."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.designs.crm_model import CrmModel, Working
from cohorts.designs.skeleton import skeleton


def test_the_example_of_getprior() -> None:
    found = skeleton(target=0.25, halfwidth=0.05, prior_mtd=3, levels=5)
    assert [f"{value:.6f}" for value in found] == [
        "0.083973",
        "0.156741",
        "0.250000",
        "0.354500",
        "0.460343",
    ]


@given(
    model=st.sampled_from(["empiric", "logistic"]),
    target=st.floats(0.1, 0.5),
    part=st.floats(0.05, 0.3),
    levels=st.integers(1, 6),
    data=st.data(),
)
def test_neighbours_are_apart_by_the_indifference_interval(
    model: Working, target: float, part: float, levels: int, data: st.DataObject
) -> None:
    """One parameter puts the two at target - halfwidth and at target + halfwidth."""
    prior_mtd = data.draw(st.integers(1, levels))
    halfwidth = part * target
    found = skeleton(
        target=target, halfwidth=halfwidth, prior_mtd=prior_mtd, levels=levels, model=model
    )
    assert math.isclose(found[prior_mtd - 1], target)
    for level in range(levels - 1):
        pair = CrmModel(found[level : level + 2], model)
        beta = pair.crossings(target - halfwidth)[0]
        low, high = pair.toxicity(beta)
        assert math.isclose(low, target - halfwidth, rel_tol=1e-6)
        assert math.isclose(high, target + halfwidth, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": 1.0}, "the target must lie between 0 and 1"),
        ({"halfwidth": 0.25}, "halfwidth must be above 0 and leave"),
        ({"halfwidth": 0.0}, "halfwidth must be above 0"),
        ({"prior_mtd": 6}, "one of 1 to 5"),
        ({"prior_mtd": 0}, "one of 1 to 5"),
        ({"target": 0.5, "halfwidth": 0.45, "levels": 9}, "too wide for so many levels"),
        ({"model": "logistic", "a0": -1.0}, r"must stay under 0\.2689: raise a0"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {"target": 0.25, "halfwidth": 0.05, "prior_mtd": 3, "levels": 5}
    with pytest.raises(ValueError, match=says):
        skeleton(**(right | wrong))
