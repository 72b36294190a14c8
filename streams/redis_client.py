"""Clients of Redis that never retry by themselves: whoever sends again must know that it does."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.settings import Settings

Client = Any
"""An asyncio client: the library types its answers as all that any protocol could give."""


def redis_client(settings: Settings, **more: Any) -> Client:
    """Answers are bytes, protocol 2, no retries; `more` overrides the time limits."""
    arguments: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 2.0,
        "decode_responses": False,
        **settings.redis_client(),
        **more,
    }
    return Redis.from_url(settings.redis_url, **arguments)
