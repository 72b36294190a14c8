"""What the worker can do now: what it waits for makes it not ready, never dead."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError
from redis.exceptions import RedisError, ResponseError

from streams.cases import Cases
from streams.pulse import beat
from streams.refused import refusal

LOG = logging.getLogger(__name__)
LONGEST_PAUSE = 2.0

T = TypeVar("T")


class Health:
    """Ready: started, Kafka and Redis answer, and every owned partition is recovered."""

    def __init__(self) -> None:
        self._away: dict[str, str | None] = {}
        self.ask_kafka: Callable[[], Awaitable[str | None]] = _nothing_known
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
            "waiting_for": [why or name for name, why in sorted(self._away.items())],
            "cases": self.cases.counts(),
        }

    def is_away(self, name: str, why: str | None = None) -> None:
        """`why`: it answers and does not let us in; the sentence names the setting."""
        if self._away.get(name, "") != why:
            if why is None:
                LOG.warning("waiting for %s", name)
            else:
                LOG.error("waiting for %s", why)
        self._away[name] = why

    def is_back(self, name: str) -> None:
        if name in self._away:
            LOG.info("%s is back", name)
        self._away.pop(name, None)

    async def why_away(self, error: Exception) -> str | None:
        """Why we are not let in, where that and not an outage is behind the error."""
        if isinstance(error, RedisError):
            return refusal(error, "redis")
        return refusal(error, "kafka") or await self.ask_kafka()

    def not_wanted(self, name: str) -> None:
        """Whoever waited for it gave up waiting; others that wait say so again by themselves."""
        self._away.pop(name, None)


async def _nothing_known() -> str | None:
    return None


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
            why = refusal(error, "redis")
            if why is None and not _is_passing(error):
                raise
        except (RedisError, KafkaError, OSError, TimeoutError) as error:
            why = await health.why_away(error)
            LOG.info("%s: %s", name, type(error).__name__)
        else:
            health.is_back(name)
            return result
        health.is_away(name, why)
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
