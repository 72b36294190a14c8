"""`holdfast demo`: the story of a whole trial, told to the real service on this machine."""

import sys
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from services.cli.operator_settings import run as run_once
from services.cli.stack import Shown
from services.demo.numbering import begin_anew, trial_of
from services.demo.run import Told, run, shipped_story
from services.demo.service import Service, ServiceError
from services.demo.story import Story, StoryError
from services.local import stack as local
from services.local.accounts import demo_accounts, passwords_file
from services.local.guard import Guard
from services.local.places import home_folder
from services.local.stack import Addresses
from services.local.tokens import token_of
from streams.settings import Settings

FIRST_SHOWN = ("coordinator", "reviewer", "nurse-s1", "doctor-s1", "administrator")
"""The accounts that the terminal shows."""

_NEXT = """
Sign in at {web}
{accounts}
They open this demo on this machine and nothing else; {accounts_file} has them all.

For programs
  the API             {web}/openapi.json
  the trial as it is  {trial}/board
  its public events   {trial}/events
  the same, live      {trial}/events/stream
  the worker          {worker}/ready

For example
  curl -s -H "Authorization: Bearer $(.venv/bin/holdfast stack token auditor)" \\
    {trial}/board
Tokens of the centre, a reviewer, an auditor and the sites: {tokens}

Data and logs are in {home}. `make down` stops it all; `make demo` comes back to it;
`make demo-reset` tells the story again, as another trial."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Stop everything after the story.")
@click.option("--reset", is_flag=True, help="Tell it from its beginning, as a new trial.")
def demo(once: bool, reset: bool) -> None:
    """Bring all up, tell the story of a trial to it, show the trial. Exit code 1 if it went wrong.

    What was told before is not told again but checked in the record.
    """
    home = home_folder()
    try:
        story = shipped_story()
    except StoryError as error:
        raise click.ClickException(str(error)) from None
    if reset:
        begin_anew(home)
    # Closing the terminal half-way leaves nothing behind; afterwards all of it runs on.
    with Shown() as shown, Guard() as guard:
        reached = local.up(home, shown, guard)
        told = _tell(story, home, reached)
        if not once:
            guard.release()
    if once:
        with Shown() as shown:
            local.down(home, shown)
    else:
        known = _accounts(reached, home)
        _say_where(home, reached, trial_of(home, story.told.trial_id), known)
    sys.exit(0 if told.as_told else 1)


def _tell(story: Story, home: Path, reached: Addresses) -> Told:
    console = Console(highlight=False)
    trial_id = trial_of(home, story.told.trial_id)
    service = Service(reached.web, trial_id, partial(token_of, home))
    try:
        return run(story, service, console)
    except ServiceError as error:
        click.echo(f"The story stopped: {error}\nMend: read {home / 'logs'}", err=True)
        return Told(False, 0)


def _accounts(reached: Addresses, home: Path) -> dict[str, str]:
    settings = Settings(kafka_bootstrap=reached.kafka, redis_url=reached.redis)
    return run_once(demo_accounts(settings, home))


def _say_where(home: Path, reached: Addresses, trial_id: str, known: dict[str, str]) -> None:
    shown = [f"  {name:<14} {known[name]}" for name in FIRST_SHOWN]
    click.echo(
        _NEXT.format(
            web=reached.web,
            worker=reached.worker,
            trial=f"{reached.web}/v1/trials/{trial_id}",
            tokens=reached.tokens,
            home=home,
            accounts="\n".join(shown),
            accounts_file=passwords_file(home),
        )
    )
