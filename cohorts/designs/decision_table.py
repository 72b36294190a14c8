"""A table of decisions that the user supplies: any design by counts, written out as letters.

Read as the tables of the interval designs are printed (for example in Guo et al. 2017,
10.1016/j.cct.2017.04.006): a row for each number of evaluable subjects at which a decision is due,
its letter k for k - 1 DLTs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal

from cohorts.designs.by_counts import ByCounts
from cohorts.designs.design import LevelHistory
from cohorts.designs.in_cohorts import FEWEST_AT_MTD
from cohorts.designs.letters import Letter

Rows = tuple[tuple[int, str], ...]
FinalRule = Literal["isotonic", "highest_tolerated"]

LETTERS: Final[dict[str, Letter]] = {"E": "E", "S": "S", "D": "D", "U": "U"}
"""In the order of caution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable(ByCounts):
    """`rows` are (evaluable, letters), ascending: `((3, "ESDU"), (6, "EESDUUU"))`.

    At the end the MTD is, by `final`, the dose whose isotonic estimate is closest to `target`, or
    the highest tried dose that the table does not send down from. Raises ValueError with all that
    is wrong with the table, one sentence each.

    Open windows: it waits. A review is due once the cohort is complete and nobody is pending or
    reserved at any level; earlier only to go down, where no open outcome could prevent it.
    """

    rows: Rows
    final: FinalRule
    target: Fraction | None = None

    def __post_init__(self) -> None:
        self._check_sizes()
        problems = list(table_problems(self.rows, self.cohort_size, self.max_per_level))
        if (self.target is not None) != (self.final == "isotonic"):
            problems.append("A target is given if and only if the final rule is isotonic.")
        if problems:
            raise ValueError(" ".join(problems))
        assert self.target is None or 0 < self.target < 1

    @property
    def name(self) -> str:
        """`decision table`."""
        return "decision table"

    def _decide(self, evaluable: int, dlts: int, lowest: bool) -> Letter:
        """The row for this number; between two rows that of fewer subjects, the more cautious.

        There it eliminates only if the next row would too, were all missing subjects clear. Before
        the first row it stays, or eliminates if that row must.
        """
        fewer = [row for n, row in self.rows if n <= evaluable]
        more = [row for n, row in self.rows if n >= evaluable]
        if not fewer:
            return "U" if more[0][dlts] == "U" else "S"
        found = LETTERS[fewer[-1][min(dlts, len(fewer[-1]) - 1)]]
        return "D" if found == "U" and more and more[0][dlts] != "U" else found

    @property
    def isotonic_rule(self) -> tuple[Fraction, None] | None:
        """The estimate closest to the target, if that is the final rule."""
        return None if self.target is None else (self.target, None)

    def select_mtd(self, levels: Sequence[LevelHistory]) -> int | None:
        """By the named final rule."""
        if self.final == "isotonic":
            return ByCounts.select_mtd(self, levels)
        tolerated = (
            index
            for index in reversed(range(len(levels)))
            if levels[index].evaluable >= FEWEST_AT_MTD
            and not self.eliminated(levels, index)
            and self.letter_at(levels, index) in ("E", "S")
        )
        return next(tolerated, None)

    @property
    def final_rule(self) -> str:
        """How the MTD is chosen, in a few words."""
        if self.final == "isotonic":
            return "by isotonic regression"
        return "as the highest that the table tolerates"

    def ground(self, evaluable: int, dlts: int, *, lowest: bool = False) -> str:
        """The letter: `E in the table`."""
        return f"{self.decision(evaluable, dlts, lowest=lowest)} in the table"


def table_problems(rows: Rows, cohort_size: int, max_per_level: int) -> Iterator[str]:
    """One sentence for each thing wrong; nothing for a table that answers whatever may come."""
    numbers = [n for n, _ in rows]
    if any(before >= after for before, after in pairwise(numbers)):
        yield f"The rows must ascend, each number once: {numbers}."
    due = {*range(cohort_size, max_per_level + 1, cohort_size), max_per_level}
    for missing in sorted(due - set(numbers)):
        yield f"There is no row for {missing} evaluable, where a decision is due."
    for n, letters in rows:
        if not 1 <= n <= max_per_level:
            yield f"A row for {n} evaluable is outside 1 to {max_per_level}."
        if len(letters) != n + 1:
            yield f"The row for {n} needs {n + 1} letters, for 0 to {n} DLTs, not {len(letters)}."
        if set(letters) - LETTERS.keys():
            yield f"The row for {n} has letters other than E, S, D and U: {letters}."
        elif list(letters) != sorted(letters, key="ESDU".index):
            yield f"The row for {n} is bolder with more DLTs: {letters}."
