"""The real ports: requests into Kafka, trials out of Redis; outages become `UnavailableError`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import UUID

from redis.exceptions import RedisError

from enrollment.commands import Request
from enrollment.trial import Trial
from services.api.ports import NotSentError, NotShownError, UnavailableError
from streams import follow
from streams.follow import Listed, StoredAnswer, TrialFollower
from streams.record import Record
from streams.refused import refusal
from streams.requests import RequestWriter, WrongCountError

LOG = logging.getLogger(__name__)
SENDING_MAX = 2_000
"""Requests that wait for Kafka at once; a caller who hangs up does not end one."""
PAUSE_SECONDS = 0.2
PAUSE_MAX_SECONDS = 5.0


class KafkaRequests:
    """Keeps one writer connected. A writer that is unsure of a request is replaced by a new one."""

    def __init__(
        self, make: Callable[[], RequestWriter], ask: Callable[[], Awaitable[str | None]]
    ) -> None:
        """`ask` asks Kafka itself why it does not let us in."""
        self._make = make
        self._ask = ask
        self._refused: str | None = None
        self._writer: RequestWriter | None = None
        self._sending = 0
        self._started = False
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns at once: while Kafka is away the API is up, and not ready."""
        self._connecting = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._writer is not None:
            await self._writer.stop()

    def ready(self) -> bool:
        return self._writer is not None

    def started(self) -> bool:
        return self._started

    def refused(self) -> str | None:
        return self._refused

    async def send(self, request: Request) -> None:
        writer = self._writer
        if writer is None:
            raise NotSentError("Kafka is not connected")
        if self._sending >= SENDING_MAX:
            raise NotSentError("too many requests wait for Kafka already")
        try:
            # A reader who hangs up must not leave the producer with half a request.
            await asyncio.shield(self._counted(writer, request))
        except Exception as error:
            LOG.error("a request was not acknowledged: %s", type(error).__name__)
            await self._replace(writer)
            raise UnavailableError("Kafka did not acknowledge") from error

    async def _counted(self, writer: RequestWriter, request: Request) -> None:
        self._sending += 1
        try:
            await writer.send(request)
        finally:
            self._sending -= 1

    async def _replace(self, writer: RequestWriter) -> None:
        if self._writer is not writer:
            return
        self._writer = None
        self._connecting = asyncio.create_task(self._reconnect(writer))

    async def _reconnect(self, old: RequestWriter) -> None:
        with contextlib.suppress(Exception):
            await old.stop()
        await self._connect()

    async def _connect(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            writer = self._make()
            try:
                await writer.start()
            except Exception as error:
                await self._tell(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MAX_SECONDS)
                continue
            self._writer = writer
            self._started = True
            self._refused = None
            LOG.info("connected to Kafka")
            return

    async def _tell(self, error: Exception) -> None:
        """An outage may be waited for; what only a setting mends is named."""
        if isinstance(error, WrongCountError):
            self._refused = f"kafka: {error}"
        else:
            self._refused = refusal(error, "kafka") or await self._ask()
        if self._refused is None:
            LOG.warning("Kafka cannot be reached: %s", type(error).__name__)
        else:
            LOG.error("waiting for %s", self._refused)


class RedisTrials:
    """The follower with its outages named as the API knows them."""

    def __init__(self, follower: TrialFollower) -> None:
        self._follower = follower

    async def ready(self) -> bool:
        return await self._follower.ready()

    def refused(self) -> str | None:
        return self._follower.refused

    async def trial(self, trial_id: str) -> Trial | None:
        with _outages():
            return await self._follower.trial(trial_id)

    def sequence(self, trial_id: str) -> int:
        return self._follower.sequence(trial_id)

    async def rebuilding(self, trial_id: str) -> bool:
        with _outages():
            return await self._follower.rebuilding(trial_id)

    async def answer(self, trial_id: str, command_id: UUID) -> StoredAnswer | None:
        with _outages():
            return await self._follower.answer(trial_id, command_id)

    async def wait_for(
        self, trial_id: str, command_id: UUID, timeout: float
    ) -> StoredAnswer | None:
        with _outages():
            return await self._follower.wait_for(trial_id, command_id, timeout)

    async def records(self, trial_id: str, after: int = -1, limit: int = 500) -> list[Record]:
        with _outages():
            return await self._follower.records(trial_id, after, limit)

    async def subscribe(self, trial_id: str, after: int = -1) -> AsyncIterator[Record]:
        with _outages():
            async for record in self._follower.subscribe(trial_id, after):
                yield record

    async def judged(self, trial_id: str, subject_id: str) -> Record | None:
        with _outages():
            return await self._follower.judged(trial_id, subject_id)

    async def list_trials(self) -> Listed:
        with _outages():
            return await self._follower.list_trials()


@contextlib.contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except follow.NotShownError as error:
        raise NotShownError(str(error)) from error
    except (RedisError, OSError) as error:
        raise UnavailableError(f"Redis: {type(error).__name__}") from error
