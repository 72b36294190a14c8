"""Measures the whole pipeline on a real Kafka and a real Redis: `python -m benchmarks.pipeline`.

Forms a second from `trial.requests` to `enrollment.events`, the same through HTTP, the latency of a
POST at a steady rate, CPU and memory of every process, CPU of every stage. Starts its own servers,
is bounded in count and time, and leaves nothing behind. `docs/performance.md` explains the figures.
"""

import asyncio
import itertools
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from benchmarks.forms import Forms
from benchmarks.http_client import Answered, Connection, form_message
from benchmarks.load import (
    Progress,
    Watcher,
    bare_rate,
    messages_of,
    prepare,
    send,
    set_up,
    trial_names,
)
from benchmarks.report import Latency, Report, Throughput, show
from benchmarks.stack import OwnStack, Stack
from benchmarks.stages import stage_costs
from benchmarks.trials import SITES, Prepared, utc_now
from services.local.places import LOOPBACK
from streams.settings import Settings
from streams.topics import create

MINUTES_MAX = 10
WAIT_SECONDS = 10
WARM_UP = 200
CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class Options:
    forms: int
    trials: int
    workers: int
    clients: int
    rate: int
    seconds: int


class _Task(Progress):
    def __init__(self, bar: Bar, what: str, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=total)

    def update(self, completed: int) -> None:
        self._bar.update(self._task, completed=completed)


@click.command(help=__doc__)
@click.option("--forms", default=8000, help="Forms of each throughput measurement.")
@click.option("--trials", default=6, help="Trials that they are spread over.")
@click.option("--workers", default=1, help="Worker processes.")
@click.option("--clients", default=32, help="Concurrent clients of the HTTP measurement.")
@click.option("--rate", default=50, help="Forms a second of the latency measurement.")
@click.option("--seconds", default=20, help="Length of the latency measurement.")
@click.option(
    "--per-message-flush/--no-per-message-flush",
    default=None,
    help="Topics flushed per message or not; without it the latency is measured both ways.",
)
def main(per_message_flush: bool | None, **options: int) -> None:
    ways = (False, True) if per_message_flush is None else (per_message_flush,)
    report = Report()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=CONSOLE) as bar, OwnStack() as stack:
        asyncio.run(_bounded(stack, Options(**options), ways, report, bar))
        report.costs = stage_costs()
    show(report, options["rate"], CONSOLE)


async def _bounded(
    stack: Stack, options: Options, ways: Sequence[bool], report: Report, bar: Bar
) -> None:
    async with asyncio.timeout(MINUTES_MAX * 60):
        for number, flush in enumerate(ways):
            await _one_way(stack, options, flush, number == 0, report, bar)


async def _one_way(
    stack: Stack, options: Options, flush: bool, throughput: bool, report: Report, bar: Bar
) -> None:
    """All measurements with topics flushed per message or not; throughput only the first time."""
    settings = stack.settings(flush=flush)
    await create(settings)
    stack.start_workers(options.workers, flush=flush)
    stack.start_web(flush=flush)
    said = "flushed per message" if flush else "not flushed per message"
    prefix = "F" if flush else "N"
    names = trial_names(options.trials, settings.partitions, f"BENCH-{prefix}")
    trials = prepare(names, utc_now(), limited=False)
    preparing = _Task(bar, f"trials, topics {said}", len(trials))
    await set_up(settings, trials)
    preparing.update(len(trials))
    await _through_kafka(stack, settings, trials, WARM_UP, f"w{prefix}", "warming up", bar)
    if throughput:
        await _throughputs(stack, settings, options, trials, report, bar)
    else:
        found = await _through_kafka(
            stack, settings, trials, options.forms, f"k{prefix}", f"Kafka, topics {said}", bar
        )
        report.throughputs.append(found)
    report.latencies.append(await _latency(stack, options, trials, said, f"l{prefix}", bar))
    stack.stop_serving()


