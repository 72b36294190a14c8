"""BOIN: boundaries, elimination, the stricter stop at the lowest dose, the final choice."""

from fractions import Fraction

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.design import History, LevelHistory, Recommendation

HALF = Fraction(1, 2)
BOIN_30 = Boin(target=Fraction("0.3"), max_subjects=30, max_per_level=12)
BOIN_25 = Boin(target=Fraction("0.25"), max_subjects=30, max_per_level=12)


def done(evaluable: int, dlts: int) -> LevelHistory:
    return LevelHistory(evaluable=evaluable, dlts=dlts, target=evaluable)


UNTRIED = LevelHistory()


def test_the_boundaries_are_those_printed_for_a_target_of_a_quarter() -> None:
    assert f"{float(BOIN_25.lambda_e):.6f}" == "0.196801"
    assert f"{float(BOIN_25.lambda_d):.6f}" == "0.298392"


def test_other_intervals_move_the_boundaries() -> None:
    narrow = Boin(
        target=Fraction("0.3"),
        phi1=Fraction("0.2"),
        phi2=Fraction("0.4"),
        max_subjects=30,
        max_per_level=12,
    )
    assert f"{float(narrow.lambda_e):.4f} {float(narrow.lambda_d):.4f}" == "0.2477 0.3489"


@pytest.mark.parametrize(
    ("dlts", "letter"), [(0, "E"), (1, "E"), (2, "S"), (3, "D"), (4, "U"), (6, "U")]
)
def test_six_subjects_at_a_target_of_0_30(dlts: int, letter: str) -> None:
    assert BOIN_30.decision(6, dlts) == letter


def test_nobody_is_eliminated_before_the_fewest_evaluable() -> None:
    assert BOIN_30.decision(2, 2) == "D"
    assert BOIN_30.decision(3, 3) == "U"
    early = Boin(
        target=Fraction("0.3"), max_subjects=30, max_per_level=12, elimination_min_evaluable=2
    )
    assert early.decision(2, 2) == "U"


def test_extra_safe_eliminates_the_lowest_dose_earlier() -> None:
    """P(p > 0.3) after 2 of 3 is 0.9163: over 0.90, not over 0.95."""
    safe = Boin(target=Fraction("0.3"), max_subjects=30, max_per_level=12, extra_safe=True)
    assert safe.decision(3, 2) == "D"
    assert safe.decision(3, 2, lowest=True) == "U"
    assert BOIN_30.decision(3, 2, lowest=True) == "D"
    lowest = History((done(3, 2), UNTRIED), 0)
    assert safe.recommend(lowest) == Recommendation("no_tolerable_dose", None)
    assert BOIN_30.recommend(lowest) == Recommendation("expand", 0, 6)
    second = History((done(3, 0), done(3, 2), UNTRIED), 1)
    assert safe.recommend(second) == Recommendation("de_escalate", 0)
    assert safe.select_mtd([done(3, 2), done(3, 0)]) is None
    assert BOIN_30.select_mtd([done(3, 2), done(3, 0)]) is not None


def test_the_published_final_choice() -> None:
    levels = [done(3, 0), done(3, 0), done(15, 4), done(9, 4), UNTRIED]
    assert BOIN_30.select_mtd(levels) == 2


def test_the_mtd_may_be_bound_to_the_boundary_for_going_down() -> None:
    bound = Boin(target=Fraction("0.3"), max_subjects=30, max_per_level=12, bound_mtd=True)
    levels = [done(6, 0), done(9, 4)]
    assert BOIN_30.select_mtd(levels) == 1
    assert bound.select_mtd(levels) == 0
    assert bound.select_mtd([done(6, 3)]) is None
    assert BOIN_30.select_mtd([done(6, 3)]) == 0


def test_a_dose_with_two_evaluable_shapes_the_fit_but_is_no_mtd() -> None:
    assert BOIN_30.select_mtd([done(3, 0), done(2, 1)]) == 0
    assert BOIN_30.select_mtd([done(2, 0)]) is None


@pytest.mark.parametrize(
    ("levels", "current", "sentence"),
    [
        ((done(6, 1), UNTRIED), 0, "1 DLT in 6, at or under 0.236: escalate"),
        ((done(6, 2), UNTRIED), 0, "2 DLTs in 6, between 0.236 and 0.359: stay"),
        ((done(6, 0), done(6, 3)), 1, "3 DLTs in 6, at or over 0.359: de-escalate"),
        (
            (done(3, 0), done(3, 3)),
            1,
            "3 DLTs in 3, over 0.3 with probability 0.992: eliminated, de-escalate",
        ),
        (
            (done(3, 3), UNTRIED),
            0,
            "3 DLTs in 3, over 0.3 with probability 0.992: eliminated, no tolerable dose",
        ),
        (
            (done(3, 3), done(3, 0)),
            1,
            "3 DLTs in 3 at level 1, over 0.3 with probability 0.992: eliminated, no tolerable"
            " dose",
        ),
        ((done(3, 2), UNTRIED), 0, "2 DLTs in 3, at or over 0.359: stay, there is no lower level"),
        ((done(3, 0),), 0, "0 DLTs in 3, at or under 0.236: stay, no higher level may be opened"),
        (
            (done(12, 3), UNTRIED),
            0,
            "3 DLTs in 12, between 0.236 and 0.359: the end, MTD is level 1 by isotonic regression",
        ),
        (
            (LevelHistory(evaluable=1, dlts=0, pending=(HALF,), reserved=1, target=4), UNTRIED),
            0,
            "0 DLTs in 1: waiting for 1 open outcome at level 1 and 1 reserved subject at level 1"
            " and 1 more subject at level 1",
        ),
        (
            (done(3, 0), LevelHistory(evaluable=2, dlts=2, pending=(HALF,), target=3)),
            1,
            "2 DLTs in 2, at best in 3, at or over 0.359: de-escalate",
        ),
        (
            (LevelHistory(evaluable=3, dlts=3, pending=(HALF,) * 3, target=6), UNTRIED),
            0,
            "3 DLTs in 3: stopped, waiting for 3 open outcomes at level 1",
        ),
    ],
)
def test_it_says_why_in_one_sentence(
    levels: tuple[LevelHistory, ...], current: int, sentence: str
) -> None:
    assert BOIN_30.explain(History(levels, current)) == sentence
