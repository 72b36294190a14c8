"""What `holdfast simulate` prints: designs side by side, exact values in brackets."""

from collections.abc import Iterator

from rich.table import Table

from services.cli.simulate_results import NONE, Result, Simulation


def tables(found: Simulation) -> Iterator[Table]:
    """How often which dose is selected, who is exposed to which, and the trial as a whole."""
    yield _selection(found)
    yield _exposure(found)
    yield _whole(found)


def _selection(found: Simulation) -> Table:
    table = _table(found, "Selected as MTD, % of trials")
    truth = (None, *found.conditions.truth)
    for at, (level, p) in enumerate(zip((NONE, *found.levels), truth, strict=True)):
        cells = [
            f"{100 * result.summary.characteristics.select[at]:.1f}{_exactly(result, at)}"
            for result in found.results
        ]
        table.add_row(level, "" if p is None else f"{p:.2f}{_above(found, p)}", *cells)
    return table


def _exactly(result: Result, at: int) -> str:
    return "" if result.exact is None else f" ({100 * result.exact.select[at]:.1f})"


def _above(found: Simulation, p: float) -> str:
    return " above" if p > found.target else ""


def _exposure(found: Simulation) -> Table:
    table = _table(found, "Subjects dosed / DLTs, means")
    for at, (level, p) in enumerate(zip(found.levels, found.conditions.truth, strict=True)):
        cells = []
        for result in found.results:
            seen = result.summary.characteristics
            known = "" if result.exact is None else f" ({result.exact.subjects[at]:.1f})"
            cells.append(f"{seen.subjects[at]:.1f}{known} / {seen.dlts[at]:.1f}")
        table.add_row(level, f"{p:.2f}{_above(found, p)}", *cells)
    return table


def _whole(found: Simulation) -> Table:
    table = Table(title="The trial", title_justify="left", title_style="bold")
    table.add_column("")
    for result in found.results:
        table.add_column(result.label, justify="right")
    for row in whole_rows(found):
        table.add_row(*row)
    return table


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


def _table(found: Simulation, title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("dose")
    table.add_column("truth", justify="right")
    for result in found.results:
        table.add_column(result.label, justify="right")
    return table
