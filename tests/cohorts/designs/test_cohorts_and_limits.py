"""How designs by counts fill cohorts, keep to their limits, end, and what rests on counts (R10)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.design import History, LevelHistory, Recommendation

HALF = Fraction(1, 2)
BOIN = Boin(target=Fraction("0.3"), max_subjects=30, max_per_level=12)
QUARTER = Boin(target=Fraction("0.25"), max_subjects=30, max_per_level=12)
UNTRIED = LevelHistory()
NONE = Recommendation("no_tolerable_dose", None)


def done(evaluable: int, dlts: int) -> LevelHistory:
    return LevelHistory(evaluable=evaluable, dlts=dlts, target=evaluable)


def level(
    evaluable: int, dlts: int, pending: int = 0, reserved: int = 0, target: int = 3
) -> LevelHistory:
    return LevelHistory(evaluable, dlts, (HALF,) * pending, reserved, target)


@pytest.mark.parametrize(
    ("levels", "current", "target"),
    [
        ((UNTRIED,), 0, 3),
        ((done(3, 0), UNTRIED), 1, 3),
        ((done(6, 0), level(3, 2, pending=2)), 1, 8),  # Pending subjects stay, a cohort joins.
        ((done(11, 2), UNTRIED), 0, 12),  # Twelve at most at a level.
        ((done(12, 2), UNTRIED), 0, 12),
        ((done(12, 0), done(12, 0), done(4, 0), UNTRIED), 3, 2),  # Two are left of thirty.
    ],
)
def test_a_level_opens_for_a_cohort_within_the_limits(
    levels: tuple[LevelHistory, ...], current: int, target: int
) -> None:
    assert BOIN.opening_target(levels, current) == target


@pytest.mark.parametrize(
    ("here", "places"),
    [
        (level(0, 0), 3),
        (level(1, 0, pending=1), 1),
        (level(1, 0, pending=1, reserved=1), 0),
        (level(4, 0), 0),  # One too many was dosed: never below 0.
        (level(2, 2), 0),  # At best 2 in 3.
    ],
)
def test_places_are_what_is_left_of_the_cohort(here: LevelHistory, places: int) -> None:
    assert BOIN.places(History((done(3, 0), here), 1)) == places


@pytest.mark.parametrize(
    ("levels", "current"),
    [
        ((level(2, 0), UNTRIED), 0),
        ((level(2, 0, pending=1), UNTRIED), 0),
        ((level(2, 0, reserved=1), UNTRIED), 0),
        ((level(3, 0, pending=1), UNTRIED), 0),
        ((level(3, 0, pending=1, target=4), done(3, 0)), 1),  # A backfilled subject at a lower one.
        ((done(3, 0), done(3, 1), level(2, 2, pending=1)), 1),  # Of the level it went down from.
    ],
)
def test_nothing_is_recommended_while_anybody_waits(
    levels: tuple[LevelHistory, ...], current: int
) -> None:
    assert BOIN.recommend(History(levels, current)) is None


def test_an_overfull_cohort_is_decided_on_whole() -> None:
    assert BOIN.recommend(History((level(4, 1), UNTRIED), 0)) == Recommendation("expand", 0, 7)
    assert BOIN.recommend(History((level(5, 1), UNTRIED), 0)) == Recommendation("escalate", 1)


@pytest.mark.parametrize(
    ("here", "stops"),
    [
        (level(1, 1), False),  # 1 in 3 would stay at a target of 0.30.
        (level(2, 2), True),
        (level(1, 1, pending=2), False),
        (level(2, 2, pending=1), True),
        (level(5, 3, target=6), True),
        (level(5, 2, pending=1, target=6), False),
    ],
)
def test_a_level_that_can_only_go_down_stops_at_once(here: LevelHistory, stops: bool) -> None:
    history = History((done(3, 0), here, UNTRIED), 1)
    assert BOIN.stopped(history.levels, 1) is stops
    expected = Recommendation("de_escalate", 0) if stops else None
    assert BOIN.recommend(history) == expected


def test_one_dlt_stops_a_cohort_of_three_at_a_target_of_a_quarter() -> None:
    """1 in 3 is over 0.298: nobody else need be dosed there."""
    history = History((done(3, 0), level(1, 1, reserved=2), UNTRIED), 1)
    assert QUARTER.places(history) == 0
    assert QUARTER.recommend(history) == Recommendation("de_escalate", 0)
    lowest = History((level(1, 1, reserved=2), UNTRIED), 0)
    assert QUARTER.recommend(lowest) is None, "at the lowest dose, down means stay"


def test_a_cohort_opened_where_only_down_is_left_is_filled_until_a_further_dlt() -> None:
    """As BOIN is published: 2 in 3, then up again, at best 2 in 6, over 0.298."""
    again = reopened(level(3, 2, target=6))
    assert QUARTER.places(again) == 3
    assert QUARTER.recommend(again) is None
    reserved = reopened(level(3, 2, reserved=3, target=6))
    assert not QUARTER.stopped(reserved.levels, 1), "or its places would come and go"
    dosed = reopened(level(3, 2, pending=3, target=6))
    assert QUARTER.recommend(dosed) == Recommendation("de_escalate", 0), "whatever they turn out"
    worse = reopened(level(4, 3, target=6))
    assert QUARTER.places(worse) == 0
    assert QUARTER.recommend(worse) == Recommendation("de_escalate", 0)


def reopened(here: LevelHistory) -> History:
    """The second level, to which the trial came back when it had 2 DLTs in 3."""
    return History((done(6, 0), replace(here, evaluable_before=3, dlts_before=2)), 1)


@pytest.mark.parametrize(
    ("levels", "current", "advice"),
    [
        ((done(3, 3), UNTRIED), 0, NONE),
        ((done(6, 3), UNTRIED), 0, Recommendation("expand", 0, 9)),
        ((done(3, 0), done(3, 3)), 1, Recommendation("de_escalate", 0)),
        ((done(6, 0), done(3, 3)), 0, Recommendation("expand", 0, 9)),  # Not into an eliminated.
        ((done(6, 0), done(3, 3), done(3, 0)), 0, Recommendation("expand", 0, 9)),
        ((done(3, 0), done(3, 3), done(3, 0)), 2, Recommendation("de_escalate", 0)),
        ((done(3, 3), done(3, 0), level(0, 0, pending=3)), 2, NONE),
    ],
)
def test_an_eliminated_dose_and_all_above_are_out(
    levels: tuple[LevelHistory, ...], current: int, advice: Recommendation
) -> None:
    assert BOIN.recommend(History(levels, current)) == advice


def test_what_known_outcomes_eliminate_is_closed_though_the_pending_may_save_it() -> None:
    """3 in 3 eliminates, 3 in 6 does not: nobody enters, and the answer waits."""
    history = History((level(3, 3, pending=3, target=9), UNTRIED), 0)
    assert BOIN.stopped(history.levels, 0)
    assert BOIN.places(history) == 0
    assert BOIN.recommend(history) is None
    saved = History((level(6, 3, target=6), UNTRIED), 0)
    assert BOIN.recommend(saved) == Recommendation("expand", 0, 9)
    certain = History((level(3, 3, pending=1, target=9), UNTRIED), 0)
    assert BOIN.recommend(certain) == NONE, "3 in 4 eliminates too"


@pytest.mark.parametrize(
    ("levels", "current", "advice"),
    [
        ((done(12, 3), UNTRIED), 0, Recommendation("mtd", 0)),  # Staying, at the most per level.
        ((done(12, 1),), 0, Recommendation("mtd", 0)),
        ((done(12, 1), UNTRIED), 0, Recommendation("escalate", 1)),
        ((done(12, 2), done(12, 6)), 1, Recommendation("mtd", 0)),  # No room below either.
        ((done(12, 1), done(6, 1), done(12, 4)), 2, Recommendation("mtd", 2)),
        ((done(12, 0), done(12, 1), done(6, 1)), 2, Recommendation("mtd", 2)),  # Thirty.
        ((done(12, 0), done(12, 1), done(6, 0), UNTRIED), 2, Recommendation("mtd", 2)),
        ((done(12, 0), done(12, 1), level(5, 0, pending=1)), 2, None),
        ((done(12, 0), done(12, 1), level(6, 1, target=9)), 2, Recommendation("mtd", 2)),
        ((done(12, 4), done(12, 5), done(4, 0), done(2, 1)), 3, Recommendation("mtd", 2)),
        ((done(12, 12), done(12, 12), done(6, 0)), 2, NONE),
    ],
)
def test_it_ends_at_its_limits_by_the_final_rule(
    levels: tuple[LevelHistory, ...], current: int, advice: Recommendation | None
) -> None:
    assert BOIN.recommend(History(levels, current)) == advice


@pytest.mark.parametrize(
    ("below", "allowed"),
    [
        (done(3, 0), True),
        (done(3, 1), False),  # A late DLT: these counts would stay.
        (done(6, 1), True),
        (done(6, 2), False),
        (done(2, 0), False),  # A correction opened a window again.
        (done(3, 3), False),
    ],
)
def test_a_higher_level_rests_on_counts_that_escalate(below: LevelHistory, allowed: bool) -> None:
    assert BOIN.allows_above([below, done(3, 0)], 0) is allowed


@pytest.mark.parametrize(
    ("levels", "mtd", "allowed"),
    [
        ((done(3, 0), done(6, 2)), 1, True),
        ((done(3, 0), done(6, 2)), 0, True),  # A signature may have chosen a lower one.
        ((done(3, 0), done(6, 5)), 1, False),
        ((done(3, 0), done(6, 3)), 1, True),
        ((done(6, 1), done(9, 5)), 1, False),  # The estimates now favour the lower level.
        ((done(3, 3), done(6, 1)), 1, False),
        ((done(3, 0), done(2, 0)), 1, False),
    ],
)
def test_a_declared_mtd_rests_on_the_final_rule(
    levels: tuple[LevelHistory, ...], mtd: int, allowed: bool
) -> None:
    assert BOIN.allows_mtd(levels, mtd) is allowed
