"""A small topic that every web process folds whole: accounts and rights, or drafts of forms."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka import MAX_MESSAGE_BYTES, Outgoing, Producer, SendFailedError
from streams.settings import Settings

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
PAUSE_MAX_SECONDS = 5.0
POLL_MS = 1_000
APPLY_SECONDS = 10.0
"""How long an acknowledged message may take to come back to its own sender."""
OUTCOMES_KEPT = 10_000

Apply = Callable[[str, bytes | None], bool]
"""Takes one message in, in the topic's order: its key, its value (none: taken back). False: it was
refused, the same in every process, for instance a name that somebody else had first. An exception
means that the message cannot be understood: nothing more is read, and nothing is served.
"""


class KeptTopic:
    """One partition, no group: each process reads it from the beginning and follows it.

    What a process sent counts only when it came back in order, so all processes agree.
    """

    def __init__(self, settings: Settings, topic: str, apply: Apply) -> None:
        self._settings = settings
        self._topic = topic
        self._apply = apply
        self._producer: Producer | None = None
        self._next = 0
        self._ready = False
        self._outcomes: OrderedDict[int, bool] = OrderedDict()
        self._moved = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns at once; `ready` once all that was there at the start is folded."""
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        if self._producer is not None:
            await self._producer.stop()

    def ready(self) -> bool:
        """Everything up to the end, as last seen, is folded, and the topic can be read."""
        return self._ready

    async def append(self, key: str, value: bytes | None) -> bool:
        """Whether the message was taken in, once it is in Kafka and folded here.

        Raises `SendFailedError` when that is not known; sending it again must be harmless.
        """
        producer = await self._connected()
        try:
            message = Outgoing(self._topic, 0, key.encode(), value or b"")
            (offset,) = await producer.send_all([message])
        except SendFailedError:
            self._producer = None
            with contextlib.suppress(Exception):
                await producer.stop()
            raise
        try:
            async with asyncio.timeout(APPLY_SECONDS):
                while self._next <= offset:
                    await self._moved.wait()
        except TimeoutError:
            raise SendFailedError(f"{self._topic}: what was sent did not come back") from None
        return self._outcomes.get(offset, True)

    async def _connected(self) -> Producer:
        if self._producer is None:
            producer = Producer(self._settings)
            try:
                await producer.start()
            except Exception as error:
                raise SendFailedError(f"Kafka: {type(error).__name__}") from error
            self._producer = producer
        return self._producer

    async def _follow(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            started = self._next
            try:
                await self._read()
            except Exception as error:
                self._ready = False
                LOG.error("%s cannot be read: %s", self._topic, type(error).__name__)
            pause = PAUSE_SECONDS if self._next > started else min(pause * 2, PAUSE_MAX_SECONDS)
            await asyncio.sleep(pause)

    async def _read(self) -> None:
        """From the first message that is not folded yet, for ever."""
        consumer = AIOKafkaConsumer(
            **self._settings.kafka_client(),
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
            fetch_max_wait_ms=200,
            request_timeout_ms=5000,
        )
        at = TopicPartition(self._topic, 0)
        try:
            await consumer.start()
            # One that is stopped before its task has begun raises `CancelledError`.
            await asyncio.sleep(0)
            consumer.assign([at])
            consumer.seek(at, self._next)
            end = (await consumer.end_offsets([at]))[at]
            while True:
                for message in (await consumer.getmany(at, timeout_ms=POLL_MS)).get(at, ()):
                    self._take(message.offset, message.key, message.value)
                self._next = max(self._next, await consumer.position(at))
                self._tell()
                self._ready = self._ready or self._next >= end
        finally:
            await consumer.stop()

    def _take(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        self._outcomes[offset] = self._apply((key or b"").decode(), value)
        self._next = offset + 1
        if len(self._outcomes) > OUTCOMES_KEPT:
            self._outcomes.popitem(last=False)

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
