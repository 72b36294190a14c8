"""Why a design with a model recommends what it does, in one sentence for the board."""

from collections.abc import Sequence
from typing import Protocol

from cohorts.designs.crm_model import Posterior
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.sentences import waiting


class DecidesByModel(Protocol):
    """What a sentence needs to know of a design."""

    @property
    def target(self) -> float: ...
    @property
    def stop_above(self) -> float | None: ...
    def recommend(self, history: History) -> Recommendation | None: ...
    def at_once(self, history: History) -> Recommendation | None: ...
    def best_case(
        self, levels: Sequence[LevelHistory], filling: int | None = None
    ) -> Posterior: ...
    def too_toxic(self, found: Posterior) -> bool: ...
    def estimates(self, found: Posterior) -> tuple[float, ...]: ...
    def dose(self, found: Posterior) -> int: ...
    def full(self, levels: Sequence[LevelHistory]) -> bool: ...
    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool: ...


def explain_by_model(design: DecidesByModel, history: History, found: Posterior) -> str:
    """The estimates that decide, the target, and what follows; `found` is what is known now."""
    advice = design.recommend(history)
    best = design.best_case(history.levels, history.current)
    if design.too_toxic(best):
        assert design.stop_above is not None
        return (
            f"DLT probability at {history.named(0)} above {design.target:g} with probability "
            f"{best.exceeds[0]:.3f}, over {design.stop_above:g}: no tolerable dose"
        )
    certain = design.at_once(history) is not None
    read = best if certain else found
    at_best = ""
    if certain and (history.here.enrolled < history.here.target or _waits(history)):
        at_best = "at best, without another DLT, "
    follows = _follows(design, history, read, advice)
    return f"{at_best}{_estimated(design, history, read)}: {follows}"


def _waits(history: History) -> bool:
    return any(level.waits for level in history.levels)


def _estimated(design: DecidesByModel, history: History, found: Posterior) -> str:
    """The current level beside the one the model asks for, or beside a neighbour."""
    current, dose, top = history.current, design.dose(found), len(history.levels) - 1
    other = dose if dose != current else current + 1 if current < top else current - 1
    estimates = design.estimates(found)
    shown = [level for level in sorted({current, other}) if level >= 0]
    text = " and ".join(f"{estimates[level]:.2f} at {history.named(level)}" for level in shown)
    return f"estimated DLT probability {text}, target {design.target:g}"


def _follows(
    design: DecidesByModel, history: History, found: Posterior, advice: Recommendation | None
) -> str:
    current, dose = history.current, design.dose(found)
    if advice is None:
        stopped = design.stopped(history.levels, current)
        return f"{'stopped, ' if stopped else ''}{waiting(history)}"
    if advice.kind == "no_tolerable_dose":
        return "the end, no level has enough evaluable subjects: no tolerable dose"
    assert advice.level is not None
    if advice.kind == "mtd":
        full = design.full(history.levels)
        end = "the end" if full else f"{history.named(advice.level)} is full, the end"
        return f"{end}, MTD is {history.named(advice.level)}"
    if advice.kind == "expand":
        held = "no escalation straight after a DLT, " if dose > current else ""
        return f"{held}stay at {history.named(current)}"
    if advice.kind == "escalate":
        held = "no level is skipped, " if dose > advice.level else ""
        return f"{held}escalate to {history.named(advice.level)}"
    return f"go down to {history.named(advice.level)}"
