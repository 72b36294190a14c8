"""The one place where we change Faust: it hands a message on without making four tasks for it.

Faust waits for each message to be taken *or* for the flow to be suspended, with four asyncio tasks
a message; that is most of its cost. While the flow is on and no queue is full, taking a message
cannot block, so there is nothing to wait for: it is then taken directly. In every other case
Faust's own way is used, which lets go of a message that is blocked when the flow is suspended.
Its thread that reads Kafka runs on uvloop, as the rest of the worker does, and what it asks its
settings for at every message (is its own producer, which nothing uses, behind?) is not asked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import uvloop
from faust.serializers.schemas import Schema
from faust.transport.drivers.aiokafka import (
    AIOKafkaConsumerThread,
    Consumer,
    Producer,
    Transport,
)

from streams.fetch_codec import use_quick_fetch


class DirectConsumer(Consumer):  # type: ignore[misc]  # Faust has no types
    """Faust's consumer with a short cut in `wait_first`, which it only uses to hand messages on."""

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        thread = AIOKafkaConsumerThread(
            self, loop=self.loop, beacon=self.beacon, thread_loop=uvloop.new_event_loop()
        )
        thread._close_thread_loop_on_stop = True
        return thread

    async def wait_first(self, *coros: Any, timeout: Any = None) -> Any:
        if len(coros) == 2 and timeout is None and self._cannot_block():
            taking, suspended = coros
            if asyncio.iscoroutine(taking) and asyncio.iscoroutine(suspended):
                suspended.close()
                await taking
                return None
        return await super().wait_first(*coros, timeout=timeout)

    def _cannot_block(self) -> bool:
        app = self.app
        return (
            not self.suspend_flow.is_set()
            and not self._stopped.is_set()
            and app.flow_control.is_active()
            and not any([topic.queue.full() for topic in app.topics])
        )


class AsItCame(Schema):  # type: ignore[misc]  # Faust has no types
    """Keys and values stay the bytes that they are; nothing is looked up to find that out."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Awaitable[Any]]:
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return create_event(message.key, message.value, message.headers, message)

        return decode


class UnusedProducer(Producer):  # type: ignore[misc]  # Faust has no types
    """Faust's producer, to which nobody gives anything: no message waits for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer.wait_until_ebb = _at_once


async def _at_once() -> None:
    return None


class DirectTransport(Transport):  # type: ignore[misc]  # Faust has no types
    """Faust's transport with these two."""

    Consumer = DirectConsumer
    Producer = UnusedProducer


def use_direct_drain(app: Any) -> None:
    """Before the app is started."""
    event = app.conf.Event
    app.create_event = partial(event, app)
    use_quick_fetch()
    app.transport = DirectTransport(app.conf.broker_consumer, app)
