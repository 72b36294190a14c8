"""Connections on a real socket: who is slow, endless or talks nonsense is answered and let go."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.api.app import build_app
from services.api.streaming import sse
from services.settings import ApiSettings
from tests.services.conftest import Caller, form
from tests.services.live import serving
from tests.services.memory import Memory

GET = b"GET /live HTTP/1.1\r\nHost: x\r\n"
POST = (
    b"POST /v1/trials/T1/forms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-s1\r\n"
    b"Content-Type: application/json\r\nIdempotency-Key: k\r\n"
)


@dataclass
class Line:
    """One connection, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def rest(self) -> bytes:
        """Everything until the server closes; a cut connection has no more to say."""
        said = b""
        try:
            while chunk := await self.reader.read(65_536):
                said += chunk
        except ConnectionError:
            pass
        return said


@asynccontextmanager
async def line(url: str, **more: Any) -> AsyncIterator[Line]:
    _, _, address = url.partition("//")
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), **more)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


def told(said: bytes) -> tuple[int, str]:
    """Status and name of the last answer: a problem with which the connection ends."""
    head, _, body = said.rpartition(b"\r\n\r\n")
    head = head[head.rindex(b"HTTP/1.1 ") :]
    assert b"connection: close" in head.lower()
    assert b"content-type: application/problem+json" in head.lower()
    return int(head.split()[1]), json.loads(body)["type"].removeprefix("/v1/problems/")


@asynccontextmanager
async def server(memory: Memory, token_file: Path, **limits: Any) -> AsyncIterator[str]:
    async with serving(
        build_app(memory.ports(), ApiSettings(token_file=token_file, **limits))
    ) as url:
        yield url


async def test_headers_that_trickle_are_given_up(memory: Memory, token_file: Path) -> None:
    async with server(memory, token_file, head_seconds=0.3) as url, line(url) as slow:
        slow.send(GET)
        ended = asyncio.create_task(slow.rest())
        while not ended.done():
            slow.send(b"X-A: b\r\n")
            await asyncio.sleep(0.02)
        assert told(await ended) == (408, "request.too_slow")


async def test_a_connection_that_says_nothing_is_given_up(memory: Memory, token_file: Path) -> None:
    async with server(memory, token_file, head_seconds=0.2) as url, line(url) as silent:
        assert told(await silent.rest()) == (408, "request.too_slow")


async def test_a_second_request_on_a_connection_has_no_longer_time(
    memory: Memory, token_file: Path
) -> None:
    async with server(memory, token_file, head_seconds=0.3) as url, line(url) as slow:
        slow.send(GET + b"\r\n")
        assert await slow.reader.readuntil(b'{"status":"live"}')
        slow.send(GET)
        assert told(await slow.rest()) == (408, "request.too_slow")


async def test_a_body_that_trickles_is_given_up_and_nothing_is_written(
    memory: Memory, token_file: Path
) -> None:
    async with server(memory, token_file, body_seconds=0.3) as url, line(url) as slow:
        slow.send(POST + b"Content-Length: 3000\r\n\r\n{")
        ended = asyncio.create_task(slow.rest())
        while not ended.done():
            slow.send(b" ")
            await asyncio.sleep(0.02)
        assert told(await ended) == (408, "request.too_slow")
    assert memory.sent == []


