"""`holdfast rebuild`: has the owners of partitions build the read side anew from `trial.log`."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.operator_settings import operator_settings, run
from streams.numbers import number_of
from streams.partition import partition_of
from streams.rebuild import ALL, Asked, Requests
from streams.rebuild import Progress as Told
from streams.redis_client import redis_client
from streams.settings import Settings

LOOK_SECONDS = 0.2


class NotRebuiltError(click.ClickException):
    """Says of which partitions, why, and the mend."""


@click.command("rebuild")
@click.argument("trial_id", required=False)
@click.option("--all", "every", is_flag=True, help="Every trial of the installation.")
@click.option(
    "--patience",
    default=60,
    show_default=True,
    help="Seconds that a partition may show no progress before this command gives up.",
)
def rebuild(trial_id: str | None, every: bool, patience: int) -> None:
    """Builds the read side (Redis) anew from trial.log: of one trial, or of all.

    The workers do it, behind what they decide; readers go on with the old state until the new one
    is whole. Nothing is lost by it, and it may be given up and asked for again.
    """
    if (trial_id is None) == (not every):
        raise click.UsageError("name one trial, or give --all")
    settings = operator_settings()
    partitions = (
        tuple(range(settings.partitions))
        if trial_id is None
        else (partition_of(trial_id, settings.partitions),)
    )
    asked = Asked(str(uuid4()), trial_id or ALL)
    console = Console(highlight=False, soft_wrap=True)
    done = run(_rebuild(settings, partitions, asked, patience, console))
    trials, records = sum(told.trials for told in done), sum(told.end for told in done)
    if trial_id is not None and not trials:
        raise NotRebuiltError(f"trial.log has no trial {trial_id}: is the name right?")
    whence = f"{number_of(records, 'record')} of {number_of(len(done), 'partition')}"
    console.print(f"Trials rebuilt: {trials}, from {whence}.")
    console.print("Compare with `holdfast verify` of an export where you doubt the log itself.")


async def _rebuild(
    settings: Settings, partitions: Sequence[int], asked: Asked, patience: int, console: Console
) -> list[Told]:
    redis = redis_client(settings)
    requests = Requests(redis)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        for partition in partitions:
            await requests.ask(partition, asked)
        with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
            works = [_follow(requests, p, asked, patience, bar) for p in partitions]
            return list(await asyncio.gather(*works))
    finally:
        await redis.aclose()


async def _follow(
    requests: Requests, partition: int, asked: Asked, patience: int, bar: Progress
) -> Told:
    """Shows how far the owner of a partition is; returns when it is done."""
    task = bar.add_task(f"partition {partition}", total=None)
    seen, since = -1, time.monotonic()
    while True:
        told = await requests.progress(partition)
        if told is not None and told.request_id == asked.request_id:
            bar.update(task, total=max(told.end, 1), completed=told.read)
            if told.state == "done":
                bar.update(task, completed=max(told.end, 1))
                return told
            if told.state == "failed":
                raise NotRebuiltError(
                    f"partition {partition}: {told.says}. Nothing was changed. Ask again; if it "
                    "fails again, export the trials and check them with `holdfast verify`"
                )
            if told.read > seen:
                seen, since = told.read, time.monotonic()
        if time.monotonic() - since > patience:
            raise NotRebuiltError(
                f"no worker rebuilt partition {partition} within {patience} s: is one running "
                "(`holdfast doctor`, its /ready)? The request stands; a worker that starts within "
                "the hour will do it"
            )
        await asyncio.sleep(LOOK_SECONDS)
