"""`holdfast why`: the chain from a subject's form to where it stands, as a person would read it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.cli.bytes_read import progress
from services.cli.operator_settings import operator_settings, run
from streams.export import accepted
from streams.export_file import BrokenExportError, records_in
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.record import HigherFormatError
from streams.subject_story import Judged, Step, step

_COLOURS = {"fail": "red", "unknown": "yellow", "review": "magenta"}


@click.command("why")
@click.argument("subject_id")
@click.argument("trial_id", required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read an export instead of Kafka.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def why(subject_id: str, trial_id: str | None, file: Path | None, as_json: bool) -> None:
    """Tells why SUBJECT_ID stands where it does: form, findings, rule, decisions, with hashes.

    Reads TRIAL_ID from Kafka, or an export with --file.
    """
    if (trial_id is None) == (file is None):
        raise click.UsageError("name a trial, or an export with --file")
    try:
        steps = _of_file(file, subject_id) if file else _of_kafka(str(trial_id), subject_id)
    except BrokenExportError as error:
        raise click.ClickException(f"{file}: {error}. Run `holdfast verify {file}`") from None
    except HigherFormatError as error:
        raise click.ClickException(str(error)) from None
    if not steps:
        raise click.ClickException(f"no decision is about {subject_id}: is the name right?")
    if as_json:
        click.echo(json.dumps([_plain(each) for each in steps], ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    many = "" if len(steps) == 1 else "s"
    console.print(Text(f"{subject_id}: {len(steps)} decision{many}", "bold"))
    for each in steps:
        _show(each, subject_id, console)


def _of_file(file: Path, subject_id: str) -> list[Step]:
    with progress("Reading", file.stat().st_size) as (_, advance):
        found = (step(record, subject_id) for record in records_in(file, advance))
        return [each for each in found if each is not None]


def _of_kafka(trial_id: str, subject_id: str) -> list[Step]:
    settings = operator_settings()

    async def read() -> list[Step]:
        reader = LogReader(settings)
        await reader.start()
        try:
            partition = partition_of(trial_id, settings.partitions)
            with progress("Reading trial.log") as (begin, advance):
                begin(await reader.end("trial.log", partition))
                records = accepted(reader, partition, trial_id, advance)
                return [each async for record in records if (each := step(record, subject_id))]
        finally:
            await reader.stop()

    return run(read())


def _plain(each: Step) -> dict[str, Any]:
    told = asdict(each)
    told["at"] = each.at.isoformat().replace("+00:00", "Z")
    told["actor"] = each.actor.model_dump(mode="json")
    return told


def _show(each: Step, subject_id: str, console: Console) -> None:
    whose = "" if each.about in (None, subject_id) else f" for {each.about}"
    console.print()
    console.print(
        Text.assemble(
            (f"#{each.sequence}", "bold cyan"),
            f"  {each.at:%Y-%m-%d %H:%M} UTC  ",
            (f"{each.command}{whose}", "bold"),
            f"  by {each.actor.id} ({each.actor.role})",
        )
    )
    before = each.previous[:16] or "the beginning"
    console.print(Padding(Text(f"hash {each.hash[:16]}… after {before}…", "dim"), (0, 0, 0, 4)))
    for event in each.events:
        if isinstance(event, Judged):
            _show_judged(event, console)
        else:
            says = ", ".join(_said(key, value) for key, value in event.says.items())
            line = Text.assemble("→ ", (event.type, "bold"), f"  {says}")
            console.print(Padding(line, (0, 0, 0, 4)))
    _show_answer(each, console)


def _show_answer(each: Step, console: Console) -> None:
    if each.answer is not None:
        told = each.answer.get("sentence") or ""
        outcome = str(each.answer["outcome"]).replace("_", " ")
        console.print(Padding(Text(f"Answer: {outcome}. {told}".rstrip()), (0, 0, 0, 4)))
    if each.rule is not None:
        source, says = each.rule["source"], each.rule["says"]
        line = Text(f"Rule {each.rule['id']} ({source}): {says} {each.rule['mend']}")
        console.print(Padding(line, (0, 0, 0, 4)))


def _said(key: str, value: Any) -> str:
    """One field in few words: a digest by its beginning, a signature as a sentence."""
    if key == "signed":
        return f'signed by {value["by"]} ("{value["meaning"]}") under {value["of"][:16]}…'
    if isinstance(value, str) and len(value) == 64 and " " not in value:
        return f"{key} {value[:16]}…"
    plain = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"{key.replace('_', ' ')} {plain}"


def _show_judged(judged: Judged, console: Console) -> None:
    form = "the form kept" if judged.form is None else f"form {judged.form[:16]}…"
    line = Text.assemble(
        f"{judged.why.replace('_', ' ').capitalize()}, {form}, ",
        f"under protocol {judged.protocol[:16]}…, for Phase {judged.phase}: ",
        (judged.outcome.replace("_", " "), "bold"),
        f" ({judged.passed} criteria pass)",
    )
    console.print(Padding(line, (0, 0, 0, 4)))
    if not judged.telling:
        return
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in judged.telling:
        colour = _COLOURS.get(finding.answer, "")
        answer = Text(finding.answer, colour)
        table.add_row(finding.criterion, answer, finding.because, Text(finding.source, "dim"))
    console.print(Padding(table, (0, 0, 0, 6)))
