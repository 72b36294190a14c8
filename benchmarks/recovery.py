"""Measures recovery on a real Kafka and a real Redis: `python -m benchmarks.recovery`.

Records of one trial are put into `trial.log` by the real decider; then, in one run over the same
topic: a bare consumer, a recovery with an empty Redis, a takeover with Redis as it was left, one
from a snapshot, a web process that starts without and with one, and a rebuild.
`docs/performance.md` explains the figures.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click
import uvloop
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.fill import fill
from benchmarks.load import PLACES
from benchmarks.stack import OwnStack, Stack
from streams.cases import Cases
from streams.follow import TrialFollower
from streams.kafka import Producer
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.pauses import set_aside_all
from streams.read_side import ReadSide
from streams.rebuild import Asked, Rebuild, Requests
from streams.recovery import Recovery
from streams.redis_client import Client, redis_client
from streams.rules import RULES
from streams.settings import Settings
from streams.snapshots import Snapshots, Taken
from streams.topics import LOG, create

TRIAL = "BENCH"
MINUTES_MAX = 10
CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class Parts:
    """What an owner recovers with, and the partition of the trial."""

    settings: Settings
    partition: int
    redis: Client
    reader: LogReader
    producer: Producer

    def recovery(self, *, snapshots: bool) -> Recovery:
        async def append(partition: int, trial_id: str, records: list[bytes]) -> list[int]:
            raise AssertionError("nothing is lost in this measurement")

        held = Snapshots(self.redis) if snapshots else None
        return Recovery(self.reader, ReadSide(self.redis), RULES, append, Cases(), held)


@click.command(help=__doc__)
@click.option("--records", default=20_000, help="Records of the trial, one a subject.")
def main(records: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=CONSOLE) as bar, OwnStack() as stack:
        rates = uvloop.run(_bounded(stack, records, bar))  # As the worker does.
    table = Table(title=f"Records a second, {records:,} records of one trial")
    for column in ("way", "records/s", "of the bare consumer", "seconds"):
        table.add_column(column, justify="left" if column == "way" else "right")
    bare = rates["a bare consumer"]
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,.0f}", f"{rate / bare:.2f}", f"{records / rate:.2f}")
    CONSOLE.print(table)


async def _bounded(stack: Stack, records: int, bar: Progress) -> dict[str, float]:
    settings = stack.settings(flush=False)
    async with asyncio.timeout(MINUTES_MAX * 60):
        await create(settings)
        redis, reader, producer = redis_client(settings), LogReader(settings), Producer(settings)
        await reader.start()
        await producer.start()
        partition = partition_of(TRIAL, settings.partitions)
        parts = Parts(settings, partition, redis, reader, producer)
        try:
            filled = await _fill(parts, records, bar)
            set_aside_all()  # As the worker does.
            return await _measure(parts, filled, bar)
        finally:
            await producer.stop()
            await reader.stop()
            await redis.aclose()


async def _fill(parts: Parts, records: int, bar: Progress) -> int:
    """Puts the records into `trial.log`; returns how many there are in all."""
    task = bar.add_task("deciding", total=records)
    return await fill(
        parts.settings,
        parts.producer,
        TRIAL,
        records,
        PLACES,
        lambda done: bar.update(task, completed=done),
    )


async def _measure(parts: Parts, records: int, bar: Progress) -> dict[str, float]:
    rates: dict[str, float] = {}

    async def timed(name: str, work: Callable[[], Awaitable[object]]) -> None:
        task = bar.add_task(name, total=1)
        start = time.perf_counter()
        await work()
        rates[name] = records / (time.perf_counter() - start)
        bar.update(task, completed=1)

    async with _bare(parts) as consumer:
        await timed("a bare consumer", lambda: _take(consumer, records))
    plain, quick = parts.recovery(snapshots=False), parts.recovery(snapshots=True)
    await timed("recovery, Redis empty", lambda: plain.recover(parts.partition))
    await timed("takeover, Redis as it was left", lambda: plain.recover(parts.partition))
    await timed("web process, from the first record", lambda: _reader(parts))
    ledger = await plain.recover(parts.partition)
    known = ledger.trials[TRIAL]
    await timed("a snapshot written", lambda: _snapshot(parts, Taken.of(TRIAL, known)))
    await timed("takeover from a snapshot", lambda: quick.recover(parts.partition))
    await timed("web process from a snapshot", lambda: _reader(parts))
    requests = Requests(parts.redis)
    await requests.ask(parts.partition, Asked("benchmark", TRIAL))
    rebuild = Rebuild(parts.reader, parts.redis, requests, Cases())
    await timed("rebuild", lambda: rebuild.run(ledger))
    return rates


async def _snapshot(parts: Parts, taken: Taken) -> None:
    await Snapshots(parts.redis).write(taken)


async def _reader(parts: Parts) -> None:
    """A web process that was just started is asked for the trial."""
    follower = TrialFollower(parts.settings, RULES.evolve, RULES.new_trial)
    try:
        assert await follower.trial(TRIAL) is not None
    finally:
        await follower.stop()


@asynccontextmanager
async def _bare(parts: Parts) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer at the beginning of the same partition."""
    consumer = AIOKafkaConsumer(
        **parts.settings.kafka_client(),
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        at = TopicPartition(LOG, parts.partition)
        consumer.assign([at])
        consumer.seek(at, 0)
        yield consumer
    finally:
        await consumer.stop()


async def _take(consumer: AIOKafkaConsumer, records: int) -> None:
    """`getmany`, and nothing else."""
    taken = 0
    while taken < records:
        taken += sum(map(len, (await consumer.getmany(timeout_ms=500)).values()))


if __name__ == "__main__":
    sys.exit(main())
