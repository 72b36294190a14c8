"""The fault campaign: `python -m tests.faults --rounds N --seed S`, or `make faults`."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.campaign import Outcome, Planned, Round, hands_of, plan
from tests.faults.faults import KINDS
from tests.faults.race import races
from tests.faults.report import show
from tests.faults.stack import running

SHORT_RACES, LONG_RACES = 5, 200


@click.command()
@click.option("--rounds", type=click.IntRange(1), help="How many; every kind comes round once.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--round", "only", type=click.IntRange(0), help="Only this round of the seed.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sorted(KINDS)))
@click.option("--races", "race_rounds", type=click.IntRange(0))
@click.option("--short", is_flag=True, help="Each kind at least once, and a few races.")
@click.option("--keep", type=click.Path(path_type=Path), help="Where histories and logs go.")
def main(
    rounds: int | None,
    seed: int,
    only: int | None,
    kinds: tuple[str, ...],
    race_rounds: int | None,
    short: bool,
    keep: Path | None,
) -> None:
    """Breaks the running service in every way it must survive, and checks that nothing was lost."""
    chosen = sorted(kinds or KINDS)
    numbers = [only] if only is not None else list(range(rounds or hands_of(chosen, short)))
    if race_rounds is None:
        race_rounds = 0 if only is not None else (SHORT_RACES if short else LONG_RACES)
    folder = keep or Path(tempfile.mkdtemp(prefix="holdfast-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    console.print(f"Histories, injections and logs: {folder}", soft_wrap=True)
    plans = {number: plan(seed, number, chosen, hands_of(chosen, short)) for number in numbers}
    outcomes = asyncio.run(_campaign(folder, seed, plans, race_rounds, console))
    options = (" --short" if short else "") + "".join(f" --kind {kind}" for kind in kinds)
    sys.exit(show(console, outcomes, seed, folder, options))


async def _campaign(
    folder: Path, seed: int, plans: dict[int, list[Planned]], race_rounds: int, console: Console
) -> list[Outcome]:
    outcomes = []
    async with running(folder) as stack:
        with _bar(console) as progress:
            task = progress.add_task("rounds", total=len(plans) + race_rounds, what="")
            for number, planned in plans.items():
                told = Round(stack, folder / f"round-{number}", seed, number, planned)
                outcome = await told.run(lambda what: progress.update(task, what=what))
                outcomes.append(outcome)
                progress.advance(task)
                for violation in outcome.violations:
                    progress.console.print(f"round {number}: {violation}", style="red")
            if race_rounds:
                outcomes.append(
                    await races(
                        stack,
                        seed,
                        race_rounds,
                        lambda: progress.update(task, advance=1, what="race"),
                    )
                )
    return outcomes


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = ("{task.completed}/{task.total}", "{task.fields[what]}")
    texts = [TextColumn(column) for column in columns]
    with Progress(texts[0], BarColumn(), TimeElapsedColumn(), texts[1], console=console) as bar:
        yield bar


if __name__ == "__main__":
    main()
