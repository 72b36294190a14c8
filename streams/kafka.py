"""Kafka as we use it: one idempotent producer that waits for every replica, and a plain reader."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from streams.settings import Settings

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message of any topic: an adopted protocol with its text is the largest we know."""
MAX_BATCH_BYTES = 900_000
OVERHEAD = 100
"""More than Kafka's format adds to a batch, and to each of its messages."""


class SendFailedError(Exception):
    """Something sent may or may not land later: the process that sent it must end."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, its partition always said."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    """Empty: a tombstone, which takes back what the key said before."""
    timestamp_ms: int | None = None


class Producer:
    """Returns offsets only after every in-sync replica has the message. Order is kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        # Topics flushed per message need large batches: 16 KiB give a few hundred sends a second.
        producer = AIOKafkaProducer(
            **self._settings.kafka_client(),
            acks="all",
            enable_idempotence=True,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            request_timeout_ms=int(self._settings.send_timeout_seconds * 1000),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def partitions_of(self, topic: str) -> int:
        """How many partitions a topic has."""
        assert self._producer is not None, "start the producer first"
        return len(await self._producer.partitions_for(topic))

    async def send_all(self, messages: Sequence[Outgoing]) -> list[int]:
        """The offset of each message, in the order given; raises `SendFailedError` when unsure."""
        if self._producer is None:
            raise SendFailedError("the producer is not running")
        try:
            async with asyncio.timeout(self._settings.send_timeout_seconds + 5):
                sent = [
                    (
                        await self._send(self._producer, [messages[place] for place in places]),
                        places,
                    )
                    for places in _batches(messages)
                ]
                landed = await asyncio.gather(*(future for future, _ in sent))
        except Exception as error:
            raise SendFailedError(f"Kafka did not acknowledge: {type(error).__name__}") from error
        offsets = [-1] * len(messages)
        for metadata, (_, places) in zip(landed, sent, strict=True):
            for number, place in enumerate(places):
                offsets[place] = metadata.offset + number
        return offsets

    async def _send(
        self, producer: AIOKafkaProducer, messages: Sequence[Outgoing]
    ) -> asyncio.Future[RecordMetadata]:
        """Messages of one batch; the future has the offset of the first.

        One alone joins what others send to its partition. A batch waits until the one before it is
        under way, but costs one future and not one for each message.
        """
        first = messages[0]
        if len(messages) == 1:
            one: asyncio.Future[RecordMetadata] = await producer.send(
                first.topic,
                first.value or None,
                key=first.key,
                partition=first.partition,
                timestamp_ms=first.timestamp_ms,
            )
            return one
        batch = producer.create_batch()
        for message in messages:
            value, at = message.value or None, message.timestamp_ms
            added = batch.append(timestamp=at, key=message.key, value=value)
            assert added is not None, "a batch has room for all that was counted into it"
        all_of_it: asyncio.Future[RecordMetadata] = await producer.send_batch(
            batch, first.topic, partition=first.partition
        )
        return all_of_it


def _batches(messages: Sequence[Outgoing]) -> list[list[int]]:
    """The places of the messages of each batch: one partition, in order, no larger than allowed."""
    found: list[list[int]] = []
    filling: dict[tuple[str, int], tuple[list[int], int]] = {}
    for place, message in enumerate(messages):
        to = message.topic, message.partition
        size = len(message.key) + len(message.value) + OVERHEAD
        places, filled = filling.get(to, ([], MAX_BATCH_BYTES))
        if filled + size > MAX_BATCH_BYTES:
            places, filled = [], OVERHEAD
            found.append(places)
        places.append(place)
        filling[to] = places, filled + size
    return found
