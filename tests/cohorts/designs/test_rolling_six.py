"""Rolling six: reserved subjects, how it ends, the named variant, what rests on a level."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.designs.design import History, LevelHistory, Recommendation
from cohorts.designs.rolling_six import RollingSix

PRINTED, THREE_CLEAR = RollingSix(), RollingSix("three_clear")
UNTRIED = LevelHistory()
FAILED = LevelHistory(evaluable=3, dlts=2, target=6)


def level(evaluable: int, dlts: int = 0, pending: int = 0, reserved: int = 0) -> LevelHistory:
    return LevelHistory(evaluable, dlts, (Fraction(1, 2),) * pending, reserved, target=6)


@pytest.mark.parametrize("cell", [(4, 0, 1), (5, 0, 1), (5, 0, 2), (6, 0, 2), (6, 0, 3)])
def test_three_clear_escalates_where_print_waits(cell: tuple[int, int, int]) -> None:
    assert PRINTED.decision(*cell) in ("STAY", "SUSPEND")
    assert THREE_CLEAR.decision(*cell) == "ESCALATE"


def test_reserved_subjects_count_as_enrolled_and_pending() -> None:
    assert PRINTED.recommend(History((level(3), UNTRIED), 0)) == Recommendation("escalate", 1)
    assert PRINTED.recommend(History((level(3, reserved=1), UNTRIED), 0)) is None
    assert PRINTED.places(History((level(3, pending=1, reserved=1), UNTRIED), 0)) == 1
    assert PRINTED.places(History((level(0, pending=4, reserved=2), UNTRIED), 0)) == 0


def test_the_lowest_level_has_nothing_below() -> None:
    assert PRINTED.recommend(History((level(1, 1),), 0)) is None
    none = Recommendation("no_tolerable_dose", None)
    assert PRINTED.recommend(History((level(2, 2, pending=3), UNTRIED), 0)) == none
    assert PRINTED.recommend(History((level(6, 2), level(3)), 1)) == none


@pytest.mark.parametrize(
    ("top", "advice"),
    [
        (level(3), None),
        (level(4), None),
        (level(5), Recommendation("mtd", 1)),
        (level(5, pending=1), Recommendation("mtd", 1)),
        (level(5, 1), None),
        (level(6, 1), Recommendation("mtd", 1)),
        (level(6, 2), Recommendation("de_escalate", 0)),
    ],
)
@pytest.mark.parametrize("above", [(), (FAILED,)])
def test_it_ends_with_five_or_six_where_no_higher_level_may_be_opened(
    top: LevelHistory, advice: Recommendation | None, above: tuple[LevelHistory, ...]
) -> None:
    history = History((level(3), top, *above), 1)
    assert PRINTED.recommend(history) == advice
    if advice is None:
        assert PRINTED.places(history) == 6 - top.evaluable


@pytest.mark.parametrize(
    ("below", "advice"),
    [
        (level(3), Recommendation("de_escalate", 0)),
        (level(5), Recommendation("mtd", 0)),
        (level(5, pending=1), Recommendation("mtd", 0)),
        (level(5, 1, pending=1), Recommendation("de_escalate", 0)),
        (level(6, 1), Recommendation("mtd", 0)),
    ],
)
def test_going_down_ends_where_enough_were_treated(
    below: LevelHistory, advice: Recommendation
) -> None:
    assert PRINTED.recommend(History((below, level(4, 2, pending=1)), 1)) == advice


def test_a_level_kept_open_by_a_signature_waits_for_another_outcome() -> None:
    kept = LevelHistory(evaluable=3, target=6, evaluable_before=3)
    assert PRINTED.recommend(History((kept, UNTRIED), 0)) is None
    assert PRINTED.places(History((kept, UNTRIED), 0)) == 3
    one_more = LevelHistory(evaluable=4, target=6, evaluable_before=3)
    assert PRINTED.recommend(History((one_more, UNTRIED), 0)) == Recommendation("escalate", 1)


@pytest.mark.parametrize(
    ("below", "allowed"),
    [(level(3), True), (level(2), False), (level(5, 1), False), (level(6, 1), True)],
)
def test_a_higher_level_rests_on_counts_that_escalate(below: LevelHistory, allowed: bool) -> None:
    assert PRINTED.allows_above([below, level(1)], 0) is allowed


@pytest.mark.parametrize(
    ("here", "allowed"),
    [(level(4), False), (level(5), True), (level(5, 1), False), (level(6, 1), True)],
)
def test_an_mtd_rests_on_five_or_six(here: LevelHistory, allowed: bool) -> None:
    assert PRINTED.allows_mtd([level(3), here], 1) is allowed
    assert not PRINTED.allows_mtd([level(6, 2), here], 1)


@pytest.mark.parametrize(
    ("levels", "current", "sentence"),
    [
        ((level(3), UNTRIED), 0, "0 DLTs in 3: escalate"),
        ((level(5, pending=1), UNTRIED), 0, "0 DLTs in 5 and 1 of 6 still open: escalate"),
        ((level(4, 1, 2), UNTRIED), 0, "1 DLT in 4 and 2 of 6 still open: wait for them"),
        ((level(2, 1, 2), UNTRIED), 0, "1 DLT in 2 and 2 of 4 still open: stay, enrol up to six"),
        ((level(3), level(2, 2, 3)), 1, "2 DLTs in 2 and 3 of 5 still open: de-escalate"),
        ((level(6), level(2, 2)), 1, "2 DLTs in 2: the end, MTD is level 1"),
        ((level(6, 2), level(3)), 1, "2 DLTs in 6 at level 1: no tolerable dose"),
    ],
)
def test_it_says_why_in_one_sentence(
    levels: tuple[LevelHistory, ...], current: int, sentence: str
) -> None:
    assert PRINTED.explain(History(levels, current)) == sentence


@st.composite
def histories(draw: st.DrawFn) -> History:
    counts = st.integers(0, 8).flatmap(
        lambda n: st.builds(
            level, st.just(n), st.integers(0, min(n, 3)), st.integers(0, 3), st.integers(0, 3)
        )
    )
    levels = tuple(draw(st.lists(counts, min_size=1, max_size=5)))
    return History(levels, draw(st.integers(0, len(levels) - 1)))


@given(histories(), st.sampled_from([PRINTED, THREE_CLEAR]))
def test_it_never_names_an_exceeded_level_and_never_skips(
    history: History, design: RollingSix
) -> None:
    advice = design.recommend(history)
    assert design.places(history) >= 0
    if design.stopped(history.levels, history.current):
        assert advice is not None, "two DLTs stop a level at once"
        assert design.places(history) == 0
    if advice is None or advice.level is None:
        return
    assert advice.level <= history.current + 1
    assert not design.stopped(history.levels, advice.level)
    if advice.kind == "mtd":
        assert history.levels[advice.level].evaluable >= design.fewest_at_mtd
    if advice.kind == "escalate":
        assert history.here.dlts <= 1
        assert history.here.evaluable >= 3
        assert design.allows_above(history.levels, history.current)


@given(histories(), st.sampled_from([PRINTED, THREE_CLEAR]))
def test_a_pending_outcome_that_is_a_dlt_never_makes_it_bolder(
    history: History, design: RollingSix
) -> None:
    here = history.here
    if not here.pending:
        return
    worse = LevelHistory(
        here.evaluable + 1, here.dlts + 1, here.pending[1:], here.reserved, here.target
    )
    levels = (*history.levels[: history.current], worse, *history.levels[history.current + 1 :])
    after = design.recommend(History(levels, history.current))
    assert after is None or after.kind != "escalate" or here.dlts == 0
    if worse.enrolled < 6:
        assert after is None or after.kind != "escalate", "coherent below six"
