"""Futures of a live trial: they begin where it stands, never before now; or why there are none."""

from datetime import datetime, timedelta
from random import Random

import pytest

from cohorts.levels import LevelCounts
from enrollment.copying import replace
from enrollment.simulate_conditions import Conditions
from enrollment.simulate_course import Course
from enrollment.simulate_forward import (
    Future,
    basis_of,
    drawn_truth,
    future,
    rising,
    too_little,
)
from enrollment.trial import Trial, new_trial
from tests.enrollment.designs import TIMED
from tests.enrollment.simulated import BY_COUNTS, TRUTH, opened_with
from tests.enrollment.spec import Story, opened

DAY = timedelta(days=1)
BUSY = Conditions(TRUTH, days_between=4, not_evaluable=0.1, released=0.1)


def midway(kind: str, days: int, seed: int = 2, conditions: Conditions = BUSY) -> Trial:
    """A trial as it stands so many days after its opening."""
    begun = opened_with(kind)
    course = Course(begun, conditions, Random(seed))
    course.expect_arrival(begun.time)
    course.run(lambda: course.over or course.now >= begun.time + days * DAY)
    return course.trial


def futures(trial: Trial, now: datetime, number: int = 6) -> list[Future]:
    assert too_little(trial, now) is None
    basis = basis_of(trial, now)
    return [future(trial, basis, now, Random(seed)) for seed in range(number)]


@pytest.mark.parametrize("days", [42, 75])
@pytest.mark.parametrize("kind", ["3+3 B", "rolling_six", *BY_COUNTS, *TIMED])
def test_under_every_design_futures_begin_now_and_end(kind: str, days: int) -> None:
    trial = midway(kind, days)
    now = trial.time + timedelta(hours=5)
    for found in futures(trial, now, 2):
        assert found.place_at is None or found.place_at >= now
        assert found.ends_at is not None
        assert found.ends_at > now


def test_the_same_chance_is_the_same_future_and_the_trial_stays_as_it_was() -> None:
    trial = midway("boin", 50)
    before = (trial.time, trial.levels, trial.subjects)
    assert futures(trial, trial.time) == futures(trial, trial.time)
    assert len(set(futures(trial, trial.time))) > 1
    assert (trial.time, trial.levels, trial.subjects) == before


def waiting_for_the_last_word() -> Story:
    """Three dosed on 22 February whose windows ended on 15 March, nobody confirmed; two wait."""
    story = opened()
    for who in ("A", "B", "C", "D", "E"):
        story.form(who)
    for who in ("A", "B", "C"):
        story.dose(who)
    return story.at("03-15 15:00")


def test_windows_that_have_ended_clear_and_the_next_place_is_that_of_the_level_above() -> None:
    trial = waiting_for_the_last_word()
    found = futures(trial.state, trial.now, 5)
    # Reported on the day after the end, 16 March at noon; signed three days later.
    noon = trial.at("03-19 12:00").now
    assert {each.place_at for each in found} == {noon}


def test_a_free_place_is_there_now() -> None:
    story = opened()
    for number in range(5):
        story.form(f"A{number}", on="02-22")
    story.at("03-15 15:00").tick()
    assert story.places("L1") > 0, "reservations have expired"
    assert {each.place_at for each in futures(story.state, story.now, 3)} == {story.now}


def test_a_trial_that_waits_for_its_last_signature_ends_with_it() -> None:
    story = opened()
    for who in ("A", "B", "C", "D", "E", "F"):
        story.form(who)
    for who in ("A", "B"):
        story.dose(who)
    story.at("02-25 15:00").dlt("A", "02-25")
    story.dlt("B", "02-25")
    assert story.review() == ("no_tolerable_dose", None)
    story.at("03-20 15:00").tick()
    found = futures(story.state, story.now, 4)
    assert {each.ends_at for each in found} == {story.at("03-23 15:00").now}


