"""Kafka as we use it: one idempotent producer that waits for every replica, and a plain reader."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from streams.settings import Settings

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message of any topic: an adopted protocol with its text is the largest we know."""


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
            max_batch_size=900_000,
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
                futures = [
                    await self._producer.send(
                        message.topic,
                        message.value or None,
                        key=message.key,
                        partition=message.partition,
                        timestamp_ms=message.timestamp_ms,
                    )
                    for message in messages
                ]
                landed = await asyncio.gather(*futures)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise SendFailedError(f"Kafka did not acknowledge: {type(error).__name__}") from error
        return [metadata.offset for metadata in landed]
