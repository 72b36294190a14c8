"""Conducts a trial in whole cohorts by asking the design alone: no decider, no clock, no chance."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import comb

from cohorts.designs.design import Design, History, LevelHistory, Recommendation

MOST_COHORTS = 1000


@dataclass(frozen=True)
class Conduct:
    """Where a trial stands: every level, the open one, and how the design ended it, if it did."""

    design: Design
    levels: tuple[LevelHistory, ...]
    current: int
    ended: Recommendation | None = None

    @property
    def history(self) -> History:
        """As the design is asked."""
        return History(self.levels, self.current)

    @property
    def counts(self) -> tuple[tuple[int, int], ...]:
        """(evaluable, DLTs) of each level."""
        return tuple((level.evaluable, level.dlts) for level in self.levels)

    @property
    def selected(self) -> int:
        """The dose selected, counted from 1; 0 for none."""
        assert self.ended is not None
        return 0 if self.ended.level is None else self.ended.level + 1


def begin(design: Design, levels: int, start: int = 0) -> Conduct:
    """A trial with its first level open and nobody in it."""
    return _opened(Conduct(design, (LevelHistory(),) * levels, start), start)


def after_cohort(conduct: Conduct, dlts: int) -> Conduct:
    """All places filled, everybody evaluable, `dlts` with a DLT; then what is advised is done."""
    size = conduct.design.places(conduct.history)
    assert size > 0, f"neither places nor a recommendation: {conduct}"
    here = conduct.levels[conduct.current]
    treated = replace(here, evaluable=here.evaluable + size, dlts=here.dlts + dlts)
    return followed(_with(conduct, conduct.current, treated))


def followed(conduct: Conduct) -> Conduct:
    """What the design recommends is done at once."""
    advice = conduct.design.recommend(conduct.history)
    assert advice is not None, f"nothing is recommended after a whole cohort: {conduct}"
    if advice.kind in ("mtd", "no_tolerable_dose"):
        return replace(conduct, ended=advice)
    assert advice.level is not None
    return _opened(replace(conduct, current=advice.level), advice.level, advice.target)


def _opened(conduct: Conduct, level: int, target: int | None = None) -> Conduct:
    here = conduct.levels[level]
    if target is None:
        target = conduct.design.opening_target(conduct.levels, level)
    opened = replace(here, target=target, evaluable_before=here.evaluable, dlts_before=here.dlts)
    return _with(conduct, level, opened)


def _with(conduct: Conduct, level: int, now: LevelHistory) -> Conduct:
    return replace(conduct, levels=(*conduct.levels[:level], now, *conduct.levels[level + 1 :]))


def layers(conduct: Conduct, truth: Sequence[float]) -> Iterator[list[tuple[Conduct, float]]]:
    """Every reachable state with its probability, by cohorts; those that have ended among them."""
    layer = [(conduct, 1.0)]
    for _ in range(MOST_COHORTS):
        yield layer
        states: dict[tuple[object, ...], Conduct] = {}
        chances: dict[tuple[object, ...], float] = defaultdict(float)
        for state, chance in layer:
            if state.ended is not None:
                continue
            size, p = state.design.places(state.history), truth[state.current]
            for dlts in range(size + 1):
                share = comb(size, dlts) * p**dlts * (1 - p) ** (size - dlts)
                if share:
                    after = after_cohort(state, dlts)
                    key = (after.counts, after.current, after.ended)
                    states[key] = after
                    chances[key] += chance * share
        if not states:
            return
        layer = [(states[key], chance) for key, chance in chances.items()]
    raise AssertionError("the trial does not end")