async def test_a_body_that_nobody_asked_for_cannot_keep_a_connection(
    memory: Memory, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.wire.GRACE_SECONDS", 0.1)
    async with server(memory, token_file, body_seconds=0.2) as url, line(url) as slow:
        slow.send(GET + b"Content-Length: 3000\r\n\r\n")
        ended = asyncio.create_task(slow.rest())
        while not ended.done():
            slow.send(b" ")
            await asyncio.sleep(0.02)
        assert b'{"status":"live"}' in await ended


async def poured(one: Line, size: int) -> int:
    """How many bytes of a body got through before the connection was cut."""
    sent = 0
    try:
        while sent < size:
            one.send(b" " * 65_536)
            await one.writer.drain()
            sent += 65_536
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
async def test_who_sends_too_much_can_send_it_all_and_then_reads_why(
    memory: Memory, token_file: Path, close: bytes
) -> None:
    """Many clients read no answer before they have sent everything: a reset would hide it."""
    size = 64 * 65_536
    async with server(memory, token_file) as url, line(url) as large:
        large.send(POST + close + b"Content-Length: %d\r\n\r\n" % size)
        assert await poured(large, size) == size
        said = await large.reader.readuntil(b"}")
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"body.too_large" in said
        large.send(b"" if close else GET + b"\r\n")
        assert (await large.reader.read(15)) == (b"" if close else b"HTTP/1.1 200 OK")
    assert memory.sent == []


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
async def test_who_sends_without_end_is_cut_off(
    memory: Memory, token_file: Path, close: bytes
) -> None:
    async with server(memory, token_file, max_body_bytes=10_000) as url, line(url) as endless:
        endless.send(POST + close + b"Content-Length: 900000000\r\n\r\n")
        assert await poured(endless, 900_000_000) < 100_000_000
    assert memory.sent == []


async def test_who_sends_a_body_to_the_end_and_nonsense_behind_it_reads_one_answer(
    memory: Memory, token_file: Path
) -> None:
    async with server(memory, token_file, max_body_bytes=1_000) as url, line(url) as odd:
        odd.send(POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n")
        odd.send(b" " * 2_000)
        head = await odd.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 ")
        odd.send(b"nonsense\r\n")
        assert (await odd.rest()).count(b"body.too_large") == 1
    assert memory.sent == []


async def test_a_body_in_time_is_taken_however_it_is_cut(memory: Memory, token_file: Path) -> None:
    async with server(memory, token_file) as url:
        async with httpx2.AsyncClient(base_url=url, timeout=90) as http:
            await Caller(http).open_trial()
        body = json.dumps(form()).encode()
        async with line(url) as one:
            one.send(POST + b"Prefer: wait=5\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in range(0, len(body), 7):
                part = body[byte : byte + 7]
                one.send(b"%x\r\n%s\r\n" % (len(part), part))
            one.send(b"0\r\n\r\n")
            assert b'"outcome":"slot_reserved"' in await one.reader.readuntil(b"}")


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"X: %s\r\n\r\n" % (b"y" * 8_000)],
        [GET + b"X: %s\r\n" % (b"y" * 4_000), b"Z: %s\r\n" % (b"y" * 2_000)],
        [b"GET /live?%s" % (b"y" * 6_000)],
    ],
    ids=["whole", "in pieces", "address"],
)
async def test_headers_that_are_too_large_are_refused(
    memory: Memory, token_file: Path, pieces: list[bytes]
) -> None:
    async with server(memory, token_file, max_head_bytes=5_000) as url, line(url) as large:
        for piece in pieces:
            large.send(piece)
            await large.writer.drain()
        assert told(await large.rest()) == (431, "headers.too_large")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /live HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n",
        b"GET /live HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        POST + b"Content-Length: -1\r\n\r\n{}",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST /v1/trials/T1/forms HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\rb\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_a_problem_and_reaches_no_route(
    memory: Memory, token_file: Path, raw: bytes
) -> None:
    async with server(memory, token_file, head_seconds=5) as url, line(url) as odd:
        odd.send(raw)
        assert told(await odd.rest()) == (400, "request.unreadable")
    assert memory.sent == []


async def test_a_line_break_in_a_key_makes_another_header_and_no_key(
    memory: Memory, token_file: Path
) -> None:
    async with server(memory, token_file) as url, line(url) as odd:
        odd.send(
            POST.replace(b"k\r\n", b"k\r\nHoldfast-Site: S2\r\n") + b"Content-Length: 0\r\n\r\n"
        )
        assert (await odd.reader.readline()).startswith(b"HTTP/1.1 400 ")
    assert memory.sent == []


async def test_one_connection_too_many_is_closed_and_told_of(
    memory: Memory, token_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with server(memory, token_file, max_connections=10) as url:
        port = int(url.rpartition(":")[2])
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        for reader, writer in lines:
            writer.write(GET + b"\r\n")
            await reader.readuntil(b'{"status":"live"}')
        async with line(url) as extra:
            assert await extra.rest() == b""
        assert "too many connections: more than 10 are closed at once" in caplog.messages
        lines.pop()[1].transport.abort()
        while True:
            async with line(url) as again:
                again.send(GET + b"Connection: close\r\n\r\n")
                if b"200 OK" in await again.rest():
                    break
        for _, writer in lines:
            writer.transport.abort()


async def endless(*_: Any) -> AsyncGenerator[bytes, None]:
    """A stream with always one more event, of 10 kB."""
    number = 0
    while True:
        yield sse(number, b"x" * 10_000)
        number += 1
        await asyncio.sleep(0)


async def test_a_viewer_that_does_not_read_is_cut_off_and_another_is_not(
    memory: Memory, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server holds no more for it than its buffer, and its place is free again."""
    monkeypatch.setattr("services.api.events._events", endless)
    app = build_app(memory.ports(), ApiSettings(token_file=token_file, unread_seconds=1.5))
    open_streams = app.state.streams._open
    request = b"GET /v1/trials/T1/events/stream HTTP/1.1\r\nHost: x\r\n"
    async with serving(app) as url:
        async with httpx2.AsyncClient(base_url=url, timeout=90) as http:
            await Caller(http).open_trial()
        async with line(url, limit=1) as blind, line(url) as reading:
            blind.send(request + b"Authorization: Bearer token-s1\r\n\r\n")
            await blind.reader.readexactly(1)
            assert open_streams["nurse-1"] == 1
            reading.send(request + b"Authorization: Bearer token-s2\r\n\r\n")
            while open_streams["nurse-1"]:
                assert await reading.reader.read(65_536)
            assert open_streams["nurse-2"] == 1
