"""What `holdfast simulate` prints: designs side by side, exact values in brackets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import JustifyMethod
from rich.table import Table

from services.cli.simulate_results import NONE, Result, Simulation

FRAME: Final = 3
"""What the frame takes of a line for each column, and one more at its end."""
NAME: Final = 24
"""What says of which dose or of what a line is: broken between words above so many letters."""
LABEL: Final = 20
"""The name of a design: so many letters stand on one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the cells below it: those of a design, none of which is ever cut, or names."""

    heading: str
    cells: tuple[str, ...]
    names: bool = False

    @property
    def width(self) -> int:
        """How many letters it takes."""
        widest = max(map(len, self.cells))
        if self.names:
            return min(NAME, max(widest, len(self.heading)))
        words = map(len, self.heading.split())
        return max(widest, *words, min(len(self.heading), LABEL))


def tables(found: Simulation, width: int) -> Iterator[Table]:
    """How often which dose is selected, who is exposed to which, and the trial as a whole.

    Designs that do not fit beside the others in so many letters follow in a table below.
    """
    yield from _side_by_side(*_selection(found), width)
    yield from _side_by_side(*_exposure(found), width)
    yield from _side_by_side(*_whole(found), width)


Parts = tuple[str, list[Column], list[Column]]


def _side_by_side(
    title: str, names: list[Column], designs: list[Column], width: int
) -> Iterator[Table]:
    taken = 1 + sum(column.width + FRAME for column in names)
    rows: list[list[Column]] = [[]]
    left = width - taken
    for column in designs:
        if rows[-1] and column.width + FRAME > left:
            rows.append([])
            left = width - taken
        rows[-1].append(column)
        left -= column.width + FRAME
    for number, row in enumerate(rows):
        yield _table(title if number == 0 else None, names, row)


def _table(title: str | None, names: list[Column], designs: list[Column]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in (*names, *designs):
        justify: JustifyMethod = "left" if column.names else "right"
        table.add_column(column.heading, width=column.width, justify=justify, overflow="fold")
    for cells in zip(*(column.cells for column in (*names, *designs)), strict=True):
        table.add_row(*cells)
    return table


def _selection(found: Simulation) -> Parts:
    designs = [
        Column(
            result.label,
            tuple(
                f"{100 * share:.1f}{_exactly(result, at)}"
                for at, share in enumerate(result.summary.characteristics.select)
            ),
        )
        for result in found.results
    ]
    levels, truths = _doses(found)
    names = [Column("dose", (NONE, *levels), True), Column("truth", ("", *truths), True)]
    return "Selected as MTD, % of trials", names, designs


def _exactly(result: Result, at: int) -> str:
    return "" if result.exact is None else f" ({100 * result.exact.select[at]:.1f})"


def _doses(found: Simulation) -> tuple[Sequence[str], list[str]]:
    """The levels, and the truth at each."""
    truths = [f"{p:.2f}{' above' if p > found.target else ''}" for p in found.conditions.truth]
    return found.levels, truths


def _exposure(found: Simulation) -> Parts:
    designs = []
    for result in found.results:
        seen, cells = result.summary.characteristics, []
        for at in range(len(found.levels)):
            known = "" if result.exact is None else f" ({result.exact.subjects[at]:.1f})"
            cells.append(f"{seen.subjects[at]:.1f}{known} / {seen.dlts[at]:.1f}")
        designs.append(Column(result.label, tuple(cells)))
    levels, truths = _doses(found)
    names = [Column("dose", tuple(levels), True), Column("truth", tuple(truths), True)]
    return "Subjects dosed / DLTs, means", names, designs


def _whole(found: Simulation) -> Parts:
    named, *cells = zip(*whole_rows(found), strict=True)
    designs = [
        Column(result.label, values) for result, values in zip(found.results, cells, strict=True)
    ]
    return "The trial", [Column("", named, True)], designs


def whole_rows(found: Simulation) -> Iterator[tuple[str, ...]]:
    """Name and one cell a design: what is not about a single level."""
    of = [result.summary for result in found.results]
    seen = [summary.characteristics for summary in of]
    exact = [result.exact for result in found.results]
    over = [
        f"{100 * one.overdosing:.1f}" + ("" if e is None else f" ({100 * e.overdosing:.1f})")
        for one, e in zip(seen, exact, strict=True)
    ]
    yield "subjects dosed, mean", *(f"{one.subjects_in_all:.1f}" for one in seen)
    yield "DLTs, mean", *(f"{one.dlts_in_all:.1f}" for one in seen)
    yield "selects a dose above the target, %", *(f"{100 * one.select_above:.1f}" for one in seen)
    yield "over-dosing, % of trials", *over
    yield "days, median", *(f"{s.days_spread.median:.0f}" for s in of)
    yield (
        "days, 10 % to 90 %",
        *(f"{s.days_spread.low:.0f} to {s.days_spread.high:.0f}" for s in of),
    )
    yield "days closed to newcomers, mean", *(f"{s.idle_days.value:.0f}" for s in of)
    yield "turned away, mean", *(f"{s.turned_away.value:.1f}" for s in of)
    yield "place given back or lapsed, mean", *(f"{s.not_dosed.value:.1f}" for s in of)
    yield "not evaluable, mean", *(f"{s.not_evaluable.value:.1f}" for s in of)
    if any(s.unfinished for s in of):
        yield "trials that did not end", *(str(s.unfinished) for s in of)
