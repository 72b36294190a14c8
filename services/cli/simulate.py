"""`holdfast simulate`: what designs would do under a truth, by the decider that runs the trial."""

import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rich.console import Console
from rich.text import Text

from cohorts.characteristics import Characteristics
from cohorts.exact_characteristics import exact_characteristics, exactly_computable
from enrollment.simulate_conditions import Conditions
from enrollment.simulate_summary import summary_of
from protocols.english import MARK
from protocols.model import Protocol
from services.cli.bytes_read import progress
from services.cli.protocol import load_protocol
from services.cli.simulate_designs import (
    TARGET,
    Compared,
    UnfitError,
    compared,
    own_target,
    pairs,
)
from services.cli.simulate_export import export_trial
from services.cli.simulate_report import as_html, as_svg
from services.cli.simulate_results import Result, Simulation, as_csv, as_json
from services.cli.simulate_run import run
from services.cli.simulate_tables import tables

EXACT_SUBJECTS: Final = 45
"""Above so many subjects the exact computation may take minutes, and is left out."""
_FILE = click.Path(dir_okay=False, path_type=Path)
_PART = click.FloatRange(0, 1)
_DAYS = click.IntRange(0, 3_660)
CONDITIONS: Final = (
    click.option(
        "--arrivals",
        type=click.Choice(["poisson", "fixed"]),
        default="poisson",
        help="Subjects come at random, or evenly.",
    ),
    click.option(
        "--days-between",
        type=click.FloatRange(0.01, 3_660),
        default=10.0,
        help="Mean days between two who come.",
    ),
    click.option("--screen-failure", type=_PART, default=0.0, help="Part that is not eligible."),
    click.option("--released", type=_PART, default=0.0, help="Part of places given back."),
    click.option("--lapsed", type=_PART, default=0.0, help="Part of places that expire."),
    click.option(
        "--not-evaluable", type=_PART, default=0.0, help="Part that leaves in its window."
    ),
    click.option("--second-half", type=_PART, default=0.5, help="Part of DLTs late in the window."),
    click.option("--days-to-dose", type=_DAYS, default=1, help="From place to first dose."),
    click.option("--report-days", type=_DAYS, default=1, help="From outcome to its report."),
    click.option("--review-days", type=_DAYS, default=3, help="From a due review to signatures."),
    click.option("--patience-days", type=_DAYS, default=14, help="How long one waits."),
    click.option(
        "--most-days",
        type=click.IntRange(1, 73_050),
        default=7_305,
        help="A longer trial counts as unfinished.",
    ),
)


def _conditions(command: Any) -> Any:
    for option in reversed(CONDITIONS):
        command = option(command)
    return command


