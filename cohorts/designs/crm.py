"""The continual reassessment method, CRM: a one-parameter model over all levels names the dose.

Sources: O'Quigley, Pepe and Fisher 1990 (10.2307/2531628); cohorts, no skipping and no escalation
straight after a DLT: Goodman, Zahurak and Piantadosi 1995 (10.1002/sim.4780141102) and Cheung 2005
(10.1093/biomet/92.4.863). Which estimate names the dose differs between programs: `plug_in` is that
of dfcrm, `posterior_mean` that of trialr and crmPack. The working models are in `crm_model`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from cohorts.designs.crm_model import PRIOR_SD, CrmModel, Partial, Posterior, Working
from cohorts.designs.crm_sentences import explain_by_model
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.in_cohorts import FEWEST_AT_MTD, InCohorts

Estimate = Literal["plug_in", "posterior_mean"]

TIE: Final = 1e-9
"""Of two levels whose distances from the target differ by no more than this the lower is taken, so
that the last digits, in which machines may differ, decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm(InCohorts):
    """CRM in cohorts; raises ValueError that says what to mend.

    `no_skip`: never more than one level up at a time. `coherent`: never up while the newest cohort
    has a DLT. With `stop_above` the trial ends without a tolerable dose where the probability that
    the lowest level is above the target exceeds it.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, or to end without a tolerable dose, where the
    model would ask for that even if nobody else had a DLT.
    """

    skeleton: tuple[float, ...]
    target: float
    max_subjects: int
    max_per_level: int
    cohort_size: int = 3
    model: Working = "empiric"
    prior_sd: float = PRIOR_SD
    a0: float = 3.0
    estimate: Estimate = "plug_in"
    no_skip: bool = True
    coherent: bool = True
    stop_above: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise ValueError("the target must lie between 0 and 1, both excluded")
        if self.estimate not in ("plug_in", "posterior_mean"):
            raise ValueError(
                f'estimate {self.estimate!r} is not known: write "plug_in" or "posterior_mean"'
            )
        self._check_sizes()
        nothing = (0,) * len(self.working_model.skeleton)
        if self.stop_above is not None:
            before = known(self.working_model, self.target, nothing, nothing).exceeds[0]
            if not before < self.stop_above < 1:
                raise ValueError(
                    f"stop_above must be under 1 and over {before:.3f}, the probability before "
                    "anybody is treated: else no trial could begin"
                )

    def _check_sizes(self) -> None:
        if self.cohort_size < 1:
            raise ValueError("cohort_size must be 1 or more")
        fewest = max(self.cohort_size, FEWEST_AT_MTD)
        if self.max_per_level < fewest:
            raise ValueError(
                f"max_per_level must be {fewest} or more: a cohort, and {FEWEST_AT_MTD} at an MTD"
            )
        if self.max_subjects < self.max_per_level:
            raise ValueError("max_subjects must not be under max_per_level: raise or lower one")

    @property
    def name(self) -> str:
        """`CRM`."""
        return "CRM"

    @property
    def working_model(self) -> CrmModel:
        """The model over the levels."""
        return working_model(self.skeleton, self.model, self.prior_sd, self.a0)

    def posterior(self, levels: Sequence[LevelHistory]) -> Posterior:
        """What the confirmed outcomes say; open windows count for nothing."""
        return self._known(levels, [level.evaluable for level in levels])

    def best_case(self, levels: Sequence[LevelHistory], filling: int | None = None) -> Posterior:
        """What would be known if nobody whose outcome is open had a DLT, at any level.

        At the level `filling` those still count who may yet come, up to its target.
        """
        evaluable = [level.treated for level in levels]
        if filling is not None:
            evaluable[filling] = max(levels[filling].enrolled, levels[filling].target)
        return self._known(levels, evaluable)

    def _known(self, levels: Sequence[LevelHistory], evaluable: Sequence[int]) -> Posterior:
        dlts = tuple(level.dlts for level in levels)
        return known(self.working_model, self.target, tuple(evaluable), dlts)

    def estimates(self, found: Posterior) -> tuple[float, ...]:
        """Each level's DLT probability by the estimate that the design goes by."""
        return found.plug_in if self.estimate == "plug_in" else found.mean

    def dose(self, found: Posterior) -> int:
        """The level whose estimate is closest to the target, before any restriction."""
        return closest(self.estimates(found), self.target)

    def too_toxic(self, found: Posterior) -> bool:
        """Even the lowest level is above the target with more than the allowed probability."""
        return self.stop_above is not None and found.exceeds[0] > self.stop_above

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """It would go down from here even if nobody else of this cohort had a DLT."""
        best = self.best_case(levels, level)
        return self.too_toxic(best) or self.dose(best) < level

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Always, but where no dose is tolerable.

        The model decides from all levels at once: what the counts of one forbid, it says by
        stopping the open level itself.
        """
        return not self.too_toxic(self.best_case(levels))

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Three evaluable, and the trial, were it to end now, would choose this level or higher."""
        best = self.best_case(levels)
        chosen = None if self.too_toxic(best) else self.select_mtd(levels, best)
        return chosen is not None and level <= chosen and levels[level].evaluable >= FEWEST_AT_MTD

    def select_mtd(self, levels: Sequence[LevelHistory], found: Posterior) -> int | None:
        """Of the levels with three evaluable subjects the one closest to the target, if any."""
        choices = [i for i, level in enumerate(levels) if level.evaluable >= FEWEST_AT_MTD]
        if not choices:
            return None
        estimates = self.estimates(found)
        return choices[closest([estimates[i] for i in choices], self.target)]

    def recommend(self, history: History) -> Recommendation | None:
        """By the model, once the cohort is complete and nobody waits at any level."""
        advice = self.at_once(history)
        if advice is not None:
            return advice
        if any(level.waits for level in history.levels):
            return None
        return self.by_estimates(history, self.posterior(history.levels))

    def at_once(self, history: History) -> Recommendation | None:
        """What is certain whatever the open outcomes turn out to be: down, or no tolerable dose."""
        best = self.best_case(history.levels, history.current)
        if self.too_toxic(best):
            return Recommendation("no_tolerable_dose", None)
        if self.full(history.levels) or self.dose(best) >= history.current:
            return None
        return self._to(history, self.dose(best))

    def by_estimates(self, history: History, found: Posterior) -> Recommendation | None:
        """What the model asks for when the current cohort is filled; none before."""
        levels, here = history.levels, history.here
        if self.full(levels):
            return self._end(levels, found)
        if here.treated == 0 or here.treated < here.target:
            return None
        return self._to(history, self.restricted(history, self.dose(found)))

    def restricted(self, history: History, dose: int) -> int:
        """The dose that may be given next where the model asks for `dose`."""
        current, here = history.current, history.here
        if self.coherent and here.dlts > here.dlts_before:
            return min(dose, current)
        return min(dose, current + 1) if self.no_skip else dose

    def _to(self, history: History, dose: int) -> Recommendation | None:
        """Treats the next cohort at `dose`; where it is full, the trial ends with it.

        Not where only those who will never come spoke for it: then at what is known.
        """
        levels, current = history.levels, history.current
        target = self.opening_target(levels, dose)
        if target <= levels[dose].treated:
            if any(level.waits for level in levels):
                return None
            by_outcomes = self.dose(self.posterior(levels))
            if by_outcomes < dose:
                return self._to(history, by_outcomes)
            return Recommendation("mtd", dose)
        if dose == current:
            return Recommendation("expand", current, target)
        return Recommendation("escalate" if dose > current else "de_escalate", dose)

    def _end(self, levels: Sequence[LevelHistory], found: Posterior) -> Recommendation | None:
        if any(level.waits for level in levels):
            return None
        mtd = self.select_mtd(levels, found)
        if mtd is None:
            return Recommendation("no_tolerable_dose", None)
        return Recommendation("mtd", mtd)

    def explain(self, history: History) -> str:
        """Estimates, target and what follows: "..., target 0.25: stay at level 2"."""
        return explain_by_model(self, history, self.posterior(history.levels))


