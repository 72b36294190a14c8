"""`holdfast export`: one trial's log as a file that anybody can verify."""

from pathlib import Path

import click
from rich.console import Console

from services.cli.bytes_read import progress
from services.cli.operator_settings import operator_settings, run
from streams.export import NoSuchTrialError, NotWrittenError, export
from streams.numbers import number_of
from streams.record import HigherFormatError


@click.command("export")
@click.argument("trial_id")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; TRIAL_ID.ndjson in this folder otherwise.",
)
def export_command(trial_id: str, output: Path | None) -> None:
    """Writes the log of a trial, as Kafka holds it, to a file. The same log gives the same bytes.

    Needs no worker and disturbs none. The file holds forms and is as restricted as the log.
    """
    file = output or Path(f"{trial_id}.ndjson")
    if not file.absolute().parent.is_dir():
        raise click.ClickException(f"the folder {file.parent} is not there: make it first")
    settings = operator_settings()
    try:
        with progress("Reading trial.log") as (begin, advance):
            manifest = run(export(settings, trial_id, file, begin, advance))
    except NoSuchTrialError as error:
        raise click.ClickException(f"{error}: is the name right?") from None
    except (HigherFormatError, NotWrittenError) as error:
        raise click.ClickException(str(error)) from None
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"Wrote {number_of(manifest.count, 'decision')} of {trial_id} to {file} "
        f"({file.stat().st_size:,} bytes)."
    )
    console.print(f"Head: {manifest.head}")
    console.print("It holds forms: restricted, as the log is. Tell the head by another way, then")
    console.print(f"  holdfast verify {file} --head {manifest.head}", soft_wrap=True)