def test_too_little_is_said_with_the_limit() -> None:
    trial = new_trial("T1")
    assert too_little(trial, trial.time) == "The trial is not open."
    story = opened()
    for number in range(4):
        story.form(f"A{number}")
    said = too_little(story.state, story.at("03-20 15:00").now)
    assert said is not None
    assert said.startswith("Too little data: 4 eligible subjects in 26 days; a forecast needs 5")
    story.at("02-22 10:00").form("A4")
    said = too_little(story.state, story.at("03-07 15:00").now)
    assert said is not None
    assert "5 eligible subjects in 13 days" in said
    assert "14 days ago or longer" in said
    assert too_little(story.state, story.at("03-08 15:00").now) is None


def test_what_people_must_decide_is_not_forecast() -> None:
    story = waiting_for_the_last_word()
    story.suspend()
    said = too_little(story.state, story.now)
    assert said is not None
    assert "suspended" in said
    ended = midway("3+3 B", 3_000)
    assert ended.phase1 == "closed"
    assert too_little(ended, ended.time) == "Phase I is closed."


def test_the_basis_is_the_trials_own_history() -> None:
    story = opened(at="02-22 09:00")
    for who in ("A", "B", "C"):
        story.form(who)
    story.at("02-24 10:00").dose("A")
    story.dose("B")
    story.release("C")
    story.form("D")
    story.at("02-25 10:00").dose("D")
    story.at("03-01 10:00").withdraw("B")
    story.form("E")
    story.at("03-20 15:00").tick()
    found = basis_of(story.state, story.now)
    assert (found.eligible, found.days, found.days_to_dose) == (5, 26, 2)
    assert found.released == 1 / 6, "one of five that ended, and one more"
    assert found.lapsed == 1 / 6
    assert found.not_evaluable == 1 / 2, "one of one that is known, and one more"


def test_drawn_truths_rise_and_follow_what_was_seen() -> None:
    trial = opened_with("boin")
    many = LevelCounts(evaluable=400, dlts=80)
    levels = (trial.levels[0], replace(trial.levels[1], counts=many), *trial.levels[2:])
    trial = replace(trial, levels=levels)
    drawn = [drawn_truth(trial, Random(seed)) for seed in range(400)]
    assert all(tuple(sorted(each)) == each for each in drawn)
    assert all(0 <= p <= 1 for each in drawn for p in each)
    second = sum(each[1] for each in drawn) / len(drawn)
    assert abs(second - 0.2) < 0.02


def test_neighbours_that_fall_are_pooled_by_their_weights() -> None:
    assert rising([0.1, 0.2, 0.3], [1, 1, 1]) == (0.1, 0.2, 0.3)
    assert rising([0.4, 0.1, 0.3], [1, 2, 5]) == pytest.approx((0.2, 0.2, 0.3))
    assert rising([0.6, 0.3, 0.0], [1, 1, 4]) == pytest.approx((0.15, 0.15, 0.15))


def ended_inside(begun: Trial, seed: int) -> bool | None:
    """Whether a trial ends within the interval given after 60 days; none where none was given."""
    chance = Random(seed)
    under = Conditions(drawn_truth(begun, chance), days_between=7, patience_days=28)
    course = Course(begun, under, chance)
    course.expect_arrival(begun.time)
    course.run(lambda: course.over or course.now >= begun.time + 60 * DAY)
    trial, now = course.trial, course.now
    if too_little(trial, now) is not None:
        return None
    ends = sorted(each.ends_at for each in futures(trial, now, 29) if each.ends_at is not None)
    assert len(ends) == 29
    course.run(lambda: course.over)
    assert course.closed_at is not None
    return ends[2] <= course.closed_at <= ends[-3]


def test_about_eighty_of_a_hundred_trials_end_within_the_interval_of_eighty_percent() -> None:
    """Their truth and accrual are as the forecast takes them to be."""
    begun = opened_with("3+3 B")
    found = [ended_inside(begun, seed) for seed in range(30)]
    asked = [inside for inside in found if inside is not None]
    assert len(asked) >= 20
    assert 0.6 <= sum(asked) / len(asked) <= 0.97
