"""`holdfast up`, `down`, `doctor` and `stack`: Kafka, Redis, worker and web on this machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.status import Status
from rich.text import Text

from services.local import stack as local
from services.local.doctor import examine
from services.local.errors import LocalError
from services.local.guard import Guard
from services.local.kafka_jars import KAFKA_VERSION
from services.local.kafka_jars import Progress as Arrived
from services.local.places import home_folder
from services.local.run_state import NAMES, read_state
from services.local.tokens import make_tokens, token_of
from streams.topics import TopicsError


class Shown:
    """Says on the terminal what is done, and turns a lack into one sentence and its mend."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._status: Status | None = None

    def doing(self, sentence: str) -> None:
        self._quiet()
        self._status = self._console.status(Text(sentence))
        self._status.start()

    def done(self, sentence: str) -> None:
        self._quiet()
        self._console.print(Text.assemble(("✓ ", "green"), sentence))

    @contextmanager
    def fetching(self, total_bytes: int) -> Iterator[Arrived]:
        self._quiet()
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, TransferSpeedColumn(), console=self._console) as bar:
            task = bar.add_task(f"Fetching Kafka {KAFKA_VERSION}", total=total_bytes)
            yield lambda count: bar.advance(task, count)

    def __enter__(self) -> "Shown":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._quiet()
        if isinstance(error, LocalError):
            click.echo(f"{error.sentence}\nMend: {error.mend}", err=True)
            sys.exit(1)
        if isinstance(error, TopicsError):
            click.echo(str(error), err=True)
            sys.exit(1)

    def _quiet(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


@click.command("up")
def up() -> None:
    """Start Kafka, Redis, worker and web; what runs already is left alone."""
    home = home_folder()
    # Closing the terminal half-way leaves nothing behind; afterwards all of it runs on.
    with Shown() as shown, Guard() as guard:
        reached = local.up(home, shown, guard)
        guard.release()
    click.echo(_NEXT.format(web=reached.web, worker=reached.worker, tokens=reached.tokens))


_NEXT = """
Look at
  {web}               the pages: sign in there
  {web}/openapi.json  the API
  {worker}/ready  the health of the worker
Tokens of the coordinating centre, a reviewer and the sites: {tokens}

Next
  export HOLDFAST_URL={web}
  .venv/bin/holdfast accounts open myself --name "My Name" --role coordinator
  export HOLDFAST_TOKEN=$(.venv/bin/holdfast stack token centre)
  .venv/bin/holdfast protocol adopt protocols/nct00825734.toml --meaning "For practice"

The second prints a password to sign in with. `make demo` has a trial and accounts of every role.
`make down` stops it all; the data stay."""


@click.command("down")
def down() -> None:
    """Stop all that `up` started. The data stay."""
    home = home_folder()
    with Shown() as shown:
        if not any(read_state(home).running(name) for name in NAMES):
            shown.done("Nothing runs")
            return
        local.down(home, shown)


@click.command("doctor")
def doctor() -> None:
    """Say what is there and what is not, each with its mend. Exit code 1 if something lacks."""
    console = Console(highlight=False, soft_wrap=True)
    fine = True
    for looked in examine(home_folder()):
        mark = ("✓", "green") if looked.fine else ("✗", "red")
        console.print(Text.assemble(mark, f" {looked.what:<8}{looked.sentence}"))
        if looked.mend:
            console.print(Text(f"  {'':<8}Mend: {looked.mend}", style="yellow"))
        fine = fine and looked.fine
    sys.exit(0 if fine else 1)


@click.group("stack")
def stack() -> None:
    """Parts of the local stack."""


@stack.command("fetch")
def fetch() -> None:
    """Fetch Kafka into the user's cache, if it is not there."""
    with Shown() as shown:
        local.fetch(shown)


@stack.command("token")
@click.argument("actor")
def token(actor: str) -> None:
    """Print the token of ACTOR: centre, reviewer, auditor, S1-staff and so on."""
    with Shown():
        click.echo(token_of(home_folder(), actor))


@stack.command("make-tokens")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def make(file: Path) -> None:
    """Make FILE with random tokens for a centre, a reviewer, an auditor and the sites."""
    if file.exists():
        raise click.ClickException(f"{file} is there already; it was left as it is.")
    make_tokens(file)
    click.echo(f"{file}: only you can read it. Give each person one token, never the file.")
