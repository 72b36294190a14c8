"""What must hold of every design along any course of a trial, subject by subject."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.count_layers import Cohorts, States, doses_selected
from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design, History, Recommendation
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm
from cohorts.exact_characteristics import exactly_computable, steps_of
from tests.cohorts.designs.course import Course

LEVELS = 4
SIZES: Any = {"max_subjects": 18, "max_per_level": 9}
BY_COUNTS: Any = {"target": Fraction(3, 10), **SIZES}
MODEL: Any = {"skeleton": (0.1, 0.2, 0.3, 0.45), "target": 0.25, **SIZES}
DESIGNS: dict[str, Design] = {
    "3+3 A": ThreePlusThree("A"),
    "3+3 B": ThreePlusThree("B"),
    "3+3 C": ThreePlusThree("C"),
    "rolling six": RollingSix(),
    "rolling six, three clear": RollingSix("three_clear"),
    "BOIN": Boin(**BY_COUNTS),
    "BOIN, cautious": Boin(extra_safe=True, bound_mtd=True, cohort_size=2, **BY_COUNTS),
    "mTPI": MTpi(**BY_COUNTS),
    "mTPI-2": MTpi2(**BY_COUNTS),
    "keyboard": Keyboard(elimination_min_evaluable=2, **BY_COUNTS),
    "i3+3": I3Plus3(cohort_size=2, **BY_COUNTS),
    "decision table": DecisionTable(
        rows=((3, "ESDU"), (6, "EESDUUU"), (9, "EEESDDUUUU")), final="highest_tolerated", **SIZES
    ),
    "CRM": Crm(**MODEL),
    "CRM, stopping": Crm(model="logistic", estimate="posterior_mean", stop_above=0.9, **MODEL),
    "TITE-BOIN": TiteBoin(Boin(**BY_COUNTS)),
    "TITE-CRM": TiteCrm(stop_above=0.9, **MODEL),
    "TITE-CRM, waiting": TiteCrm(escalate_after=Fraction(1, 2), **MODEL),
}
EVENTS = 300
WHAT = ["enter"] * 6 + ["dose"] * 6 + ["time"] * 3 + ["tell"] * 6 + ["sign"] * 4


EVERY_KIND = {"expand", "escalate", "de_escalate", "mtd", "no_tolerable_dose"}
NEVER = {
    "rolling six": {"expand"},
    "rolling six, three clear": {"expand"},
    "CRM": {"no_tolerable_dose"},
    "TITE-CRM, waiting": {"no_tolerable_dose"},
}
"""Rolling six has six places from the first; a CRM without `stop_above` always finds some dose."""


@pytest.mark.parametrize("name", DESIGNS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), start=st.integers(0, 1), toxicity=st.floats(0, 0.3))
def test_whatever_happens(name: str, seed: int, start: int, toxicity: float) -> None:
    for course in happenings(DESIGNS[name], seed, start, toxicity):
        check(course)


@pytest.mark.parametrize("name", DESIGNS)
def test_courses_reach_every_kind_of_recommendation(name: str) -> None:
    """So that the test above cannot pass by never getting anywhere."""
    seen = set()
    for seed in range(120):
        for course in happenings(DESIGNS[name], seed, seed % 2, (0.0, 0.05, 0.1, 0.2)[seed % 4]):
            seen |= {course.advice.kind} if course.advice else set()
        if seen == EVERY_KIND - NEVER.get(name, set()):
            return
    raise AssertionError(f"never: {EVERY_KIND - seen}")


@pytest.mark.parametrize("name", DESIGNS)
def test_each_design_states_what_it_does_while_windows_are_open(name: str) -> None:
    """In its docstring; that it does so is checked of every course above (`waits_as_it_says`)."""
    design = DESIGNS[name]
    said = (type(design).__doc__ or "").partition("Open windows:")[2]
    assert "review is due" in " ".join(said.split())
    decides_early = design.reads_follow_up or isinstance(design, RollingSix)
    assert said.strip().startswith("it waits.") != decides_early


def happenings(design: Design, seed: int, start: int, toxicity: float) -> Iterator[Course]:
    """The course after each of many events, until the trial ends; `toxicity` for each telling."""
    course, chance = Course(design, LEVELS, start), Random(seed)
    for _ in range(EVENTS):
        pick = chance.randrange(1000)
        match chance.choice(WHAT):
            case "enter":
                course.enter()
            case "dose":
                course.dose(pick)
            case "time":
                course.pass_time()
            case "tell":
                course.tell(pick, has_dlt=chance.random() < toxicity)
            case "sign":
                course.sign()
        if course.ended is not None:
            return
        yield course


def check(course: Course) -> None:
    """Everything that is promised of every design, here and now."""
    design, history, advice = course.design, course.history, course.advice
    places = design.places(history)
    assert places >= 0
    if design.stopped(history.levels, history.current):
        assert places == 0
    assert design.explain(history).strip()
    if advice is None:
        return
    in_range_and_of_its_kind(history, advice)
    never_over_an_eliminated_level(design, history, advice)
    if advice.kind == "escalate":
        waits_as_it_says(design, history)
        is_coherent(design, history)
    if advice.kind == "mtd":
        assert advice.level is not None
        assert history.levels[advice.level].evaluable >= design.fewest_at_mtd
    is_the_decision_in_bulk(design, history, advice)


def in_range_and_of_its_kind(history: History, advice: Recommendation) -> None:
    """A level that is there, up, down or here as the kind says; a target only to stay."""
    assert (advice.level is None) == (advice.kind == "no_tolerable_dose")
    assert (advice.target is not None) == (advice.kind == "expand")
    if advice.level is None:
        return
    assert 0 <= advice.level < len(history.levels)
    match advice.kind:
        case "expand":
            assert advice.level == history.current
            assert advice.target is not None
            assert advice.target > history.here.evaluable + len(history.here.pending)
        case "escalate":
            assert advice.level == history.current + 1
        case "de_escalate":
            assert advice.level < history.current


def never_over_an_eliminated_level(
    design: Design, history: History, advice: Recommendation
) -> None:
    """Nothing but what lies below every level that its counts rule out."""
    if advice.level is None:
        return
    for index, level in enumerate(history.levels[: advice.level + 1]):
        if isinstance(design, ThreePlusThree | RollingSix):
            assert level.dlts < 2
        by_counts = design.boin if isinstance(design, TiteBoin) else design
        if isinstance(by_counts, ByCounts) and level.evaluable:
            letter = by_counts.decision(level.evaluable, level.dlts, lowest=index == 0)
            assert letter != "U"


def waits_as_it_says(design: Design, history: History) -> None:
    """No escalation while somebody waits here, but where the design reads that."""
    if not design.reads_follow_up and not isinstance(design, RollingSix):
        assert not history.here.waits


def is_coherent(design: Design, history: History) -> None:
    """BOIN: never up with more DLTs than the target; CRM: never up straight after one."""
    here = history.here
    if isinstance(design, Boin):
        assert here.dlts <= design.target * here.evaluable
    if isinstance(design, Crm):
        assert here.dlts == here.dlts_before


def is_the_decision_in_bulk(design: Design, history: History, advice: Recommendation) -> None:
    """With a cohort complete and nobody waiting: what simulators decide for thousands at once."""
    here = history.here
    complete = here.evaluable == here.target and here.evaluable > here.evaluable_before
    if any(level.waits for level in history.levels) or not complete:
        return
    if not exactly_computable(design):
        return
    steps = steps_of(design, LEVELS)
    evaluable = np.array([[level.evaluable for level in history.levels]])
    dlts = np.array([[level.dlts for level in history.levels]])
    size, new = here.evaluable - here.evaluable_before, here.dlts - here.dlts_before
    last = Cohorts(np.array([history.current]), np.array([size]), np.array([new]))
    following = steps.after(evaluable, dlts, last)
    if advice.kind in ("mtd", "no_tolerable_dose"):
        assert following[0] < 0
        ends = States(evaluable, dlts, following, np.ones(1))
        selected = doses_selected(steps, ends)[0]
        assert selected == (0 if advice.level is None else advice.level + 1)
    else:
        assert following[0] == advice.level
