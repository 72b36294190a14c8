"""The final MTD by isotonic regression, as the interval designs choose it, in rationals.

Barlow et al. 1972 (pool adjacent violators); estimate, weights and ties as in BOIN's `select.mtd`
(Liu and Yuan 2015, 10.1111/rssc.12089; Yan et al. 2020, 10.18637/jss.v094.i13): a Beta(0.05, 0.05)
prior, each level weighted by the inverse of its posterior variance.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from cohorts.designs.design import LevelHistory

TIE = Fraction(1, 10**10)
"""Added per level: of pooled levels the higher is taken under the target, else the lower."""


def fitted(counts: Sequence[tuple[int, int]]) -> tuple[Fraction, ...]:
    """The DLT probability of each level, never falling; `counts` are (evaluable, DLTs), n > 0."""
    blocks: list[tuple[Fraction, Fraction, int]] = []
    for evaluable, dlts in counts:
        weighted, weight = _moments(evaluable, dlts)
        size = 1
        while blocks and blocks[-1][0] * weight >= weighted * blocks[-1][1]:
            before, heavy, wide = blocks.pop()
            weighted, weight, size = weighted + before, weight + heavy, size + wide
        blocks.append((weighted, weight, size))
    return tuple(weighted / weight for weighted, weight, size in blocks for _ in range(size))


def closest_level(
    levels: Sequence[LevelHistory],
    target: Fraction,
    fewest: int,
    bound: Fraction | None = None,
) -> int | None:
    """The level whose estimate is closest to `target`, of two as close the lower; none if none can.

    All tried levels are fitted. Chosen can be only one with at least `fewest` evaluable and an
    estimate not over `bound`. Levels that are eliminated must be left out by the caller.
    """
    tried = [index for index, level in enumerate(levels) if level.evaluable]
    estimates = fitted([(levels[index].evaluable, levels[index].dlts) for index in tried])
    choices = [
        (abs(estimate + order * TIE - target), index)
        for order, (index, estimate) in enumerate(zip(tried, estimates, strict=True), 1)
        if levels[index].evaluable >= fewest and (bound is None or estimate + order * TIE <= bound)
    ]
    return min(choices)[1] if choices else None


@lru_cache(maxsize=4096)
def _moments(evaluable: int, dlts: int) -> tuple[Fraction, Fraction]:
    """Estimate times weight, and weight, of one level."""
    assert 0 <= dlts <= evaluable
    assert evaluable > 0
    hits, misses = Fraction(20 * dlts + 1, 20), Fraction(20 * (evaluable - dlts) + 1, 20)
    total = hits + misses
    weight = total**2 * (total + 1) / (hits * misses)
    return weight * hits / total, weight
