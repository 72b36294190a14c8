"""What must hold of every design by counts, in any situation, and along whole trials."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2

THIRD, HALF = Fraction("0.3"), Fraction(1, 2)
BOIN = Boin(target=THIRD, max_subjects=36, max_per_level=12)
QUARTER = Boin(target=Fraction("0.25"), max_subjects=36, max_per_level=12, extra_safe=True)
DESIGNS: list[ByCounts] = [
    BOIN,
    QUARTER,
    Boin(target=Fraction("0.2"), cohort_size=1, max_subjects=30, max_per_level=7),
    MTpi(target=THIRD, max_subjects=36, max_per_level=12),
    MTpi2(target=Fraction("0.25"), max_subjects=30, max_per_level=9),
    Keyboard(target=THIRD, max_subjects=36, max_per_level=12),
    I3Plus3(target=THIRD, cohort_size=2, max_subjects=36, max_per_level=12),
    DecisionTable(
        rows=((3, "ESDU"), (6, "EESDUUU"), (9, "EEESDUUUUU")),
        final="highest_tolerated",
        max_subjects=36,
        max_per_level=9,
    ),
]
DOWN = ("de_escalate", "no_tolerable_dose")


@st.composite
def counts(draw: st.DrawFn, pending: int, reserved: int) -> LevelHistory:
    evaluable = draw(st.sampled_from([0, 2, 3, 3, 4, 6, 6, 9]))
    dlts = draw(st.sampled_from([0, 1, evaluable // 3, evaluable // 2, evaluable]))
    dlts = min(dlts, evaluable)
    before = draw(st.integers(0, evaluable))
    dlts_before = draw(st.integers(max(0, dlts - (evaluable - before)), min(before, dlts)))
    target = evaluable + draw(st.sampled_from([0, 0, 1, 3, pending]))
    return LevelHistory(evaluable, dlts, (HALF,) * pending, reserved, target, before, dlts_before)


@st.composite
def histories(draw: st.DrawFn) -> History:
    size = draw(st.integers(1, 5))
    current = draw(st.integers(0, size - 1))
    quiet = draw(st.booleans())
    pending = st.just(0) if quiet else st.sampled_from([0, 0, 1, 3])
    reserved = 0 if quiet else draw(st.sampled_from([0, 0, 1, 2]))
    levels = [
        draw(counts(draw(pending), reserved if index == current else 0))
        if index <= current or draw(st.booleans())
        else LevelHistory()
        for index in range(size)
    ]
    return History(tuple(levels), current)


designs = st.sampled_from(DESIGNS)


def total(history: History) -> int:
    return sum(level.enrolled for level in history.levels)


@given(designs, histories())
def test_no_eliminated_dose_is_recommended_nor_a_place_too_many(
    design: ByCounts, history: History
) -> None:
    places, advice = design.places(history), design.recommend(history)
    assert places >= 0
    if places:
        assert not design.stopped(history.levels, history.current)
        assert total(history) + places <= design.max_subjects
        assert history.here.enrolled + places <= design.max_per_level
    if advice is not None and advice.level is not None:
        assert advice.level <= history.current + 1 or advice.kind == "mtd"
        for lower in range(advice.level + 1):
            assert design.letter_at(history.levels, lower) != "U"


@given(designs, histories())
def test_boldness_waits_for_every_outcome_of_a_complete_cohort(
    design: ByCounts, history: History
) -> None:
    advice = design.recommend(history)
    if advice is not None and advice.kind in ("escalate", "expand", "mtd"):
        assert not any(level.waits for level in history.levels)
        full = total(history) >= design.max_subjects
        stopped = design.stopped(history.levels, history.current)
        assert history.here.evaluable >= history.here.target or full or stopped
    if advice is not None and advice.kind == "escalate":
        assert design.allows_above(history.levels, history.current) or (
            history.here.evaluable < design.cohort_size
        )
    if advice is not None and advice.kind == "mtd":
        assert advice.level is not None
        assert history.levels[advice.level].evaluable >= 3
        assert design.allows_mtd(history.levels, advice.level)


@given(designs, histories())
def test_a_stopped_level_with_nobody_waiting_gets_an_answer(
    design: ByCounts, history: History
) -> None:
    if not design.stopped(history.levels, history.current):
        return
    assert design.places(history) == 0
    advice = design.recommend(history)
    if not any(level.waits for level in history.levels):
        assert advice is not None
    if advice is not None:
        assert advice.kind in (*DOWN, "mtd")


@given(designs, histories())
def test_what_is_recommended_opens_places_and_is_not_undone_at_once(
    design: ByCounts, history: History
) -> None:
    advice = design.recommend(history)
    if advice is None or advice.kind in ("mtd", "no_tolerable_dose"):
        return
    after = opened(design, closed(history), advice)
    assert design.places(after) > 0
    assert design.recommend(after) is None


def closed(history: History) -> History:
    """The same, with the reservations of the current level recalled."""
    levels = list(history.levels)
    levels[history.current] = replace(history.here, reserved=0)
    return History(tuple(levels), history.current)


def opened(design: ByCounts, history: History, advice: Recommendation) -> History:
    """What is recommended, signed: a new cohort begins at its level."""
    assert advice.level is not None
    levels = list(history.levels)
    here = levels[advice.level]
    target = design.opening_target(levels, advice.level)
    assert advice.target in (None, target)
    levels[advice.level] = replace(
        here, target=target, evaluable_before=here.evaluable, dlts_before=here.dlts
    )
    return History(tuple(levels), advice.level)


@given(designs, histories())
def test_certain_is_what_holds_for_all_outcomes(design: ByCounts, history: History) -> None:
    """Each pending subject may have a DLT, be cleared, or not be evaluable and be replaced."""
    history = closed(history)
    here, current = history.here, history.current
    if not design.certain_to_go_down(history.levels, current):
        return
    down = ("U",) if current == 0 else ("D", "U")
    for outcomes in product("TN-", repeat=len(here.pending)):
        evaluable = here.evaluable + len(outcomes) - outcomes.count("-")
        dlts = here.dlts + outcomes.count("T")
        if evaluable < here.target and not design.eliminated(history.levels, current):
            evaluable = here.target  # Replaced, and all who are still to come are clear.
        assert design.decision(evaluable, dlts, lowest=current == 0) in down


@given(designs, st.data())
def test_every_prefix_of_a_live_trial_leads_to_the_decision_of_the_batch(
    design: ByCounts, data: st.DataObject
) -> None:
    """Outcomes come one by one: nothing is advised before the last, or what the last confirms."""
    history = start(design, data.draw(st.integers(1, 5)))
    for _ in range(60):
        size = history.here.target - history.here.evaluable
        assert size == design.places(history) > 0
        outcomes = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        batch = design.recommend(cohort(history, outcomes, known=size))
        assert batch is not None
        for known in range(size):
            early = design.recommend(cohort(history, outcomes, known=known))
            assert early in (None, batch), "a decision with open outcomes holds whatever they are"
        history = cohort(history, outcomes, known=size)
        assert design.places(history) == 0
        assert design.explain(history)
        if batch.kind in ("mtd", "no_tolerable_dose"):
            assert total(history) <= design.max_subjects
            return
        history = opened(design, history, batch)
    raise AssertionError("the trial does not end")


def start(design: ByCounts, doses: int) -> History:
    levels = (LevelHistory(),) * doses
    return opened(design, History(levels, 0), Recommendation("escalate", 0))


def cohort(history: History, outcomes: list[bool], known: int) -> History:
    """The current level with a whole cohort dosed, so many of its outcomes known."""
    here = replace(
        history.here,
        evaluable=history.here.evaluable + known,
        dlts=history.here.dlts + sum(outcomes[:known]),
        pending=(HALF,) * (len(outcomes) - known),
    )
    levels = (*history.levels[: history.current], here, *history.levels[history.current + 1 :])
    return History(levels, history.current)


@pytest.mark.parametrize("design", DESIGNS[:-1], ids=lambda design: design.name)
def test_a_rate_over_the_target_never_escalates_and_one_under_it_never_goes_down(
    design: ByCounts,
) -> None:
    """Long-memory coherence (Liu and Yuan 2015, theorem 1)."""
    assert design.isotonic_rule is not None
    target = design.isotonic_rule[0]
    for n in range(1, 31):
        for dlts in range(n + 1):
            letter = design.decision(n, dlts)
            if Fraction(dlts, n) > target:
                assert letter != "E", (n, dlts)
            if Fraction(dlts, n) < target:
                assert letter not in ("D", "U"), (n, dlts)
