"""Server-Sent Events that end: with their reader, with their source, and at once on shutdown."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from enrollment.commands import Actor
from enrollment.trial import Trial
from services.api.ports import Trials, UnavailableError
from services.api.problems import TOO_MANY_STREAMS, Problem
from services.api.watching import Still
from services.settings import ApiSettings

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
PING = b": ping\n\n"
HELLO = b"retry: 1000\n: connected\n\n"


def sse(number: int, data: bytes, event: str | None = None) -> bytes:
    """One event; JSON as we write it has no line breaks. `number` comes back as Last-Event-ID."""
    named = b"" if event is None else b"event: " + event.encode() + b"\n"
    return b"id: %d\n%sdata: %s\n\n" % (number, named, data)


async def states(
    trials: Trials, trial_id: str, seen: int
) -> AsyncGenerator[tuple[int, Trial], None]:
    """The trial now, unless it stands at `seen`, and after changes, each with its sequence.

    Of many changes at once only the last state is told.
    """
    told_at = seen
    trial = await trials.trial(trial_id)
    position = trials.sequence(trial_id)
    if trial is not None and position != seen:
        told_at = position
        yield position, trial
    async for record in trials.subscribe(trial_id, position):
        trial = await trials.trial(trial_id)
        now_at = trials.sequence(trial_id)
        if trial is None or record.sequence <= told_at or now_at <= told_at:
            continue
        told_at = now_at
        yield now_at, trial


class _Counted(StreamingResponse):
    """Counts from the moment it is the answer until its reader is gone, however it ends."""

    def __init__(
        self, chunks: AsyncIterator[bytes], counter: Counter[str], actor_id: str, **more: Any
    ) -> None:
        super().__init__(chunks, **more)
        self._counter = counter
        self._actor_id = actor_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._counter[self._actor_id] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._counter[self._actor_id] -= 1
            if not self._counter[self._actor_id]:
                del self._counter[self._actor_id]


class Streams:
    """All live streams of this process: how many there are, and the end of them all."""

    def __init__(self, settings: ApiSettings, watch: Callable[[Actor], Still]) -> None:
        self._settings = settings
        self._watch = watch
        self._open: Counter[str] = Counter()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ends every stream, now and later; readers connect again elsewhere."""
        self._stopping.set()

    def response(self, actor: Actor, source: AsyncGenerator[bytes, None]) -> StreamingResponse:
        """The response that tells what `source` tells, with a comment whenever it is silent."""
        full = self._open.total() >= self._settings.max_streams
        if full or self._open[actor.id] >= self._settings.max_streams_per_actor:
            raise Problem(TOO_MANY_STREAMS, "No more streams now.", headers={"Retry-After": "5"})
        return _Counted(
            self._alive(source, self._watch(actor)),
            self._open,
            actor.id,
            headers=HEADERS,
            media_type="text/event-stream",
        )

    async def _alive(
        self, source: AsyncGenerator[bytes, None], still: Still
    ) -> AsyncIterator[bytes]:
        stopping = asyncio.create_task(self._stopping.wait())
        upcoming: asyncio.Task[bytes | None] | None = None
        try:
            yield HELLO
            while True:
                upcoming = upcoming or asyncio.create_task(_next(source))
                awaited: set[asyncio.Task[Any]] = {upcoming, stopping}
                done, _ = await asyncio.wait(
                    awaited,
                    timeout=self._settings.ping_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if stopping in done or not still():
                    return
                if not done:
                    yield PING
                    continue
                chunk, upcoming = upcoming.result(), None
                if chunk is None:
                    return
                yield chunk
        finally:
            await _end(stopping, upcoming)
            await source.aclose()


async def _next(source: AsyncGenerator[bytes, None]) -> bytes | None:
    """The next chunk; none at the end, or when the read side went away."""
    try:
        return await anext(source)
    except (StopAsyncIteration, UnavailableError):
        return None


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
