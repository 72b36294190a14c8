"""Connections with limits: slow heads and bodies, large heads, readers that do not read, floods.

Uvicorn waits for a request for ever, and for a reader too. Here each has its time, and a buffer
never holds more than the high-water mark of the transport (64 kB) and one chunk.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from services.api.problems import BAD_HTTP, HEAD_TOO_LARGE, TOO_SLOW, Problem, problem_response
from services.api.seldom import Seldom
from services.settings import ApiSettings

FRAMED = 8
"""A body in chunks of one byte is some six times as long on the wire."""
GRACE_SECONDS = 5.0
"""After the body's time the route answers 408 itself; the connection is cut this much later."""


class Lingering:
    """A connection as an answer sees it: what it calls `close` is told to the protocol."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class LimitedProtocol(HttpToolsProtocol):
    """`limits` and `crowd` are set by `limited`; uvicorn makes one of these for each connection."""

    limits: ApiSettings
    crowd: Seldom

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = True
        self._whole = True
        self._answered = False
        self._head_bytes = self._arriving = self._rest_bytes = 0
        self._why = Problem(BAD_HTTP, "What arrived is not an HTTP/1.1 request.")
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(
        self,
        transport: asyncio.Transport,  # type: ignore[override]  # as uvicorn itself narrows it
    ) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.max_connections:
            self.crowd.refused(self.loop.time())
            transport.abort()
            return
        self._deadline = self.loop.call_later(self.limits.head_seconds, self._head_too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        self._clear_unread()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._arriving = len(data)
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return
        if self._whole and not self._in_head:
            if self._deadline is not None:
                self._clear_deadline()
            return
        self._watch_the_rest(len(data))

    def on_message_begin(self) -> None:
        self._in_head, self._whole = True, False
        self._head_bytes = self._rest_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_bytes + self._arriving > self.limits.max_head_bytes:
            self._measure_head()
        super().on_headers_complete()
        self.cycle.transport = cast(asyncio.Transport, Lingering(self.transport, self._end))
        self._clear_deadline()

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()
        if self._answered:
            self.transport.close()

    def _end(self) -> None:
        """The last answer is given. What still arrives is read and dropped, within its limits.

        Closed at once the system would reset the connection, and who is still sending might
        never read the answer (RFC 9112, 9.6).
        """
        if self._whole or self.transport.is_closing():
            self.transport.close()
        elif not self._answered:
            self._answered = True
            self.transport.write_eof()
            self._start_rest()

    def _watch_the_rest(self, received: int) -> None:
        """The request is not whole: a clock runs for what is missing, and the head is measured."""
        if self._in_head:
            self._head_bytes += received
            if self._head_bytes > self.limits.max_head_bytes:
                self._refuse(self._too_large())
            elif self._deadline is None:
                seconds = self.limits.head_seconds
                self._deadline = self.loop.call_later(seconds, self._head_too_slow)
            return
        self._rest_bytes += received
        if self._rest_bytes > FRAMED * self.limits.max_body_bytes:
            self.transport.abort()
        else:
            self._start_rest()

    def _start_rest(self) -> None:
        if self._deadline is None:
            seconds = self.limits.body_seconds + GRACE_SECONDS
            self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _measure_head(self) -> None:
        """Of a chunk that may hold some of the body too; raising makes the parser give up."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.max_head_bytes:
            self._why = self._too_large()
            raise ValueError("head too large")

    def _too_large(self) -> Problem:
        limit = f"Address and headers have at most {self.limits.max_head_bytes} bytes."
        return Problem(HEAD_TOO_LARGE, limit)

    def _head_too_slow(self) -> None:
        self._deadline = None
        limit = f"The headers did not arrive within {self.limits.head_seconds:g} seconds."
        self._refuse(Problem(TOO_SLOW, limit))

    def pause_writing(self) -> None:
        """The reader has left more than the high-water mark unread."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._clear_unread()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._why)

    def _refuse(self, problem: Problem) -> None:
        """The answer to what never became a request; it closes the connection."""
        self._clear_deadline()
        if self._answered or (self.cycle is not None and not self.cycle.response_complete):
            # Another answer is given or on its way on this connection; this one would break it.
            self.transport.close()
            return
        response = problem_response(problem)
        status = HTTPStatus(problem.kind.status)
        head = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", response.body]))
        self.transport.close()

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _clear_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def limited(settings: ApiSettings) -> type[asyncio.Protocol]:
    """The protocol with these limits, for `uvicorn.Config(http=...)`."""
    crowd = Seldom(f"too many connections: more than {settings.max_connections} are closed at once")
    return type("Limited", (LimitedProtocol,), {"limits": settings, "crowd": crowd})