@click.command("simulate", context_settings={"show_default": True})
@click.argument("protocol", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--truth", required=True, help="True DLT probability of each level, by commas.")
@click.option("--design", "designs", multiple=True, help="own, a key, or boin:target=0.3,...")
@click.option("--param", "params", multiple=True, help="name=value for every design named.")
@click.option("--target", help="Above it is over-dosing; the own design's, or 0.25.")
@click.option("--trials", type=click.IntRange(1, 1_000_000), default=1_000)
@click.option("--seed", type=click.IntRange(0), default=1)
@click.option("--processes", type=click.IntRange(1, 256), help="One for each core if not given.")
@_conditions
@click.option("--exact/--no-exact", default=True, help="Exact values where there are any.")
@click.option("--json", "json_file", type=_FILE, help="Write everything as JSON.")
@click.option("--csv", "csv_file", type=_FILE, help="Write one line for each value.")
@click.option("--report", type=_FILE, help="Write one file.html or file.svg.")
@click.option("--export", "export_file", type=_FILE, help="Write trial 0 for `holdfast verify`.")
def simulate_command(protocol: Path, truth: str, **options: Any) -> None:
    """Simulates whole Phase I trials of PROTOCOL; each --design is compared on the same people.

    Every command of a simulated trial is decided by the code that decides in the live trial. The
    same seed gives the same numbers on any number of processes. Exit code 2 on what cannot be used.
    """
    found = load_protocol(protocol)
    try:
        asked = _asked(found, truth, options)
        files = _files(options)
    except UnfitError as error:
        give_up(str(error))
    conditions, target, designs = asked
    console = Console(highlight=False, soft_wrap=True)
    for warning in _warnings(conditions, found, target):
        console.print(Text(f"Doubtful: {warning}", style="yellow"))
    results = _simulated(designs, conditions, target, options)
    simulation = Simulation(found, conditions, target, options["seed"], results)
    for table in tables(simulation, console.width):
        console.print(table)
    _say(console, simulation, _written(files, simulation), protocol)


def give_up(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(2)


Asked = tuple[Conditions, float, tuple[Compared, ...]]


def _asked(found: Protocol, truth: str, options: dict[str, Any]) -> Asked:
    given = options["target"] or own_target(found) or TARGET
    target = _probability("--target", given)
    try:
        conditions = Conditions(
            truth=_truth(truth, found), **{name: options[name] for name in _FIELDS}
        )
    except ValueError as error:
        raise UnfitError("the conditions", str(error), "correct that option") from None
    hours = found.assignment.reservation_hours
    if conditions.days_to_dose * 24 > hours:
        raise UnfitError(
            "--days-to-dose",
            f"a reservation lives {hours} hours: after {conditions.days_to_dose} days it is gone",
            f"at most {hours // 24}",
        )
    common = pairs(options["params"], "--param")
    return conditions, target, compared(found, options["designs"], common, given)


_FIELDS: Final = frozenset(Conditions.__dataclass_fields__) - {"truth"}


def _truth(given: str, found: Protocol) -> tuple[float, ...]:
    values = tuple(_probability("--truth", each) for each in given.split(","))
    ids = [level.level_id for level in found.phase1.levels]
    if len(values) != len(ids):
        raise UnfitError(
            "--truth",
            f"{len(values)} probabilities for the {len(ids)} levels {', '.join(ids)}",
            f"give {len(ids)}, in that order",
        )
    return values


def _probability(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UnfitError(option, f'"{text.strip()}" is no number', "such as 0.25") from None
    if not 0 <= value <= 1:
        raise UnfitError(option, f"{text.strip()} is no probability", "from 0 to 1")
    return value


def _warnings(conditions: Conditions, found: Protocol, target: float) -> list[str]:
    warned = []
    if any(low > high for low, high in pairwise(conditions.truth)):
        warned.append("--truth falls from one level to the next; designs assume that it rises.")
    if all(p > target for p in conditions.truth):
        warned.append("every level of --truth is above the target: no dose is right.")
    if found.phase1.signatures_required > 1:
        warned.append("all signatures of a review are given at the same time.")
    return warned


def _simulated(
    designs: Sequence[Compared], conditions: Conditions, target: float, options: dict[str, Any]
) -> tuple[Result, ...]:
    trials, processes = options["trials"], options["processes"] or os.cpu_count() or 1
    results = []
    with progress("Simulating", trials * len(designs)) as (_, advance):
        for each in designs:
            done = run(each.protocol.text, conditions, options["seed"], trials, processes, advance)
            try:
                summary = summary_of(done, conditions.truth, target, each.planned)
            except ValueError as error:
                give_up(f"{each.label}: {error}. Mend: fewer --days-between, more --most-days.")
            exact = _exact(each, conditions, target) if options["exact"] else None
            results.append(Result(each, summary, exact))
    return tuple(results)


def _exact(each: Compared, conditions: Conditions, target: float) -> Characteristics | None:
    """None where there is no exact way, or a long one; and with backfill, which it knows not of."""
    phase1 = each.protocol.phase1
    if not exactly_computable(phase1.design) or (each.planned or 0) > EXACT_SUBJECTS:
        return None
    if phase1.backfill is not None:
        return None
    start = [level.level_id for level in phase1.levels].index(phase1.start_level)
    return exact_characteristics(phase1.design, conditions.truth, target, start)


Files = dict[str, Path]


def _files(options: dict[str, Any]) -> Files:
    """The files asked for by their option, each of which can be written. Raises `UnfitError`."""
    named = {"--json": "json_file", "--csv": "csv_file", "--report": "report"}
    named["--export"] = "export_file"
    found = {option: options[name] for option, name in named.items() if options[name]}
    for option, file in found.items():
        if not file.absolute().parent.is_dir():
            raise UnfitError(option, f"the folder {file.parent} is not there", "make it first")
    report = found.get("--report")
    if report is not None and report.suffix.lower() not in (".html", ".svg"):
        raise UnfitError("--report", f"{report.name} is neither", "end it in .html or .svg")
    return found


def _written(files: Files, simulation: Simulation) -> list[str]:
    said = []
    for option, file in files.items():
        if option == "--export":
            manifest = export_trial(simulation, file)
            said.append(f"Wrote {manifest.count} decisions of trial 0 to {file}; now")
            said.append(f"  holdfast verify {file} --head {manifest.head}")
            continue
        if option == "--json":
            text = json.dumps(as_json(simulation), indent=2) + "\n"
        elif option == "--csv":
            text = as_csv(simulation)
        else:
            text = as_svg(simulation) if file.suffix.lower() == ".svg" else as_html(simulation)
        file.write_text(text, "utf-8")
        said.append(f"Wrote {file}.")
    return said


def _say(console: Console, found: Simulation, written: list[str], file: Path) -> None:
    designs = f"{len(found.results)} design{'s' if len(found.results) > 1 else ''}"
    console.print(
        f"{found.trials:,} trials of {designs} on {found.protocol.protocol_id} version "
        f"{found.protocol.version}, seed {found.seed}; every command went through the real decider."
    )
    if any(result.exact for result in found.results):
        console.print("In brackets: exact values of whole cohorts, nothing drawn.")
    if found.protocol.illustrative:
        marked = ", ".join(found.protocol.illustrative)
        console.print(Text(f"Marked {MARK}: {marked}.", style="yellow"))
    for line in written:
        console.print(Text(line))
    if not written:
        console.print(
            "Next: --report FILE.html for a report to paste into a protocol; --design own --design "
            f"boin to compare; holdfast protocol check {file} before you adopt it."
        )
