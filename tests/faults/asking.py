"""One HTTP request on one connection of its own, with a time limit: nothing is ever retried."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from services.local.places import LOOPBACK

SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0: nothing, or not all of it, came back."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


async def get(port: int, path: str, token: str | None = None) -> Answer:
    return await ask(port, "GET", path, {} if token is None else bearer(token))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> Answer:
    """The answer, or status 0 whatever went wrong on the way."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _exchange(port, method, path, headers, body)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return Answer(0)


async def _exchange(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> Answer:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        told = {"Host": LOOPBACK, "Connection": "close", "Content-Length": str(len(body))} | headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        size = _length(head)
        content = await (reader.read() if size is None else reader.readexactly(size))
        plain = json.loads(content) if content else {}
        return Answer(status, plain if isinstance(plain, dict) else {"value": plain})
    finally:
        writer.close()


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None
