"""A lost connection to Redis is always the library's `ConnectionError`, also under uvloop.

Uvloop answers a write to a transport that was closed meanwhile with `RuntimeError`, which the
library hands on as it is: whoever waits out a Redis that is away would take it for a bug of ours.
"""

from collections.abc import Iterable
from typing import Any

from redis.asyncio.connection import AbstractConnection

_send = AbstractConnection._send_packed_command


async def _send_or_lost(connection: Any, command: Iterable[bytes]) -> None:
    try:
        await _send(connection, command)
    except RuntimeError as error:
        raise ConnectionResetError(str(error)) from error


def use_lost_connections() -> None:
    """For every client of this process; again does no harm."""
    # It is the library's own method that is put right.
    AbstractConnection._send_packed_command = _send_or_lost  # type: ignore[method-assign, assignment]
