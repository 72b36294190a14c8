"""Runs the API: `python -m services.api`, settings from the environment (`HOLDFAST_...`)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from redis.exceptions import RedisError

from enrollment.evolve import evolve
from enrollment.trial import new_trial
from services.api.actor import TokenFileError
from services.api.adapters import KafkaRequests, RedisTrials
from services.api.app import build_app
from services.api.ports import Ports
from services.api.wire import limited
from services.settings import ApiSettings
from streams.follow import TrialFollower
from streams.logs import log_json
from streams.pauses import short_pauses
from streams.redis_client import redis_client
from streams.refused import kafka_refuses, refusal
from streams.requests import RequestWriter
from streams.settings import Settings
from streams.stopping import Asked
from streams.watch import Limits
from streams.watchdog import Watchdog, beside

LOG = logging.getLogger("holdfast.api")
EXIT_WRONG = 78
"""Set up wrongly: starting it again does not help."""


class Server(uvicorn.Server):
    """Uvicorn waits for open responses; live streams would keep it waiting, so they end first."""

    def __init__(self, config: uvicorn.Config, asked: Asked, limits: Limits) -> None:
        super().__init__(config)
        self._asked = asked
        self._watchdog = Watchdog(limits)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to `streams.stopping`: a handler would never run in a hung process."""
        yield

    async def serve(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self._asked.tell(asyncio.get_running_loop(), self._end)
        async with beside(self._watchdog.run()):
            await super().serve()
            self._watchdog.stop()

    def _end(self) -> None:
        app: FastAPI = self.config.app  # type: ignore[assignment]
        app.state.streams.stop()
        self.should_exit = True

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup()
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                LOG.info("listening on http://%s:%s", host, port)


def make_app(settings: ApiSettings, streams: Settings) -> FastAPI:
    """The application with its real ports; they connect when it starts."""
    requests = KafkaRequests(lambda: RequestWriter(streams))
    follower = TrialFollower(streams, evolve, new_trial)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await requests.start()
        await follower.start()
        async with short_pauses():
            yield
        await requests.stop()
        await follower.stop()

    ports = Ports(requests, RedisTrials(follower), lambda: datetime.now(UTC))
    return build_app(ports, settings, lifespan)


async def refused(streams: Settings) -> str | None:
    """Why Kafka or Redis does not let us in; none when it does, or cannot be reached yet."""
    redis = redis_client(streams)
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        if (why := refusal(error, "redis")) is not None:
            return why
    finally:
        await redis.aclose()
    return await kafka_refuses(streams)


def main() -> None:
    if not __debug__:
        raise SystemExit("Run without -O: the safety checks are assertions.")
    log_json()
    asked = Asked()
    try:
        settings, streams = ApiSettings(), Settings()
        app = make_app(settings, streams)
    except ValidationError as error:
        places = [str(e["loc"][0]).upper() for e in error.errors() if e["loc"]]
        names = ", ".join(f"HOLDFAST_{place}" for place in places)
        raise SystemExit(f"Set these in the environment, see docs/operations.md: {names}") from None
    except TokenFileError as error:
        raise SystemExit(str(error)) from None
    if (why := asyncio.run(refused(streams))) is not None:
        LOG.critical("%s", why)
        raise SystemExit(EXIT_WRONG)
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http=limited(settings),
        ws="none",
        timeout_keep_alive=settings.idle_seconds,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    Server(config, asked, Limits(streams.loop_blocked_seconds)).run()


if __name__ == "__main__":
    main()
