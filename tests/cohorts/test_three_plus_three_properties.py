"""What must hold of the 3+3 in any situation, reachable or not."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from cohorts.designs.three_plus_three import (
    FEWEST_AT_MTD,
    Variant,
    exceeded,
    recommend,
)
from cohorts.levels import LevelCounts

VARIANTS: tuple[Variant, ...] = get_args(Variant)


@st.composite
def counts(draw: st.DrawFn) -> LevelCounts:
    evaluable = draw(st.integers(0, 9))
    return LevelCounts(
        evaluable,
        draw(st.integers(0, evaluable)),
        draw(st.sampled_from([0, 0, 0, 1, 3])),
        draw(st.sampled_from([0, 0, 0, 1, 2])),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Variant, tuple[LevelCounts, ...], int, int]:
    levels = tuple(draw(st.lists(counts(), min_size=1, max_size=6)))
    current = draw(st.integers(0, len(levels) - 1))
    return draw(st.sampled_from(VARIANTS)), levels, current, draw(st.sampled_from([3, 6]))


@given(situations())
def test_it_answers_everywhere_and_never_names_an_exceeded_level(
    situation: tuple[Variant, tuple[LevelCounts, ...], int, int],
) -> None:
    variant, levels, current, target = situation
    advice = recommend(variant, levels, current, target)
    if advice is None:
        assert not exceeded(levels, current), "two DLTs stop a level at once"
    elif advice.kind == "no_tolerable_dose":
        assert exceeded(levels, 0)
        assert advice.level is None
    else:
        assert advice.level is not None
        assert not exceeded(levels, advice.level)
        assert advice.level <= current + 1, "no level is skipped on the way up"


@given(situations())
def test_an_mtd_rests_on_three_or_more_and_boldness_on_complete_outcomes(
    situation: tuple[Variant, tuple[LevelCounts, ...], int, int],
) -> None:
    variant, levels, current, target = situation
    advice = recommend(variant, levels, current, target)
    if advice is None:
        return
    if advice.kind == "mtd":
        assert advice.level is not None
        assert levels[advice.level].evaluable >= FEWEST_AT_MTD[variant]
    if advice.kind in ("escalate", "expand"):
        assert not levels[current].waits
        assert levels[current].evaluable >= 3
        assert levels[current].dlts <= 1


@given(situations())
def test_one_more_dlt_never_makes_the_design_bolder(
    situation: tuple[Variant, tuple[LevelCounts, ...], int, int],
) -> None:
    variant, levels, current, target = situation
    here = levels[current]
    if here.dlts == here.evaluable:
        return
    worse = LevelCounts(here.evaluable, here.dlts + 1, here.pending, here.reserved)
    more = (*levels[:current], worse, *levels[current + 1 :])
    before = recommend(variant, levels, current, target)
    after = recommend(variant, more, current, target)
    if after is not None and after.kind == "escalate":
        assert before is not None
        assert before.kind == "escalate"
