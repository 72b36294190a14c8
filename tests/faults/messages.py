"""Faults that are messages: duplicates, another order, poison, a stranger's records, a clock."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition
from redis.asyncio import Redis

from tests.faults.client import TrialUnderLoad
from tests.faults.stack import Stack

REQUESTS, COMMANDS, LOG = "trial.requests", "trial.commands", "trial.log"
LATEST = 400
HUGE = 3_000_000
Parameters = dict[str, Any]


class Scene(Protocol):
    """What is needed of `tests.faults.faults.Scene`."""

    @property
    def stack(self) -> Stack: ...
    @property
    def trials(self) -> list[TrialUnderLoad]: ...


async def redis_command(stack: Stack, *words: str) -> Any:
    """Past the proxy."""
    client: Any = Redis.from_url(stack.redis.url)
    try:
        return await client.execute_command(*words)
    finally:
        await client.aclose()


async def latest(stack: Stack, topic: str, most: int = LATEST) -> list[ConsumerRecord]:
    """The last messages of each partition of a topic, in order within each."""
    settings = stack.settings
    consumer = AIOKafkaConsumer(**settings.kafka_client(), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in range(settings.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        starts = await consumer.beginning_offsets(partitions)
        found = []
        for partition in partitions:
            at = max(starts[partition], ends[partition] - most)
            consumer.seek(partition, at)
        waiting = {p for p in partitions if ends[p] > max(starts[p], ends[p] - most)}
        while waiting:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                found += [r for r in records if r.offset < ends[partition]]
                if records[-1].offset >= ends[partition] - 1:
                    waiting.discard(partition)
        return found
    finally:
        await consumer.stop()


async def put(stack: Stack, messages: list[tuple[str, int, bytes | None, bytes | None]]) -> None:
    """Topic, partition, key and value of each; returns when Kafka has all of them."""
    producer = AIOKafkaProducer(**stack.settings.kafka_client(), max_request_size=4_000_000)
    await producer.start()
    try:
        for topic, partition, key, value in messages:
            await producer.send_and_wait(topic, value, key=key, partition=partition)
    finally:
        await producer.stop()


async def duplicates(scene: Scene, chance: random.Random) -> Parameters:
    """Requests that were sent before, once more, in their order."""
    known = await latest(scene.stack, REQUESTS)
    chosen = [r for r in known if chance.random() < 0.3]
    await put(scene.stack, [(r.topic, r.partition, r.key, r.value) for r in chosen])
    return {"again": len(chosen)}


async def reordered(scene: Scene, chance: random.Random) -> Parameters:
    """Requests and judged commands that were sent before, in any order, some of them twice."""
    known = [*await latest(scene.stack, REQUESTS, 80), *await latest(scene.stack, COMMANDS, 80)]
    chosen = chance.choices(known, k=min(len(known), 120)) if known else []
    await put(scene.stack, [(r.topic, r.partition, r.key, r.value) for r in chosen])
    return {"again": len(chosen)}


def _altered(record: ConsumerRecord, chance: random.Random) -> bytes:
    """A known command id with another content: refused as a conflict, whatever it says."""
    plain = orjson.loads(record.value)
    plain["digest"] = chance.randbytes(32).hex()
    plain.pop("verdict", None)
    return orjson.dumps(plain)


def _without_a_subject(record: ConsumerRecord, chance: random.Random) -> bytes:
    plain = orjson.loads(record.value)
    plain["command_id"] = str(UUID(bytes=chance.randbytes(16)))
    plain["command"] = {"type": "NoSuchCommand", "subject_id": 7}
    return orjson.dumps(plain)


def _of_json(record: ConsumerRecord, chance: random.Random) -> list[bytes]:
    plain = orjson.loads(record.value)
    return [
        b"{",
        b"null",
        b"[]",
        b'{"trial_id": "x"}',
        b"[" * 20_000,
        b'{"a":' * 20_000 + b"1",
        orjson.dumps(plain | {"surprise": 1}),
        orjson.dumps(plain | {"at": "yesterday"}),
        orjson.dumps(plain | {"trial_id": "../" + plain["trial_id"]}),
        orjson.dumps(plain | {"command": None}),
        record.value[: len(record.value) // 2],
        record.value.replace(b"{", b'{"trial_id":"other",', 1),
        b'{"number": NaN}',
        b"\xff\xfe" + record.value,
        _altered(record, chance),
        _without_a_subject(record, chance),
    ]


async def poison(scene: Scene, chance: random.Random) -> Parameters:
    """Bytes, nothing at all, wrong formats, wrong partitions, conflicts and huge ones."""
    known = [r for r in await latest(scene.stack, REQUESTS, 60) if _is_of(scene, r)]
    if not known:
        return {"messages": 0}
    record = chance.choice(known)
    values: list[bytes | None] = [None, b"", chance.randbytes(400), b"x" * HUGE]
    values += _of_json(record, chance)
    partitions = scene.stack.settings.partitions
    messages: list[tuple[str, int, bytes | None, bytes | None]] = []
    for value in values:
        topic = chance.choice((REQUESTS, REQUESTS, COMMANDS))
        key = chance.choice((b"", record.key, b"\xff\x00"))
        messages.append((topic, record.partition, key, value))
    wrong = (record.partition + 1) % partitions
    messages.append((REQUESTS, wrong, record.key, record.value))
    messages.append((COMMANDS, wrong, record.key, record.value))
    chance.shuffle(messages)
    await put(scene.stack, messages)
    return {"messages": len(messages), "partition": record.partition}


async def stranger(scene: Scene, chance: random.Random) -> Parameters:
    """Somebody else writes to `trial.log`: nonsense, and records that do not fit the chain."""
    known = [r for r in await latest(scene.stack, LOG, 60) if _is_record(scene, r)]
    if not known:
        return {"messages": 0}
    record = chance.choice(known)
    plain = orjson.loads(record.value)
    ahead = plain | {"sequence": plain["sequence"] + 1000, "previous": "0" * 64}
    values = [chance.randbytes(60), b"", orjson.dumps(ahead), record.value, b"{}"]
    chosen: list[Any] = chance.sample(values, chance.randint(1, len(values)))
    await put(scene.stack, [(LOG, record.partition, record.key, v) for v in chosen])
    return {"messages": len(chosen), "partition": record.partition}


def _is_of(scene: Scene, record: ConsumerRecord) -> bool:
    return _trial_of(record) in {trial.trial_id for trial in scene.trials}


def _is_record(scene: Scene, record: ConsumerRecord) -> bool:
    try:
        plain = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return False
    trials = {trial.trial_id for trial in scene.trials}
    return isinstance(plain, dict) and "previous" in plain and plain.get("trial") in trials


def _far_ahead(record: ConsumerRecord, chance: random.Random) -> tuple[str, bytes]:
    plain = orjson.loads(record.value)
    identity = str(UUID(bytes=chance.randbytes(16)))
    at = datetime.now(UTC) + timedelta(minutes=chance.randint(120, 500_000))
    plain |= {"command_id": identity, "at": at.isoformat()}
    return identity, orjson.dumps(plain)


async def clock_jump(scene: Scene, chance: random.Random) -> Parameters:
    """A simulated trial is told a day far ahead; a real one must not believe it."""
    trials = scene.trials
    simulated = [trial for trial in trials if trial.simulated]
    days = chance.randint(30, 400)
    if simulated:
        trial = chance.choice(simulated)
        far = trial.now + timedelta(days=days)
        await trial.send("centre", "TimePassed", "/clock", {}, at=far)
        trial.now = far
    real = {trial.trial_id for trial in trials if not trial.simulated}
    known = [r for r in await latest(scene.stack, REQUESTS, 200) if _trial_of(r) in real]
    chosen = chance.choices(known, k=3) if known else []
    asked = [(record, *_far_ahead(record, chance)) for record in chosen]
    await put(scene.stack, [(REQUESTS, r.partition, r.key, value) for r, _, value in asked])
    return {"days": days, "never_to_be_decided": [identity for _, identity, _ in asked]}


def _trial_of(record: ConsumerRecord) -> str | None:
    """The trial of a request that is one; poison stands in the same topic."""
    try:
        plain = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    return plain.get("trial_id") if isinstance(plain, dict) and "command_id" in plain else None
