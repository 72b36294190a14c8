"""What one worker process holds with a very large trial: `python -m benchmarks.memory`.

A trial of so many subjects is put into `trial.log` by the real decider, once with places for all
and once with so few that nearly all wait. Then a real worker starts beside an empty Redis, takes
the trial over, decides forms of new subjects and writes a snapshot; a second one starts from that.
Told: its resident memory after each step, and its peak. `docs/performance.md` explains the figures.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.fill import fill
from benchmarks.forms import Forms
from benchmarks.load import Progress as Told
from benchmarks.load import Watcher
from benchmarks.stack import OwnStack, Stack, Use
from benchmarks.trials import SITES, form_request, utc_now
from streams import keys
from streams.kafka import Producer
from streams.redis_client import redis_client
from streams.requests import request_message
from streams.settings import Settings
from streams.snapshots import name
from streams.topics import create

TRIAL = "BENCH"
LIMIT_MB = 400
NEW = 500
"""Forms that the worker decides after it has taken the trial over."""
READY_SECONDS = 600.0
SNAPSHOT_SECONDS = 120.0
WAYS = (("places left", 100_000), ("nearly all wait", 50))
CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class Line:
    """The worker's memory at each step, in MB."""

    way: str
    records: int
    taken_over: Use
    decided: Use
    snapshot: Use
    again: Use
    """Another process, after it took the trial over from the snapshot."""

    @property
    def peak_mb(self) -> float:
        return max(self.snapshot.memory_peak_mb, self.again.memory_peak_mb)


@click.command(help=__doc__)
@click.option("--subjects", default=100_000, help="Of the trial.")
def main(subjects: int) -> None:
    lines = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=CONSOLE) as bar:
        for way, places in WAYS:
            with OwnStack() as stack:
                lines.append(_measure(stack, way, subjects, places, bar))
    show(lines, subjects)


def show(lines: list[Line], subjects: int) -> None:
    table = Table(title=f"One worker with a trial of {subjects:,} subjects, MB resident")
    steps = ("taken over", "forms decided", "snapshot written", "another, from it", "peak")
    for column in ("trial", "records", *steps):
        table.add_column(column, justify="left" if column == "trial" else "right")
    for line in lines:
        uses = (line.taken_over, line.decided, line.snapshot, line.again)
        resident = (f"{use.memory_mb:,.0f}" for use in uses)
        table.add_row(line.way, f"{line.records:,}", *resident, f"{line.peak_mb:,.0f}")
    CONSOLE.print(table)
    above = [line for line in lines if line.peak_mb >= LIMIT_MB]
    CONSOLE.print(f"{len(above)} of {len(lines)} with a peak of {LIMIT_MB} MB or more.")


def _measure(stack: Stack, way: str, subjects: int, places: int, bar: Progress) -> Line:
    settings = stack.settings(flush=False)
    deciding = bar.add_task(f"{way}: decided", total=subjects)
    records = uvloop.run(
        _filled(settings, subjects, places, lambda done: bar.update(deciding, completed=done))
    )
    taking = bar.add_task(f"{way}: taken over", total=2)
    stack.start_workers(1, flush=False, seconds=READY_SECONDS)
    bar.update(taking, completed=1)
    taken_over = stack.uses()["worker 1"]
    uvloop.run(_decided(settings))
    decided = stack.uses()["worker 1"]
    uvloop.run(_snapshot(settings))
    snapshot = stack.uses()["worker 1"]
    stack.stop_serving()
    stack.start_workers(1, flush=False, seconds=READY_SECONDS)
    bar.update(taking, completed=2)
    return Line(way, records, taken_over, decided, snapshot, stack.uses()["worker 1"])


async def _filled(
    settings: Settings, subjects: int, places: int, told: Callable[[int], None]
) -> int:
    await create(settings)
    producer = Producer(settings)
    await producer.start()
    try:
        return await fill(settings, producer, TRIAL, subjects, places, told)
    finally:
        await producer.stop()


async def _decided(settings: Settings) -> None:
    """Returns when the worker has told what came of new subjects' forms."""
    now, producer = utc_now(), Producer(settings)
    made = zip(range(NEW), Forms(now.date(), SITES).of("NEW"), strict=False)
    requests = [form_request(TRIAL, form, now) for _, form in made]
    await producer.start()
    try:
        async with Watcher(settings) as watcher:
            await producer.send_all([request_message(r, settings.partitions) for r in requests])
            await watcher.subjects(NEW, Told())
    finally:
        await producer.stop()


async def _snapshot(settings: Settings) -> None:
    """Returns when the worker has written one, which it begins by itself."""
    redis = redis_client(settings)
    try:
        async with asyncio.timeout(SNAPSHOT_SECONDS):
            while not await redis.exists(keys.snapshot(TRIAL, name())):
                await asyncio.sleep(0.2)
    finally:
        await redis.aclose()


if __name__ == "__main__":
    sys.exit(main())
