"""Simulated trials are the live decider's: equal in whole cohorts, and every one ends."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from random import Random
from typing import Any

import numpy as np
import pytest

from cohorts.designs.parameters import fields_of
from cohorts.exact_characteristics import exact_characteristics, steps_of
from cohorts.many_trials import trials_by_counts
from enrollment import commands as c
from enrollment.simulate import SimulatedTrial, simulate
from enrollment.simulate_conditions import Conditions, dlt_day, drop_day
from enrollment.simulate_summary import Mean, Spread, summary_of
from enrollment.simulate_trial import opened_trial
from enrollment.trial import Trial
from enrollment.turn import Decision
from protocols.parse import parse_protocol
from tests.enrollment.designs import TIMED
from tests.enrollment.simulated import (
    BY_COUNTS,
    LEVELS,
    TRUTH,
    VARIANTS,
    WHOLE,
    design_named,
    opened_with,
    tolerances,
)
from tests.protocols.build import protocol_text

EVERY = (*VARIANTS, *BY_COUNTS, "rolling_six", *TIMED)
ROUGH = Conditions(
    TRUTH,
    days_between=4,
    screen_failure=0.2,
    released=0.1,
    lapsed=0.1,
    not_evaluable=0.15,
    patience_days=10,
)


def one(opened: Trial, conditions: Conditions, seed: int) -> SimulatedTrial:
    return simulate(opened, conditions, Random(seed))


@pytest.mark.parametrize("kind", [*VARIANTS, *BY_COUNTS])
def test_a_trial_of_whole_cohorts_is_that_of_the_vectorised_path_to_the_last_subject(
    kind: str,
) -> None:
    opened, steps = opened_with(kind), steps_of(design_named(kind), len(LEVELS))
    sites, seeds = opened.in_force.site_ids, range(12)
    most = steps.max_subjects
    drawn = np.array([tolerances(WHOLE, sites, seed, most) for seed in seeds])
    batch = trials_by_counts(steps, drawn, TRUTH)
    for row, seed in enumerate(seeds):
        live = one(opened, WHOLE, seed)
        assert live.finished
        assert live.selected == batch.selected[row]
        assert live.subjects == live.evaluable == tuple(batch.subjects[row].tolist())
        assert live.dlts == tuple(batch.dlts[row].tolist())


@pytest.mark.parametrize("kind", [*VARIANTS, *BY_COUNTS])
def test_simulated_characteristics_are_the_exact_ones_within_sampling_error(kind: str) -> None:
    opened, design = opened_with(kind), design_named(kind)
    trials = [one(opened, WHOLE, 1_000 + seed) for seed in range(100)]
    exact = exact_characteristics(design, TRUTH, 0.25)
    planned = fields_of(design).get("max_subjects")
    found = summary_of(trials, TRUTH, 0.25, planned).characteristics
    shares = zip((*exact.select, exact.overdosing), (*found.select, found.overdosing), strict=True)
    for share, seen in shares:
        assert abs(seen - share) <= 4 * sqrt(share * (1 - share) / len(trials)) + 1e-9
    for level, expected in enumerate(exact.subjects):
        mean = Mean.of([trial.subjects[level] for trial in trials])
        assert abs(mean.value - expected) <= 4 * mean.error + 1e-9


@pytest.mark.parametrize("kind", EVERY)
def test_every_design_ends_its_trials_also_where_people_drop_out_and_places_lapse(
    kind: str,
) -> None:
    opened = opened_with(kind, stagger_days=7, site_limit=2)
    for seed in range(4):
        found = one(opened, ROUGH, seed)
        assert found.finished
        assert 0 <= found.selected <= len(LEVELS)
        assert found.selected == 0 or found.evaluable[found.selected - 1] >= 3
        assert sum(found.subjects) + found.turned_away + found.not_dosed <= found.came
        assert 0 <= found.idle_days <= found.days
        assert all(e <= n for e, n in zip(found.evaluable, found.subjects, strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"reserve_on": "consented"},
        {"signatures_required": 2},
        {"confirm_eligibility": True},
        {"waitlist_order": "round_robin", "site_limit": 1},
        {"backfill": (9, True)},
        {"backfill": (9, False)},
    ],
)
def test_other_ways_to_reserve_to_sign_and_to_backfill_are_simulated_too(
    changes: dict[str, Any],
) -> None:
    opened = opened_with("boin", **changes)
    for seed in range(3):
        found = one(opened, ROUGH, seed)
        assert found.finished
        assert sum(found.subjects) >= 3


def test_backfill_treats_more_and_turns_fewer_away() -> None:
    plain, filled = opened_with("boin"), opened_with("boin", backfill=(12, False))
    trials = [[one(each, ROUGH, seed) for seed in range(8)] for each in (plain, filled)]
    dosed = [sum(sum(trial.subjects) for trial in found) for found in trials]
    away = [sum(trial.turned_away for trial in found) for found in trials]
    assert dosed[0] < dosed[1]
    assert away[0] > away[1]


@pytest.mark.parametrize("kind", ["3+3 C", "boin", "tite_crm"])
def test_the_same_chance_gives_the_same_trial_and_other_chance_another(kind: str) -> None:
    opened = opened_with(kind)
    assert one(opened, ROUGH, 5) == one(opened, ROUGH, 5)
    assert len({one(opened, ROUGH, seed) for seed in range(6)}) == 6


def test_the_criteria_that_are_left_out_change_no_decision() -> None:
    """The same trial under one criterion, and under all of a protocol that everybody meets."""
    text = protocol_text(levels=LEVELS, criteria=everybody())
    protocol = parse_protocol(text)
    heard: list[list[str]] = [[], []]
    for own, said in zip((False, True), heard, strict=True):
        opened = opened_trial(protocol, own_criteria=own)
        simulate(opened, ROUGH, Random(1), listener(said))
    assert heard[0] == heard[1]
    assert len(heard[0]) > 50


def everybody() -> str:
    ids = [criterion.id for criterion in parse_protocol(protocol_text()).criteria]
    return "\n".join(
        f'[[criteria]]\nid = "{each}"\nfamily = "age"\ntext = "All."\nsource = "made up"\n'
        "years_min = 0\n"
        for each in dict.fromkeys(ids)
    )


def listener(said: list[str]) -> Callable[[c.JudgedRequest, Decision], None]:
    def heard(asked: c.JudgedRequest, decision: Decision) -> None:
        told = [event.model_dump(mode="json", exclude={"verdict"}) for event in decision.events]
        said.append(f"{asked.at} {asked.command.type} {decision.answer} {told}")

    return heard


def test_more_drop_out_and_fewer_people_make_trials_longer() -> None:
    opened = opened_with("3+3 B")

    def days(**changes: Any) -> float:
        under = replace(Conditions(TRUTH), **changes)
        return sum(one(opened, under, seed).days for seed in range(15))

    assert days(days_between=40) > days() > days(days_between=3)
    assert days(not_evaluable=0.4, days_between=20) > days(days_between=20)
    assert days(review_days=30) > days(review_days=0)


def test_who_does_not_wait_is_turned_away_and_who_waits_longer_less_often() -> None:
    opened = opened_with("3+3 B")
    waits = [Conditions(TRUTH, days_between=5, patience_days=days) for days in (0, 14, 400)]
    away = [sum(one(opened, each, seed).turned_away for seed in range(10)) for each in waits]
    assert away[0] > away[1]
    assert away[2] > 0, "who still waits when Phase I ends waited in vain"


def test_a_trial_that_nobody_comes_to_is_unfinished_and_in_no_mean() -> None:
    opened = opened_with("3+3 B")
    nobody = Conditions(TRUTH, arrivals="fixed", days_between=500, most_days=400)
    found = one(opened, nobody, 0)
    assert not found.finished
    assert found.days >= 400
    assert found.idle_days == 0, "a place stood free all the time"
    with pytest.raises(ValueError, match="no simulated trial ended"):
        summary_of([found], TRUTH, 0.25, None)
    both = summary_of([found, one(opened, WHOLE, 1)], TRUTH, 0.25, None)
    assert (both.trials, both.unfinished) == (2, 1)


def test_a_truth_for_another_number_of_levels_is_refused() -> None:
    with pytest.raises(ValueError, match="2 true probabilities for 4 levels"):
        one(opened_with("3+3 B"), Conditions((0.1, 0.2)), 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"truth": (0.1, 1.2)}, "from 0 to 1"),
        ({"screen_failure": 1.0}, "nobody ever enters"),
        ({"not_evaluable": -0.1}, "not_evaluable is a probability"),
        ({"released": 0.5, "lapsed": 0.5}, "nobody who is dosed"),
        ({"review_days": -1}, "review_days is a number of days"),
        ({"days_between": 0.0}, "days_between"),
        ({"most_days": 0}, "most_days"),
    ],
)
def test_conditions_that_cannot_be_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Conditions(**({"truth": TRUTH} | changes))


def test_onsets_follow_the_stated_law() -> None:
    chance = Random(3)
    days = [dlt_day(chance.random(), 28, 0.7) for _ in range(20_000)]
    assert (min(days), max(days)) == (1, 28)
    late = sum(day > 14 for day in days) / len(days)
    assert abs(late - 0.7) < 4 * sqrt(0.7 * 0.3 / len(days))
    assert [dlt_day(u, 28, 0.5) for u in (0.0, 0.5, 0.99)] == [1, 14, 28]
    assert {dlt_day(u / 10, 21, 1) for u in range(10)} == {21}
    assert {dlt_day(u / 10, 21, 0) for u in range(10)} == {1}
    assert {drop_day(u / 100, 5) for u in range(100)} == {1, 2, 3, 4, 5}


def test_means_and_quantiles_are_the_textbook_ones() -> None:
    mean = Mean.of([1, 2, 3, 4])
    assert mean.value == 2.5
    assert mean.error == pytest.approx(sqrt(5 / 3 / 4))
    spread = Spread.of([4, 1, 3, 2, 5])
    assert (spread.low, spread.median, spread.high) == pytest.approx((1.4, 3, 4.6))
