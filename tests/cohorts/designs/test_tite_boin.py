"""TITE-BOIN: cut-offs on follow-up, suspension, the disputed row, certain moves, the end."""

from fractions import Fraction

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.tite_boin import TiteBoin

BOIN = Boin(target=Fraction("0.2"), max_subjects=30, max_per_level=12)
TITE = TiteBoin(BOIN)
UNTRIED = LevelHistory()


def level(
    evaluable: int, dlts: int, *followed: str, reserved: int = 0, target: int | None = None
) -> LevelHistory:
    """A level with as many pending as fractions of windows; its cohort complete if not told."""
    pending = tuple(Fraction(part) for part in followed)
    here = evaluable + len(pending) if target is None else target
    return LevelHistory(evaluable, dlts, pending, reserved, here)


def middle(here: LevelHistory) -> History:
    return History((level(6, 0), here, UNTRIED), 1)


ESCALATE, DOWN, STAY = (
    Recommendation("escalate", 2),
    Recommendation("de_escalate", 0),
    Recommendation("expand", 1, 12),
)


@pytest.mark.parametrize(
    ("here", "advice"),
    [
        (level(6, 1, "0.25", "0.25", "0.27"), STAY),  # 0.77 windows, the cut-off is 0.773.
        (level(6, 1, "0.25", "0.25", "0.28"), ESCALATE),
        (level(5, 1, "0.5", "0.5", "0.5", "0.65"), STAY),  # 2.15, the cut-off is 2.1506.
        (level(5, 1, "0.5", "0.5", "0.5", "0.66"), ESCALATE),
        (level(8, 2, "0.51"), DOWN),  # The cut-off is 0.5198.
        (level(8, 2, "0.52"), STAY),
        (level(7, 2, "0.8", "0.79"), STAY),  # 1.59, the cut-off is 1.5894.
        (level(7, 2, "0.8", "0.78"), DOWN),
    ],
)
def test_the_printed_cut_offs_decide(here: LevelHistory, advice: Recommendation) -> None:
    assert TITE.recommend(middle(here)) == advice


def test_it_may_escalate_as_time_passes() -> None:
    before, after = (middle(level(6, 1, part, part, part)) for part in ("0.2", "0.3"))
    assert TITE.reads_follow_up
    assert TITE.recommend(before) == STAY
    assert TITE.recommend(after) == ESCALATE


@pytest.mark.parametrize(
    ("here", "suspends"),
    [
        (level(1, 0, "0.9", "0.9"), True),
        (level(2, 0, "0.1"), False),
        (level(2, 0, "0.9", "0.9", "0.9", "0.9"), True),
        (level(3, 0, "0.1", "0.1", "0.1"), False),
        (level(4, 1, "1", "1", "1", "1", "1"), True),
    ],
)
def test_more_than_half_pending_suspend(here: LevelHistory, suspends: bool) -> None:
    assert (TITE.recommend(middle(here)) is None) is suspends
    assert ("suspended" in TITE.explain(middle(here))) is suspends


@pytest.mark.parametrize("pending", [1, 2, 3])
def test_the_row_on_which_sources_disagree_is_refused_until_all_is_known(pending: int) -> None:
    here = middle(level(6 - pending, 1, *["0.9"] * pending))
    assert TITE.recommend(here) is None
    assert TITE.places(here) == 0
    assert TITE.explain(here) == (
        f"1 DLT in {6 - pending} and {pending} of 6 pending: sources disagree here, the outcomes"
        " must be waited for"
    )


def test_the_row_is_decided_as_boin_once_all_is_known() -> None:
    assert TITE.recommend(middle(level(6, 1))) == Recommendation("expand", 1, 9)
    assert TITE.explain(middle(level(6, 1))) == "1 DLT in 6, between 0.157 and 0.238: stay"


def test_a_level_that_goes_down_whatever_is_pending_goes_at_once() -> None:
    """2 of 6 is over 0.238 even if all four pending are clear, suspended or not."""
    here = middle(level(2, 2, "0.1", "0.1", "0.1", "0.1"))
    assert TITE.stopped(here.levels, 1)
    assert TITE.recommend(here) == DOWN
    assert TITE.explain(here) == "2 DLTs in 2, at best in 6, at or over 0.238: de-escalate"


