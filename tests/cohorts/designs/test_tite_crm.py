"""TITE-CRM: Cheung's example, what open windows say, when it waits and when it does not."""

from fractions import Fraction
from typing import Any

import pytest

from cohorts.designs.crm import Crm
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.tite_crm import TiteCrm

CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
LIMITS: dict[str, Any] = {
    "skeleton": CHEUNG,
    "target": 0.25,
    "max_subjects": 30,
    "max_per_level": 30,
}
TITE = TiteCrm(**LIMITS)
UNTRIED = LevelHistory()


def windows(*parts: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(part) for part in parts)


def history(current: int, *levels: LevelHistory) -> History:
    return History((*levels, *[UNTRIED] * (5 - len(levels))), current)


def test_cheungs_example_of_four_open_windows() -> None:
    """Four at level 3, followed for 73, 66, 35 and 28 of 126 days: beta 0.49, next level 4."""
    open_windows = windows("73/126", "66/126", "35/126", "28/126")
    levels = history(2, UNTRIED, UNTRIED, LevelHistory(pending=open_windows, target=4))
    assert f"{TITE.posterior(levels.levels).beta_mean:.8f}" == "0.49077910"
    assert TITE.recommend(levels) == Recommendation("escalate", 3)


def test_windows_at_their_end_are_the_crm_and_at_their_beginning_say_nothing() -> None:
    ended = (LevelHistory(evaluable=2, dlts=1, pending=windows("1", "1"), target=4), UNTRIED)
    begun = (LevelHistory(evaluable=2, dlts=1, pending=windows("0", "0"), target=4), UNTRIED)
    two = TiteCrm(**(LIMITS | {"skeleton": (0.1, 0.3)}))
    plain = Crm(**(LIMITS | {"skeleton": (0.1, 0.3)}))
    counted = (LevelHistory(evaluable=4, dlts=1), UNTRIED)
    assert two.posterior(ended) == plain.posterior(counted)
    assert two.posterior(begun) == plain.posterior(begun)


def test_it_decides_with_open_windows_where_the_crm_waits() -> None:
    levels = history(0, LevelHistory(evaluable=1, pending=windows("1/2", "1/4"), target=3))
    assert Crm(**LIMITS).recommend(levels) is None
    assert TITE.recommend(levels) == Recommendation("escalate", 1)


def test_it_waits_until_the_cohort_is_filled_and_nobody_is_reserved() -> None:
    filling = history(0, LevelHistory(evaluable=1, pending=windows("1/2"), target=3))
    reserved = history(0, LevelHistory(evaluable=2, pending=windows("1/2"), reserved=1, target=3))
    assert TITE.recommend(filling) is None
    assert TITE.recommend(reserved) is None
    assert TITE.places(filling) == 1


def test_what_is_recommended_rises_as_windows_pass() -> None:
    def at(part: str) -> Recommendation | None:
        here = LevelHistory(
            evaluable=9,
            dlts=2,
            pending=windows(part, part),
            target=11,
            evaluable_before=8,
            dlts_before=2,
        )
        return TITE.recommend(history(1, LevelHistory(evaluable=3, target=3), here))

    assert at("0") == Recommendation("expand", 1, 14)
    assert at("1") == Recommendation("escalate", 2)


def test_an_escalation_may_have_to_wait_for_a_part_of_each_window() -> None:
    later = TiteCrm(**LIMITS, escalate_after=Fraction(1, 2))
    early = history(0, LevelHistory(evaluable=1, pending=windows("1/2", "1/4"), target=3))
    late = history(0, LevelHistory(evaluable=1, pending=windows("1/2", "3/4"), target=3))
    assert later.recommend(early) is None
    assert "waiting for 2 open outcomes at level 1" in later.explain(early)
    assert later.recommend(late) == Recommendation("escalate", 1)
    here = LevelHistory(evaluable=9, dlts=2, pending=windows("0", "0"), target=11)
    stay = history(1, LevelHistory(evaluable=3, target=3), here)
    assert later.recommend(stay) == Recommendation("expand", 1, 14), "staying need not wait"


def test_going_down_never_waits() -> None:
    later = TiteCrm(**LIMITS, escalate_after=Fraction(1))
    here = LevelHistory(evaluable=2, dlts=2, pending=windows("0"), target=3)
    levels = history(1, LevelHistory(evaluable=3, target=3), here)
    assert later.recommend(levels) == Recommendation("de_escalate", 0)
    assert later.stopped(levels.levels, 1)


def test_no_escalation_straight_after_a_dlt_however_little_it_says() -> None:
    here = LevelHistory(
        evaluable=22,
        dlts=1,
        pending=windows("9/10", "9/10"),
        target=24,
        evaluable_before=21,
        dlts_before=0,
    )
    levels = history(0, here)
    assert TITE.dose(TITE.posterior(levels.levels)) > 0
    assert TITE.recommend(levels) == Recommendation("expand", 0, 27)
    free = TiteCrm(**LIMITS, coherent=False)
    assert free.recommend(levels) == Recommendation("escalate", 1)


def test_the_mtd_waits_for_every_outcome() -> None:
    nine = TiteCrm(**(LIMITS | {"max_subjects": 9, "max_per_level": 9}))
    first = LevelHistory(evaluable=3, target=3)
    open_still = LevelHistory(evaluable=5, dlts=1, pending=windows("9/10"), target=6)
    known = LevelHistory(evaluable=6, dlts=1, target=6)
    assert nine.recommend(history(1, first, open_still)) is None
    assert nine.recommend(history(1, first, known)) == Recommendation("mtd", 1)


def test_it_explains_itself_and_names_itself() -> None:
    open_windows = windows("73/126", "66/126", "35/126", "28/126")
    levels = history(2, UNTRIED, UNTRIED, LevelHistory(pending=open_windows, target=4))
    assert TITE.explain(levels) == (
        "estimated DLT probability 0.10 at level 3 and 0.22 at level 4, target 0.25: "
        "escalate to level 4"
    )
    assert (TITE.name, TITE.fewest_at_mtd, TITE.reads_follow_up) == ("TITE-CRM", 3, True)
    assert Crm(**LIMITS) != TITE


def test_a_part_beyond_the_window_cannot_be() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        TiteCrm(**LIMITS, escalate_after=Fraction(3, 2))
    with pytest.raises(ValueError, match="the skeleton must rise"):
        TiteCrm(**(LIMITS | {"skeleton": (0.3, 0.2)}))
