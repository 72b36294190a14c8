"""`holdfast restore`: brings a verified export into an installation without the trial."""

import sys
from pathlib import Path

import click
from rich.console import Console

from services.cli.bytes_read import progress
from services.cli.operator_settings import operator_settings, run
from services.cli.verify import checked, show
from streams import topics
from streams.kafka import SendFailedError
from streams.restore import NotRestoredError, restore


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--head", help="The hash that the last decision must have, known from elsewhere.")
@click.option(
    "--continue",
    "go_on",
    is_flag=True,
    help="Go on with a restore that was interrupted: the log must hold the file's beginning.",
)
def restore_command(file: Path, head: str | None, go_on: bool) -> None:
    """Verifies FILE, then writes its records to trial.log, in order and byte for byte.

    Refused if anything in the file does not hold, or the log has the trial already. Workers that
    run take the trial over by themselves; its public events are announced again.
    """
    settings = operator_settings()
    console = Console(highlight=False, soft_wrap=True)
    report = checked(file, head)
    if not report.holds:
        show(report, console)
        console.print("Nothing was restored.")
        sys.exit(report.exit_code)
    try:
        run(topics.check(settings))
        with progress("Restoring", report.records) as (_, advance):
            sent = run(restore(settings, file, report.trial, go_on, advance))
    except topics.TopicsError as error:
        raise click.ClickException(f"{error}\nMend: holdfast topics create") from None
    except NotRestoredError as error:
        raise click.ClickException(_mended(str(error), report.trial)) from None
    except SendFailedError as error:
        raise click.ClickException(
            f"{error}. What landed is whole; go on with `holdfast restore {file} --continue`"
        ) from None
    console.print(
        f"Restored {sent} of {report.records} decisions of {report.trial}, head {report.head}."
    )
    console.print("A running worker shows the trial within a second or two; else start one. Then")
    console.print(f"  holdfast export {report.trial} -o again.ndjson && cmp {file} again.ndjson")


def _mended(says: str, trial_id: str) -> str:
    return (
        f"{says}. A restore never writes over a trial: restore into an empty installation, or, if "
        f"an earlier restore of {trial_id} was interrupted, add --continue"
    )
