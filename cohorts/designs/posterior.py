"""The exact posterior of a DLT probability after t DLTs in n: Beta(1 + t, 1 + n - t), in rationals.

For whole counts the distribution function of that Beta is a sum of binomial terms, so a cut-off is
compared exactly and never falls to the wrong side by rounding.
"""

from fractions import Fraction
from functools import lru_cache
from math import comb


@lru_cache(maxsize=65536)
def exceeds(bound: Fraction, evaluable: int, dlts: int) -> Fraction:
    """P(p > bound) after `dlts` in `evaluable`, with a uniform prior: P(Bin(n + 1, bound) <= t)."""
    assert 0 <= dlts <= evaluable
    if bound <= 0:
        return Fraction(1)
    if bound >= 1:
        return Fraction(0)
    top, bottom = bound.numerator, bound.denominator
    rest, trials = bottom - top, evaluable + 1
    terms = (comb(trials, k) * top**k * rest ** (trials - k) for k in range(dlts + 1))
    return Fraction(sum(terms), bottom**trials)


def mass(low: Fraction, high: Fraction, evaluable: int, dlts: int) -> Fraction:
    """P(low < p <= high) after `dlts` in `evaluable`, with a uniform prior."""
    return exceeds(low, evaluable, dlts) - exceeds(high, evaluable, dlts)
