"""Clients of Redis that never retry by themselves: whoever sends again must know that it does."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MovedError

from streams import keys
from streams.redis_cluster import OF_A_CLUSTER, WrongModeError, cluster_client
from streams.redis_lost import use_lost_connections
from streams.settings import Settings

Client = Any
"""An asyncio client: the library types its answers as all that any protocol could give."""

MOST_CONNECTIONS = 10_000
"""To each node: every trial that is followed keeps one, and the library would stop at 100."""


def redis_client(settings: Settings, **more: Any) -> Client:
    """Answers are bytes, protocol 2, no retries; `more` overrides the time limits."""
    use_lost_connections()
    arguments: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": MOST_CONNECTIONS,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 2.0,
        "decode_responses": False,
        **settings.redis_client(),
        **more,
    }
    if settings.redis_cluster:
        return cluster_client(settings.redis_url, arguments)
    return Redis.from_url(settings.redis_url, retry_on_timeout=False, **arguments)


async def check_redis(redis: Client, settings: Settings) -> None:
    """Returns when Redis answers; raises `WrongModeError` when it is no cluster, or unasked one."""
    try:
        await redis.ping()
        for partition in range(settings.partitions):
            await redis.exists(keys.trials(partition))
    except MovedError as error:
        raise WrongModeError(OF_A_CLUSTER) from error
