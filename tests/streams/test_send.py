"""The producer on a real Kafka: every message gets its own offset, in the order given."""

import asyncio
from collections import defaultdict
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.kafka import MAX_BATCH_BYTES, MAX_MESSAGE_BYTES, Outgoing, Producer
from streams.log_reader import LogReader
from streams.settings import Settings

TOPICS = ("sent.here", "sent.there")
"""Of these tests alone: nobody else could read what is sent."""


@pytest.fixture(autouse=True)
async def _topics(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    config = {"max.message.bytes": str(MAX_MESSAGE_BYTES)}
    missing = set(TOPICS) - set(await admin.list_topics())
    if missing:
        await admin.create_topics([NewTopic(name, 3, 1, topic_configs=config) for name in missing])
    await admin.close()


def messages(count: int, size: int, partitions: int = 3) -> list[Outgoing]:
    """In turn over two topics and some partitions, each with a text of its own."""
    run = str(uuid4())
    return [
        Outgoing(
            TOPICS[n % 2],
            n % partitions,
            b"key",
            f"{run}/{n}/".encode() + b"x" * size,
            None if n % 3 else 1_700_000_000_000 + n,
        )
        for n in range(count)
    ]


async def stand(reader: LogReader, sent: list[Outgoing], offsets: list[int]) -> None:
    """Each message stands at its offset, and the offsets of a partition run on in order."""
    assert len(offsets) == len(sent)
    by_partition = defaultdict(list)
    for message, offset in zip(sent, offsets, strict=True):
        by_partition[message.topic, message.partition].append((offset, message.value))
    for (topic, partition), wanted in by_partition.items():
        first, end = wanted[0][0], wanted[-1][0] + 1
        assert [offset for offset, _ in wanted] == list(range(first, end))
        assert [found async for found in reader.read(topic, partition, first, end)] == wanted


@pytest.mark.parametrize(
    ("count", "size"),
    [
        (1, 10),
        (2, 10),
        (200, 100),
        (30, MAX_BATCH_BYTES // 4),
        (9, MAX_BATCH_BYTES + 1),
        (12, MAX_BATCH_BYTES - 300),
        (700, 9_000),
    ],
)
async def test_all_land_in_order_each_with_its_offset(
    settings: Settings, count: int, size: int
) -> None:
    producer, reader = Producer(settings), LogReader(settings)
    await producer.start()
    await reader.start()
    try:
        sent = messages(count, size)
        await stand(reader, sent, await producer.send_all(sent))
        assert await producer.send_all([]) == []
    finally:
        await producer.stop()
        await reader.stop()


async def test_those_of_several_tasks_land_each_in_its_order(settings: Settings) -> None:
    producer, reader = Producer(settings), LogReader(settings)
    await producer.start()
    await reader.start()
    try:
        several = [messages(count, 2_000, partitions=1) for count in (40, 1, 1, 250, 2, 1, 40)]
        landed = await asyncio.gather(*(producer.send_all(sent) for sent in several))
        taken = [
            (message.topic, offset)
            for sent, offsets in zip(several, landed, strict=True)
            for message, offset in zip(sent, offsets, strict=True)
        ]
        assert len(set(taken)) == len(taken)
        for sent, offsets in zip(several, landed, strict=True):
            for message, offset in zip(sent, offsets, strict=True):
                stands = reader.read(message.topic, message.partition, offset, offset + 1)
                assert [value async for _, value in stands] == [message.value]
            for topic in TOPICS:
                own = [o for m, o in zip(sent, offsets, strict=True) if m.topic == topic]
                assert own == sorted(own)
    finally:
        await producer.stop()
        await reader.stop()


async def test_single_messages_of_many_tasks_share_a_request(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests of many callers for one trial must not go to Kafka one after the other."""
    producer = Producer(settings)
    await producer.start()
    batches = 0

    async def counted(*args: object, **named: object) -> object:
        nonlocal batches
        batches += 1
        raise AssertionError("a batch of its own for a single message")

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", counted)
    try:
        sent = messages(60, 100, partitions=1)
        offsets = await asyncio.gather(*(producer.send_all([one]) for one in sent))
        assert len({(m.topic, o[0]) for m, o in zip(sent, offsets, strict=True)}) == 60
        assert batches == 0
    finally:
        await producer.stop()
