"""What a round left behind, as plain data: read from Kafka, Redis and the API by no code of ours.

The checker takes this and nothing else, so that a test can hand it a doctored one.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from redis.asyncio import Redis

from tests.faults.client import TrialUnderLoad
from tests.faults.stack import Stack

LOG, EVENTS = "trial.log", "enrollment.events"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InRedis:
    """The keys of one trial: records in order as bytes, the head, command id -> sequence."""

    records: list[bytes]
    head: dict[str, str]
    answers: dict[str, int]
    protocol: int | None
    """The sequence of the record that adopted the protocol in force."""


@dataclass(slots=True)
class Found:
    """One trial at the end of a round."""

    trial: str
    history: list[Json]
    log: list[bytes]
    """Every message of `trial.log` under this trial's key, in the order of their offsets."""
    public: list[Json]
    """Every message of `enrollment.events` of this trial, in order, duplicates among them."""
    api_log: list[Json]
    api_events: list[Json]
    board: Json
    redis: InRedis
    never: set[str] = field(default_factory=set)
    """Command ids that must not be decided: requests from an impossible future."""


def sha256(stored: bytes) -> str:
    return hashlib.sha256(stored).hexdigest()


def read_json(stored: bytes | None) -> Json | None:
    """The object that these bytes are, none for anything else."""
    try:
        plain = json.loads(stored or b"")
    except (ValueError, RecursionError):
        return None
    return plain if isinstance(plain, dict) else None


async def read_topic(stack: Stack, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of every message, in order within each partition."""
    settings = stack.settings
    consumer = AIOKafkaConsumer(**settings.kafka_client(), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in range(settings.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition, at in (await consumer.beginning_offsets(partitions)).items():
            consumer.seek(partition, at)
        left = {p for p in partitions if ends[p] > 0}
        found: list[tuple[bytes | None, bytes | None]] = []
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                found += [(r.key, r.value) for r in records]
                if records[-1].offset >= ends[partition] - 1:
                    left.discard(partition)
        return found
    finally:
        await consumer.stop()


async def read_redis(stack: Stack, trial: str) -> InRedis:
    client: Any = Redis.from_url(stack.redis.url)
    try:
        entries = await client.xrange(f"{{{trial}}}:log")
        head = await client.hgetall(f"{{{trial}}}:head")
        answers = await client.hgetall(f"{{{trial}}}:answers")
        protocol = await client.get(f"{{{trial}}}:protocol")
    finally:
        await client.aclose()
    return InRedis(
        [fields[b"r"] for _, fields in entries],
        {key.decode(): value.decode() for key, value in head.items()},
        {key.decode(): int(value) for key, value in answers.items()},
        None if protocol is None else int(protocol),
    )


async def read_all(stack: Stack, trials: list[TrialUnderLoad], never: set[str]) -> list[Found]:
    """All that the checker looks at, of every trial of a round."""
    log = await read_topic(stack, LOG)
    events = [(key, read_json(value)) for key, value in await read_topic(stack, EVENTS)]
    found = []
    for trial in trials:
        name = trial.trial_id
        board = await trial.read("/board")
        found.append(
            Found(
                name,
                [line for line in trial.history.lines if line["trial"] == name],
                [value or b"" for key, value in log if key == name.encode()],
                [event for _, event in events if event and event["data"]["trial_id"] == name],
                await trial.read_all("/log"),
                await trial.read_all("/events"),
                board.body,
                await read_redis(stack, name),
                never,
            )
        )
    return found
