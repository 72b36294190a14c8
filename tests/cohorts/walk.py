"""Walks a whole 3+3 trial in complete cohorts, as the oracles do, against the design under test."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cohorts.designs.design import Recommendation
from cohorts.designs.three_plus_three import Variant, recommend
from cohorts.levels import LevelCounts


@dataclass(frozen=True)
class Walk:
    """Levels with their counts, the open one, its target, and where the design ended, if it did."""

    variant: Variant
    levels: tuple[LevelCounts, ...]
    current: int = 0
    target: int = 3
    ended: Recommendation | None = None


def start(variant: Variant, num_doses: int, current: int = 0) -> Walk:
    return Walk(variant, (LevelCounts(),) * num_doses, current)


def after_cohort(walk: Walk, dlts: int, size: int = 3) -> Walk:
    """Three more at the open level, `dlts` of them with a DLT; then what the design asks for."""
    before = walk.levels[walk.current]
    now = LevelCounts(before.evaluable + size, before.dlts + dlts)
    levels = (*walk.levels[: walk.current], now, *walk.levels[walk.current + 1 :])
    return _follow(replace(walk, levels=levels))


def _follow(walk: Walk) -> Walk:
    advice = recommend(walk.variant, walk.levels, walk.current, walk.target)
    if advice is None:
        return walk
    match advice.kind:
        case "mtd" | "no_tolerable_dose":
            return replace(walk, ended=advice)
        case "expand":
            assert advice.target is not None
            return replace(walk, target=advice.target)
        case "escalate" | "de_escalate":
            assert advice.level is not None
            target = 6 if walk.levels[advice.level].evaluable >= 3 else 3
            return replace(walk, current=advice.level, target=target)


def complete_paths(walk: Walk) -> Iterator[tuple[int, ...]]:
    """Every path to an end, as the number of DLTs in each cohort of three."""
    if walk.ended is not None:
        yield ()
        return
    for dlts in range(4):
        for rest in complete_paths(after_cohort(walk, dlts)):
            yield (dlts, *rest)
