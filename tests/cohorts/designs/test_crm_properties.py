"""What must hold of CRM and TITE-CRM in any situation, reachable or not."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.designs.crm import Crm
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.tite_crm import TiteCrm

CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
CAUTION = ("no_tolerable_dose", "de_escalate")


@st.composite
def levels_of(draw: st.DrawFn) -> LevelHistory:
    evaluable = draw(st.integers(0, 9))
    dlts = draw(st.integers(0, evaluable))
    before = draw(st.integers(0, evaluable))
    parts = st.fractions(0, 1, max_denominator=28)
    return LevelHistory(
        evaluable=evaluable,
        dlts=dlts,
        pending=tuple(draw(st.lists(parts, max_size=draw(st.sampled_from([0, 0, 3]))))),
        reserved=draw(st.sampled_from([0, 0, 0, 1, 2])),
        target=draw(st.integers(0, 12)),
        evaluable_before=before,
        dlts_before=draw(st.integers(0, min(before, dlts))),
    )


@st.composite
def designs(draw: st.DrawFn) -> Crm:
    parameters: dict[str, Any] = {
        "skeleton": CHEUNG,
        "target": draw(st.sampled_from([0.2, 0.25, 0.3])),
        "max_subjects": draw(st.sampled_from([12, 24, 30])),
        "max_per_level": draw(st.sampled_from([6, 12])),
        "cohort_size": draw(st.sampled_from([1, 3])),
        "model": draw(st.sampled_from(["empiric", "logistic"])),
        "estimate": draw(st.sampled_from(["plug_in", "posterior_mean"])),
        "stop_above": draw(st.sampled_from([None, 0.9])),
    }
    if draw(st.booleans()):
        return TiteCrm(
            **parameters, escalate_after=draw(st.sampled_from([Fraction(0), Fraction(1, 2)]))
        )
    return Crm(**parameters)


@st.composite
def situations(draw: st.DrawFn) -> History:
    levels = draw(st.lists(levels_of(), min_size=5, max_size=5))
    return History(tuple(levels), draw(st.integers(0, 4)))


@given(designs(), situations())
def test_no_level_is_skipped_and_none_opened_straight_after_a_dlt(
    design: Crm, history: History
) -> None:
    advice = design.recommend(history)
    if advice is None or advice.kind != "escalate":
        return
    assert advice.level == history.current + 1
    assert history.here.dlts == history.here.dlts_before
    assert history.here.reserved == 0
    if not design.reads_follow_up:
        assert not any(level.waits for level in history.levels)


@given(designs(), situations())
def test_places_are_never_negative_nor_over_any_limit(design: Crm, history: History) -> None:
    here, total = history.here, sum(level.enrolled for level in history.levels)
    places = design.places(history)
    assert places >= 0
    if places:
        assert here.enrolled + places <= min(here.target, design.max_per_level)
        assert total + places <= design.max_subjects
        assert not design.stopped(history.levels, history.current)
    for level in range(5):
        there = history.levels[level]
        target = design.opening_target(history.levels, level)
        present = there.evaluable + len(there.pending)
        assert present <= target <= present + design.cohort_size


@given(designs(), situations())
def test_a_recommendation_can_be_followed(design: Crm, history: History) -> None:
    """A level named for treatment has room; an MTD has three evaluable and nobody waits."""
    advice = design.recommend(history)
    if advice is None:
        return
    if advice.kind == "no_tolerable_dose":
        assert advice.level is None
        return
    assert advice.level is not None
    there = history.levels[advice.level]
    if advice.kind == "mtd":
        assert there.evaluable >= design.fewest_at_mtd
        assert not any(level.waits for level in history.levels)
        return
    room = design.opening_target(history.levels, advice.level)
    assert room > there.evaluable + len(there.pending)
    assert (advice.kind == "expand") == (advice.level == history.current)
    assert advice.target == (room if advice.kind == "expand" else None)


@given(designs(), situations())
def test_one_more_dlt_never_makes_it_bolder(design: Crm, history: History) -> None:
    here = history.here
    if here.dlts == here.evaluable:
        return
    worse = replace(here, dlts=here.dlts + 1)
    levels = list(history.levels)
    levels[history.current] = worse
    before, after = (
        design.recommend(history),
        design.recommend(replace(history, levels=tuple(levels))),
    )
    if before is not None and after is not None and "mtd" not in (before.kind, after.kind):
        assert _boldness(after) <= _boldness(before)
    assert design.stopped(levels, history.current) or not design.stopped(
        history.levels, history.current
    )


def _boldness(advice: Recommendation) -> int:
    return -1 if advice.level is None else advice.level


@settings(max_examples=60)
@given(designs(), situations())
def test_what_is_certain_holds_however_the_open_outcomes_turn_out(
    design: Crm, history: History
) -> None:
    """A stop with open windows is what every completion of the cohort asks for too."""
    here = history.here
    levels = [replace(level, pending=(), reserved=0) for level in history.levels]
    open_here = max(here.target, here.enrolled) - here.evaluable
    if open_here > 4 or any(
        level.pending for index, level in enumerate(history.levels) if index != history.current
    ):
        return
    advice = design.at_once(history)
    if advice is None:
        return
    for outcomes in product((0, 1), repeat=open_here):
        levels[history.current] = replace(
            here,
            evaluable=here.evaluable + open_here,
            dlts=here.dlts + sum(outcomes),
            pending=(),
            reserved=0,
        )
        found = design.posterior(levels)
        assert design.too_toxic(found) or design.dose(found) < history.current


@given(designs(), st.data())
def test_live_is_the_batch_decision_on_every_prefix(design: Crm, data: st.DataObject) -> None:
    """A cohort that comes in one by one, in any order, ends where the whole cohort does.

    Before it is complete there is nothing, or what is certain already: never bolder than the end.
    """
    levels = [LevelHistory() for _ in CHEUNG]
    current = 0
    for _ in range(data.draw(st.integers(1, 6))):
        now = levels[current]
        target = design.opening_target(levels, current)
        opened = replace(now, target=target, evaluable_before=now.evaluable, dlts_before=now.dlts)
        outcomes = data.draw(
            st.lists(
                st.booleans(), min_size=target - now.evaluable, max_size=target - now.evaluable
            )
        )
        batch = replace(opened, evaluable=target, dlts=now.dlts + sum(outcomes))
        levels[current] = batch
        decided = design.recommend(History(tuple(levels), current))
        assert decided is not None
        for known in range(len(outcomes)):
            levels[current] = replace(
                opened,
                evaluable=now.evaluable + known,
                dlts=now.dlts + sum(outcomes[:known]),
                reserved=data.draw(st.integers(0, len(outcomes) - known)),
            )
            early = design.recommend(History(tuple(levels), current))
            if early is not None:
                assert early.kind in (*CAUTION, "mtd")
                assert _boldness(decided) <= _boldness(early)
        levels[current] = batch
        if decided.kind in ("mtd", "no_tolerable_dose"):
            return
        assert decided.level is not None
        current = decided.level


@given(designs(), situations())
def test_there_is_always_one_sentence(design: Crm, history: History) -> None:
    said = design.explain(history)
    assert said
    assert "\n" not in said
    advice = design.recommend(history)
    if advice is None:
        assert "waiting for" in said
    elif advice.level is not None:
        assert said.endswith(f"level {advice.level + 1}")
    else:
        assert said.endswith("no tolerable dose")
