"""What the pipeline is fed with, and the one who watches for what comes out of it."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from benchmarks.forms import Forms
from benchmarks.trials import SITES, Prepared, form_request, phase_two, protocol_text
from streams.kafka import Outgoing, Producer
from streams.partition import partition_of
from streams.requests import REQUESTS, request_message
from streams.settings import Settings
from streams.topics import EVENTS

IDLE_SECONDS = 60.0
"""The longest that nothing at all may come out before a measurement gives up."""
PLACES = 100_000
"""Of Phase II: the most that a protocol may have."""
CHUNK = 500


@dataclass(slots=True)
class Seen:
    """Public events by subject; `done` counts the subjects that any event spoke of."""

    first: dict[str, float] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    last_at: float = 0.0


class Watcher:
    """Reads `enrollment.events` from its end on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer = AIOKafkaConsumer(
            **settings.kafka_client(), enable_auto_commit=False, fetch_max_wait_ms=50
        )
        self.seen = Seen()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watcher":
        await self._consumer.start()
        partitions = [TopicPartition(EVENTS, p) for p in range(self._settings.partitions)]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_end(*partitions)
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def subjects(self, count: int, told: "Progress") -> None:
        """Returns when events about that many subjects came out."""
        while len(self.seen.first) < count:
            await self._next()
            told.update(min(len(self.seen.first), count))

    async def types(self, name: str, count: int) -> None:
        """Returns when that many events of a type came out."""
        while self.seen.types[name] < count:
            await self._next()

    async def _next(self) -> None:
        self._changed.clear()
        async with asyncio.timeout(IDLE_SECONDS):
            await self._changed.wait()

    async def _read(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=200, max_records=2000)
            now = time.perf_counter()
            for records in batches.values():
                for record in records:
                    event = orjson.loads(record.value)
                    self.seen.types[event["type"]] += 1
                    subject = event["data"].get("subject_id")
                    if subject is not None:
                        self.seen.first.setdefault(subject, now)
                        self.seen.last_at = now
            if batches:
                self._changed.set()


class Progress:
    """How far a measurement is, for whoever looks on."""

    def update(self, completed: int) -> None:
        """Shows the number done."""


def trial_names(count: int, partitions: int, prefix: str) -> tuple[str, ...]:
    """As many trials, each in a partition of its own as far as there are any."""
    found: dict[int, list[str]] = {}
    for number in range(partitions * 40):
        name = f"{prefix}-{number}"
        found.setdefault(partition_of(name, partitions), []).append(name)
    rounds = itertools.chain.from_iterable(zip(*found.values(), strict=False))
    return tuple(itertools.islice(rounds, count))


def prepare(names: Sequence[str], now: datetime, *, limited: bool) -> list[Prepared]:
    """Trials in Phase II with room for all; `limited` keeps the limits of the sites."""
    text = protocol_text(phase2_number=PLACES, limited=limited)
    return [phase_two(name, now, text) for name in names]


async def set_up(settings: Settings, trials: Sequence[Prepared]) -> None:
    """Sends all that led to these trials; returns when the pipeline has them in Phase II."""
    producer = Producer(settings)
    await producer.start()
    try:
        async with Watcher(settings) as watcher:
            for trial in trials:
                messages = [request_message(r, settings.partitions) for r in trial.requests]
                await producer.send_all(messages)
            await watcher.types("org.holdfast.phase.opened.v1", len(trials))
    finally:
        await producer.stop()


def messages_of(
    settings: Settings, trials: Sequence[Prepared], count: int, prefix: str
) -> list[Outgoing]:
    """This many forms of new subjects, over the trials in turn."""
    streams = [
        (trial, Forms(trial.trial.in_force.local_date(trial.at), SITES).of(f"{prefix}{index}"))
        for index, trial in enumerate(trials)
    ]
    made = []
    for trial, forms in itertools.islice(itertools.cycle(streams), count):
        request = form_request(trial.trial_id, next(forms), trial.at)
        made.append(request_message(request, settings.partitions))
    return made


async def send(settings: Settings, messages: Sequence[Outgoing]) -> float:
    """Puts all of them into `trial.requests` as fast as Kafka takes them; seconds it took."""
    producer = Producer(settings)
    await producer.start()
    start = time.perf_counter()
    try:
        for first in range(0, len(messages), CHUNK):
            await producer.send_all(messages[first : first + CHUNK])
        return time.perf_counter() - start
    finally:
        await producer.stop()


async def bare_rate(settings: Settings) -> tuple[int, float]:
    """Messages a second that a plain consumer alone takes out of the same topic, and how many."""
    consumer = AIOKafkaConsumer(
        **settings.kafka_client(), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(REQUESTS, p) for p in range(settings.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
        total, start = sum(ends.values()), time.perf_counter()
        taken = 0
        async with asyncio.timeout(IDLE_SECONDS):
            while taken < total:
                batches = await consumer.getmany(timeout_ms=500, max_records=500)
                taken += sum(len(records) for records in batches.values())
        return taken, taken / (time.perf_counter() - start)
    finally:
        await consumer.stop()
