"""The proxy does to connections what a fault asks of it, and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.local.places import LOOPBACK, free_port
from tests.faults.proxy import Proxy


class Echo:
    """Says back what it hears, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            self.heard.append(piece)
            writer.write(piece)
        writer.close()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, LOOPBACK, 0)
    made = Proxy(free_port(), server.sockets[0].getsockname()[1])
    await made.start()
    yield made
    await made.stop()
    server.close()


async def said(proxy: Proxy, word: bytes = b"word", seconds: float = 10.0) -> bytes:
    """What comes back for a word on a connection of its own; empty when it was cut."""
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    writer.write(word)
    try:
        return await asyncio.wait_for(reader.read(100), seconds)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_it_passes_everything_while_nothing_is_wrong(proxy: Proxy, echo: Echo) -> None:
    assert await said(proxy) == b"word"
    assert echo.heard == [b"word"]


async def test_a_connection_cut_before_loses_the_request(proxy: Proxy, echo: Echo) -> None:
    proxy.begin("cut_before", cuts=1)
    assert await said(proxy) == b""
    assert echo.heard == []
    assert await said(proxy) == b"word"


async def test_a_connection_cut_after_loses_the_reply_alone(proxy: Proxy, echo: Echo) -> None:
    proxy.begin("cut_after", cuts=1)
    assert await said(proxy) == b""
    assert echo.heard == [b"word"]
    assert await said(proxy) == b"word"


async def test_a_half_open_connection_carries_nothing_and_new_ones_work_once_healed(
    proxy: Proxy, echo: Echo
) -> None:
    proxy.begin("half_open")
    with pytest.raises(TimeoutError):
        await said(proxy, seconds=0.2)
    assert echo.heard == []
    proxy.heal()
    assert await said(proxy) == b"word"


async def test_a_server_that_is_away_is_seen_as_a_cut_connection(proxy: Proxy) -> None:
    proxy.target = free_port()
    assert await said(proxy) == b""
