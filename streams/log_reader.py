"""Reads a partition of `trial.log` (or of `trial.parked`) by offset, outside any group."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from streams.kafka import MAX_MESSAGE_BYTES
from streams.pulse import beat
from streams.settings import Settings

SILENT_SECONDS = 10
"""How long a partition whose end is further on may give nothing: then Kafka is away."""


class LogReader:
    """One reader, one use at a time. Every method may raise `KafkaError`.

    One topic for each reader is fastest: another one costs a round of metadata.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._settings.kafka_client(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
            fetch_max_wait_ms=10,
            request_timeout_ms=5000,
        )
        try:
            await consumer.start()
            # A consumer that is stopped before its task has begun raises `CancelledError`.
            await asyncio.sleep(0)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """For each partition the offset of the next message, in one round trip."""
        found = await self._started.end_offsets([TopicPartition(topic, p) for p in partitions])
        return {at.partition: int(offset) for at, offset in found.items()}

    async def end(self, topic: str, partition: int) -> int:
        """The offset of the next message."""
        return (await self.ends(topic, (partition,)))[partition]

    async def read(
        self, topic: str, partition: int, start: int, end: int
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Offset and value of every message from `start` up to and without `end`."""
        at = TopicPartition(topic, partition)
        consumer = self._started
        if start >= end:
            return
        consumer.assign([at])
        consumer.seek(at, start)
        silent = 0
        try:
            while True:
                messages = (await consumer.getmany(at, timeout_ms=1000)).get(at, ())
                silent = 0 if messages else silent + 1
                if silent > SILENT_SECONDS:
                    raise KafkaTimeoutError(f"{topic} {partition}: nothing came from {start}")
                if messages:
                    beat()
                for message in messages:
                    if message.offset >= end:
                        return
                    yield message.offset, message.value or b""
                if await consumer.position(at) >= end:
                    return
        finally:
            # It would poll the end of the partition for ever.
            if at in consumer.assignment():
                consumer.pause(at)

    async def at(self, topic: str, partition: int, offset: int, end: int) -> bytes | None:
        """The message at an offset; none when it is not there any more."""
        if not 0 <= offset < end:
            return None
        async for found, value in self.read(topic, partition, offset, offset + 1):
            return value if found == offset else None
        return None

    @property
    def _started(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "start the reader first"
        return self._consumer
