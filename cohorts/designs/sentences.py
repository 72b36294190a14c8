"""Why a design recommends what it does, or what it waits for, in one sentence for the board."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.letters import Letter


class DecidesByCounts(Protocol):
    """What a sentence needs to know of a design."""

    @property
    def final_rule(self) -> str: ...
    def recommend(self, history: History) -> Recommendation | None: ...
    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool: ...
    def lowest_eliminated(self, levels: Sequence[LevelHistory]) -> int | None: ...
    def decision(self, evaluable: int, dlts: int, *, lowest: bool = False) -> Letter: ...
    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str: ...


def explain_by_counts(design: DecidesByCounts, history: History) -> str:
    """The counts, the comparison that decides, and what follows."""
    advice = design.recommend(history)
    if advice is None:
        stopped = design.stopped(history.levels, history.current)
        return f"{counted(history.here)}: {'stopped, ' if stopped else ''}{waiting(history)}"
    level = design.lowest_eliminated(history.levels[: history.current + 1])
    if level is None:
        level = history.current
    where = "" if level == history.current else f" at {history.named(level)}"
    here = history.levels[level]
    letter = (
        design.decision(here.evaluable, here.dlts, lowest=level == 0) if here.evaluable else "S"
    )
    follows = advised(letter, advice, history, design.final_rule)
    return f"{_reason(design, history, level, where)}: {follows}"


def counted(level: LevelHistory) -> str:
    """`1 DLT in 6`."""
    return f"{level.dlts} {'DLT' if level.dlts == 1 else 'DLTs'} in {level.evaluable}"


def number(value: Fraction | float) -> str:
    """Three significant digits, without an exponent: `0.236`."""
    return f"{float(value):.3g}"


def waiting(history: History) -> str:
    """For whom a decision waits: open windows, reserved places, subjects yet to come."""
    parts = []
    for index, level in enumerate(history.levels):
        if level.pending:
            parts.append(f"{_many(len(level.pending), 'open outcome')} at {history.named(index)}")
        if level.reserved:
            parts.append(f"{_many(level.reserved, 'reserved subject')} at {history.named(index)}")
    missing = history.here.target - history.here.enrolled
    if missing > 0:
        parts.append(f"{_many(missing, 'more subject')} at {history.named(history.current)}")
    return "waiting for " + (" and ".join(parts) or "an evaluable subject")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _reason(design: DecidesByCounts, history: History, level: int, where: str) -> str:
    """The counts and the comparison, as they stand or at best when the cohort is complete."""
    here = history.levels[level]
    lowest = level == 0
    if here.evaluable == 0:
        return counted(here) + where
    at_best = max(here.target, here.enrolled)
    letter = design.decision(here.evaluable, here.dlts, lowest=lowest)
    if letter == "U" or at_best <= here.evaluable:
        return f"{counted(here)}{where}, {design.ground(here.evaluable, here.dlts, lowest=lowest)}"
    ground = design.ground(at_best, here.dlts, lowest=lowest)
    return f"{counted(here)}{where}, at best in {at_best}, {ground}"


def advised(letter: Letter, advice: Recommendation, history: History, final_rule: str) -> str:
    """What follows from a letter, as people say it."""
    out = "eliminated, " if letter == "U" else ""
    if advice.kind == "mtd":
        assert advice.level is not None
        return f"{out}the end, MTD is {history.named(advice.level)} {final_rule}"
    if advice.kind == "no_tolerable_dose":
        return out + "no tolerable dose"
    if advice.kind == "de_escalate":
        return out + "de-escalate"
    if advice.kind == "escalate":
        return "escalate"
    if letter == "E":
        return "stay, no higher level may be opened"
    return "stay, there is no lower level" if letter == "D" else "stay"
