"""A real server on a free port over ports in memory, for what only a socket can show."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import uvicorn
from fastapi import FastAPI

from services.api.wire import limited


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of the server, with the limits of its settings; it runs until the block ends."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=limited(app.state.settings),
        log_config=None,
        timeout_graceful_shutdown=3,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        app.state.streams.stop()
        server.should_exit = True
        await task
        sock.close()


@dataclass(frozen=True)
class Told:
    """One Server-Sent Event."""

    id: str
    event: str
    data: str


async def tell(response: httpx2.Response) -> AsyncIterator[Told]:
    """The events of a stream; comments are skipped."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if not line:
            if "data" in fields:
                yield Told(fields.get("id", ""), fields.get("event", "message"), fields["data"])
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
