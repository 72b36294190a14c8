"""The report of a simulation: one HTML or SVG file that needs nothing else and can be printed."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cohorts.designs.parameters import plain
from enrollment.version import RULES_VERSION
from protocols.designs import parameters_in
from services.cli import simulate_charts as charts
from services.cli.simulate_results import NONE, Simulation
from services.cli.simulate_tables import whole_rows

MADE: Final = "How it was made"
BESIDE: Final = 5
"""Designs in one table of the HTML report."""
ILLUSTRATIVE: Final = "Illustrative, not in the public record"


def as_svg(found: Simulation) -> str:
    """All charts as one picture, with what it is of above and how it was made below."""
    parts = (charts.legend, charts.selection, charts.exposure, charts.duration)
    above = charts.words(title_of(found), [_lead(found), *_marked(found)])
    below = charts.words(MADE, list(method(found)))
    drawings = [above, *(part(found) for part in parts), below]
    return charts.svg(drawings, charts.patterns(found), title_of(found))


def _marked(found: Simulation) -> Iterator[str]:
    if found.protocol.illustrative:
        yield f"{ILLUSTRATIVE}: {', '.join(found.protocol.illustrative)}."


def as_html(found: Simulation) -> str:
    """Charts, the same numbers as tables, and how they were made."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return pages.get_template("simulate_report.html").render(
        title=title_of(found),
        lead=_lead(found),
        made=MADE,
        marked=ILLUSTRATIVE,
        illustrative=", ".join(found.protocol.illustrative),
        figures=list(_figures(found)),
        tables=list(_tables(found)),
        method=list(method(found)),
    )


def title_of(found: Simulation) -> str:
    protocol = found.protocol
    return f"Simulated Phase I of {protocol.protocol_id}, version {protocol.version}"


def _lead(found: Simulation) -> str:
    labels = ", ".join(
        f"{charts.letter(number)}: {result.label}" for number, result in enumerate(found.results)
    )
    truth = ", ".join(f"{p:g}" for p in found.conditions.truth)
    return (
        f"{found.trials:,} trials of each design. True DLT probabilities {truth}; target "
        f"{found.target:g}. {labels}."
    )


def _figures(found: Simulation) -> Iterator[dict[str, str]]:
    defs = charts.patterns(found)
    for number, part in enumerate((charts.selection, charts.exposure, charts.duration)):
        drawing, legend = part(found), charts.legend(found, bars=part is not charts.duration)
        # Patterns are found by id over the whole page: one picture alone must not define another's.
        own = defs.replace('id="p', f'id="f{number}p')
        picture = charts.svg([legend, drawing], own, drawing.title, untitled=[drawing])
        yield {"title": drawing.title, "svg": picture.replace("url(#p", f"url(#f{number}p")}


def _tables(found: Simulation) -> Iterator[dict[str, Any]]:
    truth = ["", *(f"{p:g}" for p in found.conditions.truth)]
    select = [
        [level, truth[at], *(_share(result, at) for result in found.results)]
        for at, level in enumerate((NONE, *found.levels))
    ]
    yield from _parts(found, "Selected as MTD, % of trials (exact)", ["dose", "truth"], select)
    exposed = [
        [level, truth[at + 1], *(_exposed(result, at) for result in found.results)]
        for at, level in enumerate(found.levels)
    ]
    yield from _parts(found, "Subjects dosed (exact) / DLTs, means", ["dose", "truth"], exposed)
    yield from _parts(found, "The trial", ["per trial"], list(map(list, whole_rows(found))))


def _parts(
    found: Simulation, title: str, names: list[str], rows: Sequence[list[str]]
) -> Iterator[dict[str, Any]]:
    """As many tables as there are designs for, so many beside one another as fit a page."""
    first, labels = len(names), [result.label for result in found.results]
    for start in range(0, len(labels), BESIDE):
        part = slice(first + start, first + start + BESIDE)
        yield {
            "title": title if start == 0 else f"{title}, continued",
            "head": [*names, *labels[start : start + BESIDE]],
            "rows": [[*row[:first], *row[part]] for row in rows],
        }


def _share(result: Any, at: int) -> str:
    known = "" if result.exact is None else f" ({100 * result.exact.select[at]:.1f})"
    return f"{100 * result.summary.characteristics.select[at]:.1f}{known}"


def _exposed(result: Any, at: int) -> str:
    seen = result.summary.characteristics
    known = "" if result.exact is None else f" ({result.exact.subjects[at]:.1f})"
    return f"{seen.subjects[at]:.1f}{known} / {seen.dlts[at]:.1f}"


def method(found: Simulation) -> Iterator[str]:
    """Everything that makes the same numbers again, and what they rest on."""
    yield (
        "Every simulated command was decided by the decider that runs the live trial "
        f"(Holdfast {version('holdfast-trials')}, rules {RULES_VERSION}); eligibility is not "
        "simulated but by the part of screen failures."
    )
    yield from _people(found)
    yield (
        "Exact values, where there are any, are of whole cohorts, each followed to its end: no "
        "drop-out, no early stop of a cohort."
    )
    yield (
        "Over-dosing: more than 60 % of the subjects are treated above the target. Days closed to "
        "newcomers: no place was free, or a review was due. The seed is the same for every design, "
        f"and so are the people: {found.seed}."
    )
    yield f"Protocol digest {found.protocol.digest}."
    for result in found.results:
        # As the protocol file writes them: a variance of 1.34, not its root with 16 digits.
        given = parameters_in(result.of.protocol.phase1.design)
        said = ", ".join(f"{name} {_said(value)}" for name, value in given.items())
        yield f"{result.label}: {said or 'no parameters'}."


def _said(value: Any) -> str:
    """Six digits of what was reckoned in floating point; everything else whole."""
    if isinstance(value, tuple | list):
        return " ".join(map(_said, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(plain(value))


def _people(found: Simulation) -> Iterator[str]:
    """What is assumed of those who come, and of those who report and sign."""
    under, window = found.conditions, found.protocol.phase1.dlt_window_days
    yield (
        f"Subjects come {'at random (Poisson)' if under.arrivals == 'poisson' else 'evenly'}, one "
        f"in {under.days_between:g} days on average; {100 * under.screen_failure:g} % fail "
        f"screening; who waits for a place leaves after {_days(under.patience_days)}."
    )
    yield (
        f"First dose {_days(under.days_to_dose)} after the reservation; "
        f"{100 * under.released:g} % give the place back, {100 * under.lapsed:g} % let it lapse; "
        f"{100 * under.not_evaluable:g} % withdraw in the window of {window} days."
    )
    yield (
        f"{100 * under.second_half:g} % of the DLTs begin in the second half of the window; "
        f"reports come {_days(under.report_days)} later; reviews are signed as recommended after "
        f"{_days(under.review_days)}."
    )


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
