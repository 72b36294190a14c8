"""A client as thin as it can be, so that what is measured is the service: one kept connection."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.stack import token_of


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back, and the seconds from the first byte sent to the last byte received."""

    status: int
    body: bytes
    seconds: float


@dataclass(slots=True)
class Connection:
    """HTTP/1.1 over one connection, one request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        return cls(*await asyncio.open_connection(host, port))

    async def post(self, message: bytes) -> Answered:
        """Sends a whole message and reads its answer to the end."""
        start = time.perf_counter()
        self.writer.write(message)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        body = await self.reader.readexactly(_length(head))
        return Answered(status, body, time.perf_counter() - start)

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def form_message(trial_id: str, site: str, key: str, form: bytes, wait_seconds: int) -> bytes:
    """The POST of a form, ready to be sent."""
    head = (
        f"POST /v1/trials/{trial_id}/forms HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token_of(site)}\r\nIdempotency-Key: {key}\r\n"
        f"Prefer: wait={wait_seconds}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise AssertionError("the service always says how long its answer is")
