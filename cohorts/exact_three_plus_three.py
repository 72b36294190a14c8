"""The 3+3 computed exactly, in closed form: selection, subjects, DLTs, and the laws of their sums.

The climb fails at some dose. From there the walk goes down: a dose below is the MTD if it has six
already or passes three more, and is stepped over if it fails them. Sources: Storer 1989
(10.2307/2531693), Korn 1994 (10.1002/sim.4780131802).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohorts.characteristics import OVERDOSED_ABOVE, Characteristics, checked_truth
from cohorts.designs.three_plus_three import Variant

COHORT: Final = 3
Law = NDArray[np.float64]


def exact_three_plus_three(
    variant: Variant, truth: Sequence[float], target: float
) -> Characteristics:
    """The operating characteristics of a 3+3 from the lowest dose up, in whole cohorts of three.

    `target` says only which doses count as over-dosing. Raises ValueError for a truth that is none.
    """
    truth = checked_truth(truth)
    doses = [_chances(p) for p in truth]
    select = _selection(variant, doses)
    subjects = _subjects(variant, doses)
    return Characteristics(
        truth=truth,
        target=target,
        select=tuple(select),
        subjects=tuple(subjects),
        dlts=tuple(p * n for p, n in zip(truth, subjects, strict=True)),
        overdosing=_overdosing(variant, truth, target),
    )


def law_of_subjects(variant: Variant, truth: Sequence[float]) -> Law:
    """Entry n is the probability that n subjects are treated in all."""
    truth = checked_truth(truth)
    by_cohorts = _law(variant, truth, cohort_weights=[1] * len(truth), dlt_weight=0)
    law = np.zeros((len(by_cohorts) - 1) * COHORT + 1)
    law[::COHORT] = by_cohorts
    return law


def law_of_dlts(variant: Variant, truth: Sequence[float]) -> Law:
    """Entry t is the probability of t DLTs in all."""
    truth = checked_truth(truth)
    return _law(variant, truth, cohort_weights=[0] * len(truth), dlt_weight=1)


# --- expected values -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chances:
    """At one dose: none in three (`clear`), one in three and none in the next (`six`), and more.

    `expanded` is one in the first three. `kept` is at most one in three more, asked of a clear dose
    on the way down; `lost` is a clear dose that is stepped over there.
    """

    clear: float
    six: float
    expanded: float
    kept: float
    lost: float

    @property
    def passed(self) -> float:
        return self.clear + self.six

    @property
    def accepted(self) -> float:
        return self.six + self.kept


def _chances(p: float) -> _Chances:
    q = 1 - p
    clear, one = q**3, 3 * p * q * q
    most_one = clear + one
    return _Chances(clear, one * clear, one, clear * most_one, clear * (1 - most_one))


def _fails(variant: Variant, doses: list[_Chances]) -> list[float]:
    """P(the climb fails at a dose that it reaches); C asks for six at the top dose too."""
    chances = [1 - dose.passed for dose in doses]
    if variant == "C":
        chances[-1] += doses[-1].lost
    return chances


def _reached(doses: list[_Chances]) -> list[float]:
    """P(a dose is opened on the climb), and after the last P(all are passed)."""
    chances = [1.0]
    for dose in doses:
        chances.append(chances[-1] * dose.passed)
    return chances


def _selection(variant: Variant, doses: list[_Chances]) -> list[float]:
    """P(no tolerable dose), P(the MTD is the first), ..."""
    selected = [0.0] * (len(doses) + 1)
    reached = _reached(doses)
    would_be = [1.0]  # P(the climb reaches this dose, and would end at that one if it failed here).
    for dose, fails, (here, above) in zip(
        doses, _fails(variant, doses), pairwise(reached), strict=True
    ):
        for level, chance in enumerate(would_be):
            selected[level] += chance * fails
        if variant == "A":
            would_be = [0.0] * len(would_be) + [above]
        else:
            would_be = [chance * dose.lost for chance in would_be] + [here * dose.accepted]
    selected[-1] += reached[-1] if variant != "C" else reached[-2] * doses[-1].accepted
    return selected


def _subjects(variant: Variant, doses: list[_Chances]) -> list[float]:
    """Expected number at each dose: first cohorts, expansions, three more on the way down."""
    expected = []
    comes_back = 1.0 if variant == "C" else 0.0  # P(three more are asked of a dose passed clear).
    for dose, fails, reached in reversed(
        list(zip(doses, _fails(variant, doses), _reached(doses)[:-1], strict=True))
    ):
        again = 0.0 if variant == "A" else dose.clear * comes_back
        expected.append(COHORT * reached * (1 + dose.expanded + again))
        first_time = 1.0 - dose.passed
        is_top_of_c = variant == "C" and len(expected) == 1
        comes_back = fails if is_top_of_c else first_time + dose.lost * comes_back
    return expected[::-1]


# --- laws of sums --------------------------------------------------------------------------------


def _law(
    variant: Variant, truth: tuple[float, ...], cohort_weights: Sequence[int], dlt_weight: int
) -> Law:
    """The law of a weighted sum over all cohorts and all DLTs, as a generating polynomial."""
    total = np.zeros(1)
    reached = below = np.ones(1)  # The sum on the way up; the same with three more where asked for.
    top = len(truth) - 1
    for dose, (p, weight) in enumerate(zip(truth, cohort_weights, strict=True)):
        chance = [(1 - p) ** 3, 3 * p * (1 - p) ** 2, 3 * p * p * (1 - p), p**3]
        cohort = [_monomial(chance[t], weight + t * dlt_weight) for t in range(COHORT + 1)]
        six = np.convolve(cohort[1], cohort[0])
        fails = _plus(_plus(cohort[2], cohort[3]), np.convolve(cohort[1], _sum(cohort[1:])))
        kept = np.convolve(cohort[0], _plus(cohort[0], cohort[1]))
        lost = np.convolve(cohort[0], _plus(cohort[2], cohort[3]))
        if variant == "C" and dose == top:
            fails = _plus(fails, lost)
        total = _plus(total, np.convolve(below, fails))
        accepted = np.convolve(reached, _plus(six, kept))
        below = _plus(accepted, np.convolve(below, lost))
        climbed = np.convolve(reached, _plus(six, cohort[0]))
        if variant == "A":
            below = climbed
        reached = accepted if variant == "C" and dose == top else climbed
    return _plus(total, reached)


def _overdosing(variant: Variant, truth: tuple[float, ...], target: float) -> float:
    """P(more than 60 % of those treated are treated at doses above the target)."""
    base = 2 * len(truth) + 1
    law = _law(variant, truth, [base if p > target else 1 for p in truth], 0)
    above, below = np.divmod(np.arange(len(law)), base)
    most = OVERDOSED_ABOVE
    return float(law[above * most.denominator > (above + below) * most.numerator].sum())


def _monomial(chance: float, exponent: int) -> Law:
    law = np.zeros(exponent + 1)
    law[exponent] = chance
    return law


def _sum(laws: Sequence[Law]) -> Law:
    total = laws[0]
    for law in laws[1:]:
        total = _plus(total, law)
    return total


def _plus(one: Law, other: Law) -> Law:
    if len(one) < len(other):
        one, other = other, one
    total = one.copy()
    total[: len(other)] += other
    return total
