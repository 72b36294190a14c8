"""`holdfast verify`: whether an export holds, with every decision taken again. No server needed."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from enrollment.version import RULES_VERSION
from services.cli.bytes_read import progress
from streams.verify import verify
from streams.verify_report import Fault, Report


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--head", help="The hash that the last decision must have, known from elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
def verify_command(file: Path, head: str | None, as_json: bool) -> None:
    """Checks an export: bytes, chain, signatures; takes every decision again; asks every invariant.

    Exit code 0 if all holds, 1 if anything does not, 2 if nothing is wrong but some decisions were
    taken by rules that this version cannot derive.
    """
    report = checked(file, head)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        show(report, Console(highlight=False, soft_wrap=True))
    sys.exit(report.exit_code)


def checked(file: Path, head: str | None) -> Report:
    """The report, with a bar while it comes about."""
    with progress("Verifying", file.stat().st_size) as (_, advance):
        return verify(file, head, advance)


def show(report: Report, console: Console) -> None:
    """What was checked, and each fault as who must act on it would want to read it."""
    for fault in report.faults:
        _show_fault(fault, console)
    for rules, (first, count) in sorted(report.underived.items()):
        console.print(
            Text(
                f"{count} decisions from #{first} on were taken by rules version {rules}; this "
                f"Holdfast derives version {RULES_VERSION}. All but the deriving was checked.",
                "yellow",
            )
        )
        console.print("  Mend: verify with the Holdfast of that version too.")
    console.print(f"Trial {report.trial or '(none)'}, head {report.head or '(none)'}")
    console.print(
        f"{report.records} records read, {report.derived} decisions taken again with "
        f"{report.verdicts} verdicts and {report.assignments} assignments the same, "
        f"{report.signatures} signatures looked at, invariants asked after every decision."
    )
    _verdict(report, console)


def _verdict(report: Report, console: Console) -> None:
    if report.stopped:
        console.print(f"Stopped after {len(report.faults)} faults; the rest was not looked at.")
    if report.holds:
        console.print(Text("All of it holds.", "bold green"))
    elif report.faults:
        console.print(Text("It does NOT hold.", "bold white on red"))
    else:
        console.print(Text("Nothing wrong was found, but not all could be derived.", "bold yellow"))


def _show_fault(fault: Fault, console: Console) -> None:
    at = "the file" if fault.sequence is None else f"decision {fault.sequence}"
    place = f"{at} (line {fault.line})"
    console.print(Text.assemble((f"✗ {fault.kind}", "bold red"), f" at {place}: {fault.says}"))
    for difference in fault.differences:
        where = difference.pointer or "/"
        console.print(
            Text(f"    {where}: recorded {difference.recorded}, derived {difference.derived}")
        )
    console.print(Text(f"    Why it matters: {fault.matters}", "dim"))