def closest(estimates: Sequence[float], target: float) -> int:
    """The estimate closest to the target; of two as close (`TIE`) the first; estimates rise.

    The highest where none is above the target, as dfcrm has it.
    """
    if all(estimate <= target for estimate in estimates):
        return len(estimates) - 1
    distances = [abs(estimate - target) for estimate in estimates]
    least = min(distances) + TIE
    return next(index for index, distance in enumerate(distances) if distance <= least)


@lru_cache(maxsize=64)
def working_model(
    skeleton: tuple[float, ...], kind: Working, prior_sd: float, a0: float
) -> CrmModel:
    """The same model object for the same parameters."""
    return CrmModel(skeleton, kind, prior_sd, a0)


@lru_cache(maxsize=65536)
def known(
    model: CrmModel, target: float, evaluable: tuple[int, ...], dlts: tuple[int, ...]
) -> Posterior:
    """The posterior of counts, remembered: the same ones come up again and again."""
    return known_in_part(model, target, evaluable, dlts, ())


def known_in_part(
    model: CrmModel,
    target: float,
    evaluable: tuple[int, ...],
    dlts: tuple[int, ...],
    partial: Partial,
) -> Posterior:
    """The posterior of counts and of windows that are open."""
    from cohorts.designs.crm_quadrature import posterior  # NumPy only where a CRM is asked.

    return posterior(model, target, evaluable, dlts, partial)
