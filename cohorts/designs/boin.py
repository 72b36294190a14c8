"""The Bayesian optimal interval design, BOIN: Liu and Yuan 2015 (10.1111/rssc.12089).

Equations (3) and (4) of that paper give the two boundaries; elimination, the stricter stop at the
lowest dose (`extra_safe`), the final MTD and `bound_mtd` follow the authors' tutorial (Yan et al.
2020, 10.18637/jss.v094.i13). Escalate where t/n <= lambda_e, de-escalate where t/n >= lambda_d.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.intervals import Elimination, how_probable
from cohorts.designs.letters import Letter
from cohorts.designs.sentences import number

DIGITS = 50
"""Digits of the boundaries: they are logarithms, and never equal to a ratio of counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boin(ByCounts):
    """BOIN for a target DLT probability; `phi1` and `phi2` default to 0.6 and 1.4 of it.

    A dose and all above are eliminated where P(p > target) > `elimination_cutoff` with at least
    `elimination_min_evaluable` subjects; with `extra_safe` the lowest dose already above the
    cut-off less `offset`. With `bound_mtd` the estimate at the MTD must not exceed lambda_d.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    target: Fraction
    phi1: Fraction | None = None
    phi2: Fraction | None = None
    elimination_cutoff: Fraction = Fraction(95, 100)
    elimination_min_evaluable: int = 3
    extra_safe: bool = False
    offset: Fraction = Fraction(5, 100)
    bound_mtd: bool = False

    def __post_init__(self) -> None:
        self._check_sizes()
        assert 0 < self._phi1 < self.target < self._phi2 < 1
        assert 0 < self.elimination_cutoff <= 1
        assert 0 <= self.offset < self.elimination_cutoff
        assert self.elimination_min_evaluable >= 1

    @property
    def name(self) -> str:
        """`BOIN`."""
        return "BOIN"

    @property
    def lambda_e(self) -> Fraction:
        """Escalate at or under this rate."""
        return boundaries(self.target, self._phi1, self._phi2)[0]

    @property
    def lambda_d(self) -> Fraction:
        """De-escalate at or over this rate."""
        return boundaries(self.target, self._phi1, self._phi2)[1]

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        strict = self.extra_safe and lowest
        cutoff = self.elimination_cutoff - (self.offset if strict else 0)
        if Elimination(cutoff, self.elimination_min_evaluable).of(self.target, evaluable, dlts):
            return "U"
        escalate, de_escalate = boundaries(self.target, self._phi1, self._phi2)
        rate = Fraction(dlts, evaluable)
        return "E" if rate <= escalate else "D" if rate >= de_escalate else "S"

    @property
    def isotonic_rule(self) -> tuple[Fraction, Fraction | None]:
        """The estimate closest to the target, not over lambda_d with `bound_mtd`."""
        return self.target, self.lambda_d if self.bound_mtd else None

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """The boundary that the rate meets, or the probability that eliminates."""
        letter = self.decision(evaluable, dlts, lowest=lowest)
        if letter == "U":
            return how_probable(self.target, evaluable, dlts)
        if letter == "E":
            return f"at or under {number(self.lambda_e)}"
        if letter == "D":
            return f"at or over {number(self.lambda_d)}"
        return f"between {number(self.lambda_e)} and {number(self.lambda_d)}"

    @property
    def _phi1(self) -> Fraction:
        return self.target * Fraction(6, 10) if self.phi1 is None else self.phi1

    @property
    def _phi2(self) -> Fraction:
        return self.target * Fraction(14, 10) if self.phi2 is None else self.phi2


@lru_cache(maxsize=256)
def boundaries(target: Fraction, phi1: Fraction, phi2: Fraction) -> tuple[Fraction, Fraction]:
    """lambda_e and lambda_d, equations (3) and (4), to fifty digits."""
    return _boundary(target, phi1), _boundary(target, phi2)


def _boundary(target: Fraction, other: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = DIGITS
        ratio = _log((1 - other) / (1 - target)) / _log(
            target * (1 - other) / (other * (1 - target))
        )
    return Fraction(ratio)


def _log(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).ln()
