"""A table supplied by the user: checked whole, read cautiously between its rows."""

from fractions import Fraction

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.decision_table import DecisionTable, Rows
from cohorts.designs.design import History, LevelHistory, Recommendation

ROWS: Rows = ((3, "ESDU"), (6, "EESDUUU"))
TABLE = DecisionTable(
    rows=ROWS, final="isotonic", target=Fraction("0.3"), max_subjects=30, max_per_level=6
)
PLAIN = DecisionTable(rows=ROWS, final="highest_tolerated", max_subjects=30, max_per_level=6)


def done(evaluable: int, dlts: int) -> LevelHistory:
    return LevelHistory(evaluable=evaluable, dlts=dlts, target=evaluable)


@pytest.mark.parametrize(
    ("evaluable", "dlts", "letter"),
    [
        (3, 0, "E"),
        (3, 1, "S"),
        (3, 3, "U"),
        (6, 1, "E"),
        (6, 4, "U"),
        (1, 1, "S"),  # Before the first row nothing is due.
        (4, 1, "S"),  # As 1 in 3: one clear subject more is no reason to be bolder.
        (5, 3, "D"),  # 3 in 3 eliminates, 3 in 6 would not.
        (5, 4, "U"),
        (8, 1, "E"),  # More than the last row: as 1 in 6.
        (8, 8, "U"),
    ],
)
def test_every_count_has_a_letter(evaluable: int, dlts: int, letter: str) -> None:
    assert TABLE.decision(evaluable, dlts) == letter


def test_two_dlts_eliminate_before_the_first_row_if_the_row_must() -> None:
    strict = DecisionTable(
        rows=((3, "ESUU"),), final="highest_tolerated", max_subjects=9, max_per_level=3
    )
    assert strict.decision(2, 2) == "U"
    assert strict.decision(2, 1) == "S"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (((3, "ESDU"),), "There is no row for 6 evaluable, where a decision is due."),
        (
            ((3, "ESD"), (6, "EESDUUU")),
            "The row for 3 needs 4 letters, for 0 to 3 DLTs, not 3.",
        ),
        (
            ((3, "ESDX"), (6, "EESDUUU")),
            "The row for 3 has letters other than E, S, D and U: ESDX.",
        ),
        (((3, "SEDU"), (6, "EESDUUU")), "The row for 3 is bolder with more DLTs: SEDU."),
        (((6, "EESDUUU"), (3, "ESDU")), "The rows must ascend, each number once: [6, 3]."),
        (
            ((3, "ESDU"), (6, "EESDUUU"), (7, "EESDUUUU")),
            "A row for 7 evaluable is outside 1 to 6.",
        ),
    ],
)
def test_a_table_with_a_fault_is_refused(rows: Rows, sentence: str) -> None:
    with pytest.raises(ValueError, match="row") as refused:
        DecisionTable(rows=rows, final="highest_tolerated", max_subjects=30, max_per_level=6)
    assert str(refused.value) == sentence


def test_a_row_is_due_at_the_most_per_level_also_when_no_cohort_ends_there() -> None:
    with pytest.raises(ValueError, match="no row for 8 evaluable"):
        DecisionTable(rows=ROWS, final="highest_tolerated", max_subjects=30, max_per_level=8)


@pytest.mark.parametrize(("final", "target"), [("isotonic", None), ("highest_tolerated", 0.3)])
def test_a_target_belongs_to_the_isotonic_rule(final: str, target: float | None) -> None:
    with pytest.raises(ValueError, match="if and only if the final rule is isotonic"):
        DecisionTable(
            rows=ROWS,
            final=final,  # type: ignore[arg-type]
            target=None if target is None else Fraction(str(target)),
            max_subjects=30,
            max_per_level=6,
        )


def test_the_final_rule_is_the_one_named() -> None:
    levels = [done(6, 0), done(6, 1), done(6, 3)]
    assert PLAIN.select_mtd(levels) == 1
    assert TABLE.select_mtd(levels) == 1
    assert PLAIN.select_mtd([done(6, 2), done(2, 0)]) == 0
    assert PLAIN.select_mtd([done(3, 3), done(6, 0)]) is None
    assert PLAIN.select_mtd([done(6, 3)]) is None
    assert TABLE.select_mtd([done(6, 3)]) == 0


def test_the_table_of_boin_decides_as_boin() -> None:
    boin = Boin(target=Fraction("0.3"), max_subjects=30, max_per_level=12)
    rows = tuple(
        (n, "".join(boin.decision(n, dlts) for dlts in range(n + 1))) for n in range(1, 13)
    )
    table = DecisionTable(
        rows=rows, final="isotonic", target=Fraction("0.3"), max_subjects=30, max_per_level=12
    )
    for n in range(1, 13):
        for dlts in range(n + 1):
            history = History((done(6, 1), done(n, dlts), LevelHistory()), 1)
            assert table.recommend(history) == boin.recommend(history)


@pytest.mark.parametrize(
    ("levels", "current", "advice", "sentence"),
    [
        (
            (done(6, 1), LevelHistory()),
            0,
            Recommendation("escalate", 1),
            "1 DLT in 6, E in the table: escalate",
        ),
        (
            (done(6, 0), done(6, 2)),
            1,
            Recommendation("mtd", 1),
            "2 DLTs in 6, S in the table: the end, MTD is level 2 as the highest that the table"
            " tolerates",
        ),
    ],
)
def test_it_says_why_in_one_sentence(
    levels: tuple[LevelHistory, ...], current: int, advice: Recommendation, sentence: str
) -> None:
    assert PLAIN.recommend(History(levels, current)) == advice
    assert PLAIN.explain(History(levels, current)) == sentence
