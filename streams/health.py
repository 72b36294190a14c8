"""What the worker can do now: what it waits for makes it not ready, never dead."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError
from redis.exceptions import RedisError, ResponseError

from streams.cases import Cases
from streams.pulse import beat

LOG = logging.getLogger(__name__)
LONGEST_PAUSE = 2.0

T = TypeVar("T")


class Health:
    """Ready: started, Kafka and Redis answer, and every owned partition is recovered."""

    def __init__(self) -> None:
        self._away: set[str] = set()
        self.cases = Cases()
        self.started = False
        self.recovered = False

    @property
    def ready(self) -> bool:
        return self.started and self.recovered and not self._away

    @property
    def waits(self) -> bool:
        """For a Kafka or a Redis that cannot be reached."""
        return bool(self._away)

    def report(self) -> dict[str, object]:
        return {
            "started": self.started,
            "ready": self.ready,
            "recovered": self.recovered,
            "waiting_for": sorted(self._away),
            "cases": self.cases.counts(),
        }

    def is_away(self, name: str) -> None:
        if name not in self._away:
            LOG.warning("waiting for %s", name)
        self._away.add(name)

    def is_back(self, name: str) -> None:
        if name in self._away:
            LOG.info("%s is back", name)
        self._away.discard(name)

    def not_wanted(self, name: str) -> None:
        """Whoever waited for it gave up waiting; others that wait say so again by themselves."""
        self._away.discard(name)


async def patiently(
    attempt: Callable[[], Awaitable[T]],
    health: Health,
    name: str,
    still_wanted: Callable[[], bool] = lambda: True,
) -> T | None:
    """Tries again, ever more slowly, while Kafka or Redis is away; none when no longer wanted.

    Only for what may safely be done twice. An answer that is an error is not waited out.
    """
    pause = 0.05
    while still_wanted():
        beat()
        try:
            result = await attempt()
        except ResponseError as error:
            if not _is_passing(error):
                raise
        except (RedisError, KafkaError, OSError, TimeoutError) as error:
            LOG.info("%s: %s", name, type(error).__name__)
        else:
            health.is_back(name)
            return result
        health.is_away(name)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    health.not_wanted(name)
    return None


def _is_passing(error: ResponseError) -> bool:
    """A server that is loading, over its memory or disk, or handing over: it will answer later.

    The client takes the code off where it has a class of its own for it, and keeps it elsewhere.
    """
    passing = ("LOADING", "BUSY", "OOM", "READONLY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN")
    return (error.status_code or str(error)).startswith(passing)