def test_the_lowest_dose_is_eliminated_with_the_pending_counted_as_clear() -> None:
    none = Recommendation("no_tolerable_dose", None)
    assert TITE.recommend(History((level(2, 2, "0.5"), UNTRIED), 0)) == none
    assert TITE.recommend(History((level(3, 3, "0.5", "0.5", "0.5"), UNTRIED), 0)) == none


def test_nobody_enters_the_lowest_dose_while_the_known_outcomes_alone_eliminate_it() -> None:
    """2 of 3 eliminates at a target of 0.2, 2 of 6 does not."""
    here = History((level(3, 2, "0.5", "0.5", "0.5", target=9), UNTRIED), 0)
    assert TITE.places(here) == 0
    assert TITE.recommend(here) is None
    assert TITE.explain(here).startswith("2 DLTs in 3: stopped, waiting for 3 open outcomes")


def test_a_cohort_is_complete_when_all_are_dosed() -> None:
    assert TITE.recommend(middle(level(5, 0, "0.5", target=9))) is None
    assert TITE.recommend(middle(level(5, 0, reserved=1, target=6))) is None
    assert TITE.recommend(middle(level(5, 0, "0.5", reserved=1, target=6))) is None
    assert TITE.places(middle(level(5, 0, "0.5", target=9))) == 3
    assert TITE.explain(middle(level(5, 0, "0.5", target=9))) == (
        "0 DLTs in 5 and 1 of 6 pending: waiting for 1 open outcome at level 2 and 3 more"
        " subjects at level 2"
    )


def test_other_levels_may_be_open_but_the_end_waits_for_everybody() -> None:
    low = level(5, 0, "0.9")
    assert TITE.recommend(History((low, level(6, 1), UNTRIED), 1)) == Recommendation("expand", 1, 9)
    last = History((low, level(11, 1, "0.9")), 1)
    assert TITE.recommend(last) is None
    assert "the end, waiting for" in TITE.explain(last)
    full = History((level(6, 0), level(12, 1)), 1)
    assert TITE.recommend(full) == Recommendation("mtd", 1)


@pytest.mark.parametrize("dlts", range(7))
def test_with_nobody_pending_it_is_boin(dlts: int) -> None:
    here = middle(level(6, dlts))
    assert TITE.recommend(here) == BOIN.recommend(here)
    assert TITE.explain(here) == BOIN.explain(here)


@pytest.mark.parametrize(
    ("below", "allowed"),
    [
        (level(2, 0, "0.1"), True),
        (level(2, 1, "0.9"), False),
        (level(3, 0, "0", "0", "0", "0"), True),  # Suspension closes this level, not the higher.
        (level(5, 1, "0.9"), False),  # Sources disagree.
        (level(5, 2, "0.9"), False),
        (level(1, 0), False),
    ],
)
def test_a_higher_level_rests_on_what_would_escalate_now(
    below: LevelHistory, allowed: bool
) -> None:
    assert TITE.allows_above([below, UNTRIED], 0) is allowed


@pytest.mark.parametrize(
    ("here", "sentence"),
    [
        (
            level(6, 1, "0.3", "0.3", "0.3"),
            "1 DLT in 6 and 3 of 9 pending, follow-up 0.9 windows, at or over 0.773: escalate",
        ),
        (
            level(6, 1, "0.2", "0.2", "0.2"),
            "1 DLT in 6 and 3 of 9 pending, follow-up 0.6 windows, under 0.773: stay",
        ),
        (
            level(7, 2, "0.75", "0.75"),
            "2 DLTs in 7 and 2 of 9 pending, follow-up 1.5 windows, at or under 1.59: de-escalate",
        ),
        (
            level(7, 2, "0.9", "0.9"),
            "2 DLTs in 7 and 2 of 9 pending, follow-up 1.8 windows, over 1.59: stay",
        ),
        (
            level(8, 0, "0"),
            "0 DLTs in 8 and 1 of 9 pending, whatever their follow-up: escalate",
        ),
        (
            level(8, 2, "0.25"),
            "2 DLTs in 8 and 1 of 9 pending, follow-up 0.25 windows, at or under 0.52: de-escalate",
        ),
        (
            level(1, 0, "0.5", "0.5"),
            "0 DLTs in 1 and 2 of 3 pending: suspended, more than half are pending",
        ),
    ],
)
def test_it_says_why_in_one_sentence(here: LevelHistory, sentence: str) -> None:
    assert TITE.explain(middle(here)) == sentence
