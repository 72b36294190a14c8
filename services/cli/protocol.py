"""`holdfast protocol`: checks a protocol file, prints it in plain English, puts it in force."""

import sys
from pathlib import Path
from uuid import uuid4

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protocols.checks import doubts
from protocols.english import MARK, Section, in_english
from protocols.errors import ProtocolError
from protocols.model import Protocol
from protocols.parse import parse_protocol
from services.cli.adopt import Adoption, send

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def protocol() -> None:
    """Check, show and adopt the protocol of a trial."""


@protocol.command()
@FILE
def check(file: Path) -> None:
    """Says whether FILE is sound, and what in it is doubtful. Exit code 2 on errors."""
    found = load_protocol(file)
    console = Console(highlight=False, soft_wrap=True)
    _print_doubts(console, found)
    console.print(
        Text(
            f"{file.name} is sound: {found.protocol_id} version {found.version}, "
            f"{len(found.criteria)} criteria, {len(found.phase1.levels)} levels, "
            f"{len(found.sites)} sites."
        )
    )
    console.print(Text(f"digest {found.digest}"))
    if found.illustrative:
        console.print(Text(f"Marked {MARK}: {', '.join(found.illustrative)}."))


@protocol.command()
@FILE
def show(file: Path) -> None:
    """Prints FILE in plain English, with every illustrative value marked."""
    found = load_protocol(file)
    console = Console(highlight=False)
    for section in in_english(found):
        _print_section(console, section)


@protocol.command()
@FILE
@click.option("--trial", help="Trial to adopt it for; the protocol's own id if not given.")
@click.option("--url", envvar="HOLDFAST_URL", required=True, help="Address of the service.")
@click.option("--token", envvar="HOLDFAST_TOKEN", required=True, help="A coordinator's token.")
@click.option(
    "--clock",
    type=click.Choice(["real", "simulated"]),
    default="real",
    show_default=True,
    help="Fixed for ever by the first adoption; simulated trials may jump in time.",
)
@click.option("--meaning", required=True, help="What your signature means, in a sentence.")
@click.option("--at", help="The moment, such as 2027-02-22T15:00:00Z; simulated clocks only.")
@click.option("--key", help="The key of an earlier try that got no answer.")
def adopt(
    file: Path,
    trial: str | None,
    url: str,
    token: str,
    clock: str,
    meaning: str,
    at: str | None,
    key: str | None,
) -> None:
    """Puts FILE in force for a trial by a signed command. Exit code 1 if it was not done."""
    found = load_protocol(file)
    console = Console(highlight=False, soft_wrap=True)
    _print_doubts(console, found)
    adoption = Adoption(
        trial or found.protocol_id, found.text, clock, meaning, key or f"adopt-{uuid4()}", at
    )
    answered = send(adoption, url, token)
    console.print(Text(answered.sentence))
    if answered.done:
        _print_next(console, found, adoption.trial_id)
    elif not answered.final:
        console.print(Text(f"It is safe to send it again: add --key {adoption.key}"))
    sys.exit(0 if answered.done else 1)


def load_protocol(file: Path) -> Protocol:
    """The protocol of a file; on errors prints each with its mend and leaves with exit code 2."""
    try:
        return parse_protocol(file.read_text("utf-8"), file.name)
    except UnicodeDecodeError:
        click.echo(f"{file.name}: not UTF-8 text. Mend: save it as UTF-8.", err=True)
    except ProtocolError as error:
        click.echo(str(error), err=True)
    sys.exit(2)


def _print_doubts(console: Console, found: Protocol) -> None:
    for doubt in doubts(found):
        console.print(Text(f"Doubtful: {doubt}", style="yellow"))


def _print_section(console: Console, section: Section) -> None:
    heading = Text(section.title, style="bold")
    if section.illustrative:
        heading.append(f"  [{MARK}]", style="yellow")
    console.print(heading)
    for sentence in section.sentences:
        console.print(Padding(Text(sentence), (0, 0, 0, 2)))
    if section.rows:
        table = Table(show_edge=False, pad_edge=False, box=None, padding=(0, 2))
        for column in section.columns:
            table.add_column(column, style="bold" if column == section.columns[0] else None)
        for row in section.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    console.print()


def _print_next(console: Console, found: Protocol, trial_id: str) -> None:
    sites = ", ".join(found.site_ids)
    for line in (
        f"{found.protocol_id} version {found.version} is in force for {trial_id} "
        f"(digest {found.digest}).",
        f"Next: activate the sites ({sites}), each with the date of its approval of version "
        f"{found.version}: POST /v1/trials/{trial_id}/sites.",
        f"Then activate the trial by signature, which opens the first level: "
        f"POST /v1/trials/{trial_id}/activation.",
    ):
        console.print(Text(line))
