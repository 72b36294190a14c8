"""`holdfast judge`: the verdict on a screening form, as a table or as JSON, without any server."""

import json
import sys
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eligibility.anchors import anchors_for
from eligibility.finding import Answer, Finding
from eligibility.form import ScreeningForm
from eligibility.judge import judge
from eligibility.parse import FormError, parse_form
from eligibility.verdict import Outcome, Verdict
from protocols.english import MARK
from protocols.errors import ProtocolError
from protocols.model import Protocol
from protocols.parse import parse_protocol

SHIPPED = "nct00825734.toml"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PHASES = {1: "Phase I", 2: "Phase II"}
_STYLES = {
    Answer.PASS: "green",
    Answer.FAIL: "bold red",
    Answer.UNKNOWN: "yellow",
    Answer.REVIEW: "magenta",
}
_OUTCOMES = {
    Outcome.ELIGIBLE: "bold green",
    Outcome.INELIGIBLE: "bold red",
    Outcome.INCOMPLETE: "bold yellow",
    Outcome.NEEDS_REVIEW: "bold magenta",
}


@click.command(name="judge")
@click.argument("form", type=_FILE)
@click.option("--protocol", type=_FILE, help="Protocol file; NCT00825734 as shipped if not given.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Registration date; the form's own date if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def judge_command(form: Path, protocol: Path | None, on: datetime | None, as_json: bool) -> None:
    """Judges FORM, a screening form in JSON, for Phase I and Phase II.

    Exit code 0 whatever the verdict says; 2 when the form or the protocol cannot be read.
    """
    adopted, given = _protocol(protocol), _form(form)
    registered = given.completed_on if on is None else on.date()
    anchors = anchors_for(registered, given.planned_first_dose_on)
    verdict = judge(given, adopted.criteria, anchors, adopted.digest)
    if as_json:
        click.echo(json.dumps(_json(adopted, given, verdict), indent=2, ensure_ascii=False))
    else:
        _print(Console(highlight=False), adopted, given, verdict)


def _protocol(file: Path | None) -> Protocol:
    try:
        if file is not None:
            return parse_protocol(file.read_text("utf-8"), file.name)
        return parse_protocol(files("protocols").joinpath(SHIPPED).read_text("utf-8"), SHIPPED)
    except UnicodeDecodeError:
        _give_up([f"{file}: not UTF-8 text. Mend: save it as UTF-8."])
    except ProtocolError as error:
        _give_up([str(error)])


def _form(file: Path) -> ScreeningForm:
    try:
        return parse_form(file.read_bytes())
    except FormError as error:
        said = [f"  {p.pointer or '/'}: {p.rule}. Mend: {p.mend}." for p in error.problems]
        _give_up([f"{file.name} is no screening form:", *said])


def _give_up(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(2)


def _json(protocol: Protocol, form: ScreeningForm, verdict: Verdict) -> dict[str, object]:
    """The verdict as the record keeps it, what each phase comes to, and what is illustrative."""
    phases = {}
    for phase in _PHASES:
        earliest = verdict.earliest(phase)
        dated = earliest and {"anchor": earliest.anchor, "on": earliest.on.isoformat()}
        phases[str(phase)] = {
            "outcome": verdict.outcome(phase).value,
            "fails": verdict.fails(phase),
            "reviews": verdict.reviews(phase),
            "missing": verdict.missing(phase),
            "earliest": dated,
        }
    return {
        "subject_id": form.subject_id,
        "protocol": {"id": protocol.protocol_id, "version": protocol.version},
        "illustrative": [one.id for one in protocol.criteria if one.illustrative],
        "phases": phases,
        "verdict": verdict.to_json(),
    }


def _print(console: Console, protocol: Protocol, form: ScreeningForm, verdict: Verdict) -> None:
    anchors = verdict.anchors
    console.print(
        Text(
            f"{form.subject_id} at {form.site_id}, {protocol.protocol_id} version "
            f"{protocol.version}: registration {anchors.registration_on}, "
            f"first dose planned {anchors.first_dose_on}"
        )
    )
    table = Table("", "Phase I", "Phase II", "why", show_edge=False)
    for criterion in protocol.criteria:
        found = [f for f in verdict.findings if f.criterion_id == criterion.id]
        mark = "*" if criterion.illustrative else ""
        table.add_row(f"{criterion.id}{mark}", _answer(found, 1), _answer(found, 2), _why(found))
    console.print(table)
    for phase in _PHASES:
        console.print(_summary(verdict, phase))
    if any(criterion.illustrative for criterion in protocol.criteria):
        console.print(Text(f"* {MARK}, at least in part.", "dim"))


def _answer(found: list[Finding], phase: int) -> Text:
    answer = next(f.answer for f in found if phase in f.phases)
    return Text(answer.value, _STYLES[answer])


def _why(found: list[Finding]) -> Text:
    """One sentence, or one for each phase where they differ."""
    if len({f.because for f in found}) == 1:
        said = found[0].because
    else:
        said = " ".join(f"{_PHASES[p]}: {f.because}" for f in found for p in f.phases)
    safety = any(f.safety for f in found)
    return Text(f"{said} SAFETY." if safety else said, "bold" if safety else "")


def _summary(verdict: Verdict, phase: int) -> Text:
    """`Phase I: INCOMPLETE. Missing: labs.inr.`"""
    outcome, earliest = verdict.outcome(phase), verdict.earliest(phase)
    text = Text(f"{_PHASES[phase]}: ")
    text.append(outcome.value.replace("_", " ").upper(), _OUTCOMES[outcome])
    text.append(".")
    if fails := verdict.fails(phase):
        text.append(f" Fails {', '.join(fails)}.")
    if reviews := verdict.reviews(phase):
        text.append(f" A person must decide {', '.join(reviews)}.")
    if missing := verdict.missing(phase):
        text.append(f" Missing or unclear: {', '.join(missing)}.")
    if earliest is not None:
        text.append(f" Could pass with {earliest.anchor.replace('_', ' ')} from {earliest.on}.")
    return text
