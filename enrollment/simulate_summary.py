"""What many simulated trials come to: shares, means with their errors, and how durations spread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from cohorts.characteristics import OVERDOSED_ABOVE, Characteristics
from enrollment.simulate import SimulatedTrial


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over trials and its standard error (0 for one trial)."""

    value: float
    error: float

    @staticmethod
    def of(values: Sequence[float]) -> "Mean":
        """There must be at least one."""
        n = len(values)
        mean = sum(values) / n
        spread = sum((value - mean) ** 2 for value in values)
        return Mean(mean, sqrt(spread / (n - 1) / n) if n > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles over trials: a tenth, a half, nine tenths are not above these."""

    low: float
    median: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """There must be at least one."""
        ordered = sorted(values)
        return Spread(*(quantile(ordered, part) for part in (0.1, 0.5, 0.9)))


@dataclass(frozen=True, slots=True)
class Summary:
    """Operating characteristics by simulation. `characteristics` is of the trials that ended.

    Days and people are per trial. `unfinished` trials had not ended after the longest time and are
    in no mean.
    """

    trials: int
    unfinished: int
    characteristics: Characteristics
    days: Mean
    days_spread: Spread
    idle_days: Mean
    came: Mean
    turned_away: Mean
    not_dosed: Mean
    not_evaluable: Mean

    def share_error(self, share: float) -> float:
        """The standard error of a share of these trials."""
        return sqrt(share * (1 - share) / max(1, self.trials - self.unfinished))


def summary_of(
    trials: Sequence[SimulatedTrial], truth: tuple[float, ...], target: float, planned: int | None
) -> Summary:
    """`planned` is the number of subjects that the design plans; none where it plans no number.

    Raises ValueError when no trial ended.
    """
    ended = [trial for trial in trials if trial.finished]
    if not ended:
        raise ValueError("no simulated trial ended: more subjects must come, or more time pass")

    def mean(value: Callable[[SimulatedTrial], float]) -> Mean:
        return Mean.of([value(trial) for trial in ended])

    days = [trial.days for trial in ended]
    return Summary(
        trials=len(trials),
        unfinished=len(trials) - len(ended),
        characteristics=_characteristics(ended, truth, target, planned),
        days=Mean.of(days),
        days_spread=Spread.of(days),
        idle_days=mean(lambda trial: trial.idle_days),
        came=mean(lambda trial: trial.came),
        turned_away=mean(lambda trial: trial.turned_away),
        not_dosed=mean(lambda trial: trial.not_dosed),
        not_evaluable=mean(lambda trial: sum(trial.subjects) - sum(trial.evaluable)),
    )


def _characteristics(
    ended: Sequence[SimulatedTrial], truth: tuple[float, ...], target: float, planned: int | None
) -> Characteristics:
    levels = range(len(truth))
    selected = [trial.selected for trial in ended]
    number = len(ended)
    return Characteristics(
        truth=truth,
        target=target,
        select=tuple(selected.count(dose) / number for dose in range(len(truth) + 1)),
        subjects=tuple(sum(t.subjects[k] for t in ended) / number for k in levels),
        dlts=tuple(sum(t.dlts[k] for t in ended) / number for k in levels),
        overdosing=sum(_overdosed(trial, truth, target, planned) for trial in ended) / number,
    )


def _overdosed(
    trial: SimulatedTrial, truth: tuple[float, ...], target: float, planned: int | None
) -> bool:
    above = sum(n for n, p in zip(trial.subjects, truth, strict=True) if p > target)
    of = sum(trial.subjects) if planned is None else planned
    return above * OVERDOSED_ABOVE.denominator > of * OVERDOSED_ABOVE.numerator


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value that `part` of these, smallest first, are not above; between two, in proportion."""
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
