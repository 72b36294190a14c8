"""`holdfast rehearse`: what a trial would decide, without Kafka, Redis or any server."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import track

from enrollment.commands import Actor, AdoptProtocol, SignReview
from enrollment.events import EVENTS
from enrollment.rehearse import Rehearsal, Rehearsed, new_rehearsal, rehearse
from protocols.errors import ProtocolError
from protocols.model import Protocol
from protocols.parse import parse_protocol
from services.cli.rehearse_input import Given, read_lines

LONG = 500
"""Lines from which a terminal shows progress."""

_BULKY = ("text", "form", "verdict")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_AUTHOR = Actor(id="rehearsal", role="coordinator", sites=("*",))


@click.command(name="rehearse")
@click.argument("protocol", type=_FILE)
@click.argument("commands", type=_FILE)
@click.option(
    "--whole",
    is_flag=True,
    help="Print forms, verdicts and the protocol's text too, as the log would hold them.",
)
def rehearse_command(protocol: Path, commands: Path, whole: bool) -> None:
    """Runs COMMANDS, one JSON object a line, on a simulated trial under PROTOCOL.

    Prints one decision a line: sequence, at, answer, events. The protocol is adopted at the moment
    of the first line. Exit code 2 when a line or the protocol cannot be used; nothing is run then.
    """
    adopted = _protocol(protocol)
    try:
        lines = commands.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        _give_up([f"{commands.name}: not UTF-8 text. Mend: save it as UTF-8."])
    given, problems = read_lines(lines, commands.parent)
    if problems:
        _give_up([f"{commands.name}, {problem}" for problem in problems])
    for done in _play(adopted, _with_progress(given)):
        click.echo(json.dumps(as_json(done, whole), ensure_ascii=False, separators=(",", ":")))


def _protocol(file: Path) -> Protocol:
    try:
        return parse_protocol(file.read_text("utf-8"), file.name)
    except UnicodeDecodeError:
        _give_up([f"{file.name}: not UTF-8 text. Mend: save it as UTF-8."])
    except ProtocolError as error:
        _give_up([str(error)])


def _give_up(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(2)


def _with_progress(given: list[Given]) -> Iterator[Given]:
    console = Console(stderr=True)
    if len(given) < LONG or not console.is_terminal:
        return iter(given)
    return iter(track(given, description="Rehearsing", console=console, transient=True))


def _play(protocol: Protocol, given: Iterator[Given]) -> Iterator[Rehearsed]:
    """Adopts the protocol with the first line, then decides line after line."""
    trial: Rehearsal | None = None
    for each in given:
        line = each.line
        if trial is None:
            adoption = AdoptProtocol(
                text=protocol.text, clock="simulated", meaning="Adopted for a rehearsal."
            )
            trial, done = rehearse(new_rehearsal(protocol.protocol_id), line.at, _AUTHOR, adoption)
            yield done
        command = line.command
        review = trial.trial.review
        if each.signs_shown and isinstance(command, SignReview) and review is not None:
            command = command.model_copy(update={"data_hash": review.data_hash})
        trial, done = rehearse(trial, line.at, line.actor, command, line.command_id)
        yield done


def as_json(done: Rehearsed, whole: bool) -> dict[str, Any]:
    """One decision as plain JSON; without what is bulky unless `whole`."""
    events = EVENTS.dump_python(done.events, mode="json")
    if not whole:
        events = [{k: v for k, v in event.items() if k not in _BULKY} for event in events]
    answer = done.answer.model_dump(mode="json", exclude_defaults=True)
    line: dict[str, Any] = {
        "sequence": done.sequence,
        "at": done.at.isoformat().replace("+00:00", "Z"),
        "answer": answer,
        "events": events,
    }
    return line | {"repeated": True} if done.repeated else line
