"""TITE-CRM: the CRM that counts open windows by the part of them that has passed.

Source: Cheung and Chappell 2000 (10.1111/j.0006-341X.2000.01177.x), with their linear weights: a
subject without DLT counts as 1 - w * F, w = follow-up / window; a DLT counts fully at once. Their
adaptive weights are not offered: they need the time of every DLT, which a history does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cohorts.designs.crm import Crm, known, known_in_part
from cohorts.designs.crm_model import Posterior
from cohorts.designs.design import History, LevelHistory, Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class TiteCrm(Crm):
    """A CRM whose windows may be open; raises ValueError that says what to mend.

    Open windows: each counts by the part of it that has passed, and a review is due with them open
    once the current cohort is filled, with nobody reserved. No escalation
    before every open window at the current level has passed the part `escalate_after` (0: at any
    time, as the paper has it). The MTD waits for every outcome. A level is stopped as in the CRM:
    where it would go down even if no open window ended with a DLT.
    """

    escalate_after: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        Crm.__post_init__(self)
        if not 0 <= self.escalate_after <= 1:
            raise ValueError("escalate_after is a part of the window: from 0 to 1")

    @property
    def name(self) -> str:
        """`TITE-CRM`."""
        return "TITE-CRM"

    @property
    def reads_follow_up(self) -> bool:
        """Yes: the more of a window has passed without DLT, the more it counts."""
        return True

    def posterior(self, levels: Sequence[LevelHistory]) -> Posterior:
        """What confirmed outcomes and the parts of open windows say."""
        ended = [sum(part == 1 for part in level.pending) for level in levels]
        evaluable = tuple(level.evaluable + n for level, n in zip(levels, ended, strict=True))
        dlts = tuple(level.dlts for level in levels)
        partial = tuple(
            (index, float(part))
            for index, level in enumerate(levels)
            for part in sorted(level.pending)
            if 0 < part < 1
        )
        if partial:
            return known_in_part(self.working_model, self.target, evaluable, dlts, partial)
        return known(self.working_model, self.target, evaluable, dlts)

    def recommend(self, history: History) -> Recommendation | None:
        """By the model with weights, once the current cohort is filled."""
        advice = self.at_once(history)
        if advice is not None:
            return advice
        if history.here.reserved:
            return None
        advice = self.by_estimates(history, self.posterior(history.levels))
        if advice is not None and advice.kind == "escalate" and self.too_early(history):
            return None
        return advice

    def too_early(self, history: History) -> bool:
        """An open window at the current level has not passed `escalate_after`."""
        return any(part < self.escalate_after for part in history.here.pending)