async def _throughputs(
    stack: Stack,
    settings: Settings,
    options: Options,
    trials: Sequence[Prepared],
    report: Report,
    bar: Bar,
) -> None:
    name = f"Kafka, {len(trials)} trials"
    found = await _through_kafka(stack, settings, trials, options.forms, "k", name, bar)
    report.throughputs.append(found)
    found = await _through_kafka(
        stack, settings, trials[:1], options.forms // 2, "o", "Kafka, one trial", bar
    )
    report.throughputs.append(found)
    found = await _through_http(stack, options, trials, options.forms // 4, bar)
    report.throughputs.append(found)
    report.memory = stack.uses()
    bare = _Task(bar, "a bare consumer of the same topic", 1)
    _, report.bare = await bare_rate(settings)
    bare.update(1)


@contextmanager
def _cpu(stack: Stack, into: dict[str, float], forms: int) -> Iterator[None]:
    before, own = stack.uses(), time.process_time()
    yield
    for name, use in stack.uses().items():
        into[name] = (use.cpu_seconds - before[name].cpu_seconds) / forms * 1e6
    into["this benchmark"] = (time.process_time() - own) / forms * 1e6


async def _through_kafka(
    stack: Stack,
    settings: Settings,
    trials: Sequence[Prepared],
    forms: int,
    prefix: str,
    name: str,
    bar: Bar,
) -> Throughput:
    """From the first request sent to the public event of the last form."""
    task = _Task(bar, name, forms)
    messages = messages_of(settings, trials, forms, prefix)
    cpu: dict[str, float] = {}
    async with Watcher(settings) as watcher:
        with _cpu(stack, cpu, forms):
            start = time.perf_counter()
            sending = asyncio.create_task(send(settings, messages))
            await watcher.subjects(forms, task)
            await sending
        seconds = watcher.seen.last_at - start
    CONSOLE.print(f"{name}: {forms / seconds:,.0f} forms/s")
    return Throughput(name, forms, forms / seconds, cpu)


async def _through_http(
    stack: Stack, options: Options, trials: Sequence[Prepared], forms: int, bar: Bar
) -> Throughput:
    """Each client sends a form, waits for its outcome, sends the next."""
    name = f"HTTP, {options.clients} clients that wait"
    task = _Task(bar, name, forms)
    messages = iter(_posts(trials, forms, "h"))
    await _load_trials(stack, trials)
    done = 0
    cpu: dict[str, float] = {}

    async def client() -> None:
        nonlocal done
        connection = await Connection.open(LOOPBACK, stack.web_port)
        for message in messages:
            _outcome(await connection.post(message))
            done += 1
            task.update(done)
        await connection.close()

    with _cpu(stack, cpu, forms):
        start = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(options.clients)))
        seconds = time.perf_counter() - start
    CONSOLE.print(f"{name}: {forms / seconds:,.0f} forms/s")
    return Throughput(name, forms, forms / seconds, cpu)


async def _load_trials(stack: Stack, trials: Sequence[Prepared]) -> None:
    """Returns when the web service has folded every log: it says 503 until it has."""
    connection = await Connection.open(LOOPBACK, stack.web_port)
    for message in _posts(trials, len(trials), f"first{stack.web_port}"):
        while (await connection.post(message)).status == 503:
            await asyncio.sleep(0.5)
    await connection.close()


async def _latency(
    stack: Stack, options: Options, trials: Sequence[Prepared], said: str, prefix: str, bar: Bar
) -> Latency:
    """A form every 1 / rate seconds whether or not the ones before are answered."""
    count = options.rate * options.seconds
    task = _Task(bar, f"{options.rate} forms/s, topics {said}", count)
    await _load_trials(stack, trials)
    # In turn, so that none is idle for so long that the service closes it.
    opened = [await Connection.open(LOOPBACK, stack.web_port) for _ in range(options.rate)]
    free = deque(opened)
    taken: list[float] = []

    async def one(message: bytes) -> None:
        connection = free.popleft() if free else await Connection.open(LOOPBACK, stack.web_port)
        answered = await connection.post(message)
        _outcome(answered)
        free.append(connection)
        taken.append(answered.seconds * 1000)
        task.update(len(taken))

    start = time.perf_counter()
    running = []
    for number, message in enumerate(_posts(trials, count, prefix)):
        await asyncio.sleep(max(0.0, start + number / options.rate - time.perf_counter()))
        running.append(asyncio.create_task(one(message)))
    await asyncio.gather(*running)
    rate = count / (time.perf_counter() - start)
    for connection in free:
        await connection.close()
    cuts = statistics.quantiles(taken, n=100)
    CONSOLE.print(f"{options.rate} forms/s, topics {said}: p50 {cuts[49]:.1f} ms")
    return Latency(said, rate, cuts[49], cuts[98], max(taken), count)


def _posts(trials: Sequence[Prepared], count: int, prefix: str) -> list[bytes]:
    streams = [
        (trial, Forms(trial.trial.in_force.local_date(trial.at), SITES).of(f"{prefix}{index}"))
        for index, trial in enumerate(trials)
    ]
    made = []
    for trial, forms in itertools.islice(itertools.cycle(streams), count):
        form = next(forms)
        key = f"key-{form['subject_id']}"
        body = orjson.dumps(form)
        made.append(form_message(trial.trial_id, form["site_id"], key, body, WAIT_SECONDS))
    return made


def _outcome(answered: Answered) -> None:
    assert answered.status == 200, f"{answered.status}: {answered.body[:500]!r}"


if __name__ == "__main__":
    sys.exit(main())
