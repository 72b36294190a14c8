"""Runs the API: `python -m services.api`, settings from the environment (`HOLDFAST_...`)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from socket import socket
from typing import NoReturn

import uvicorn
from aiokafka.errors import KafkaError
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
from services.pages.kept import kept_for_people
from services.settings import ApiSettings
from services.signin.second_factor import KeyFileError
from services.signin.settings import SigninSettings
from streams.follow import TrialFollower
from streams.logs import log_json
from streams.pauses import short_pauses
from streams.redis_client import check_redis, redis_client
from streams.refused import LOOK_SECONDS, kafka_refuses, refusal
from streams.requests import RequestWriter, WrongCountError
from streams.settings import Settings, wrong_settings
from streams.stopping import Asked
from streams.watch import Limits
from streams.watchdog import Watchdog, beside

LOG = logging.getLogger("holdfast.api")
EXIT_WRONG = 78
"""Set up wrongly: starting it again does not help."""


class NotSetUpError(Exception):
    """The message says what mends it."""


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

    async def serve(self, sockets: list[socket] | None = None) -> None:
        self._asked.tell(asyncio.get_running_loop(), self._end)
        async with beside(self._watchdog.run()):
            await super().serve()
            self._watchdog.stop()

    def _end(self) -> None:
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.streams.stop()
        self.should_exit = True

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup()
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                LOG.info("listening on http://%s:%s", host, port)


def make_app(settings: ApiSettings, streams: Settings, signing: SigninSettings) -> FastAPI:
    """The application with its real ports; they connect when it starts."""
    requests = KafkaRequests(lambda: RequestWriter(streams), partial(kafka_refuses, streams))
    kept = kept_for_people(streams, signing, utc_now)
    follower = TrialFollower(streams, evolve, new_trial)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await requests.start()
        await follower.start()
        async with kept.running(), short_pauses():
            yield
        await requests.stop()
        await follower.stop()

    ports = Ports(requests, RedisTrials(follower), utc_now)
    return build_app(ports, settings, lifespan, kept.people)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def refused(streams: Settings) -> str | None:
    """Why Kafka or Redis cannot be worked with; none when they can, or cannot be reached yet."""
    redis = redis_client(streams)
    try:
        await check_redis(redis, streams)
    except (RedisError, OSError) as error:
        if (why := refusal(error, "redis")) is not None:
            return why
    finally:
        await redis.aclose()
    return await kafka_refuses(streams) or await _wrong_topics(streams)


async def _wrong_topics(streams: Settings) -> str | None:
    writer = RequestWriter(streams)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await writer.start()
        await writer.stop()
    except WrongCountError as error:
        return f"kafka: {error}"
    except (KafkaError, OSError, TimeoutError):
        return None
    return None


def configured() -> tuple[ApiSettings, Settings, FastAPI]:
    """The application as the environment sets it up. Raises `NotSetUpError`."""
    if not __debug__:
        raise NotSetUpError("Run without -O: the safety checks are assertions.")
    try:
        settings, streams, signing = ApiSettings(), Settings(), SigninSettings()
        return settings, streams, make_app(settings, streams, signing)
    except ValidationError as error:
        raise NotSetUpError(wrong_settings(error)) from None
    except (TokenFileError, KeyFileError, ValueError) as error:
        raise NotSetUpError(str(error)) from None


def _end(why: str) -> NoReturn:
    LOG.critical("%s", why)
    raise SystemExit(EXIT_WRONG)


def main() -> None:
    """The process. Ends with 0 after a signal, 78 when it is set up wrongly, 70 when it hung."""
    log_json()
    asked = Asked()
    try:
        settings, streams, app = configured()
    except NotSetUpError as error:
        _end(str(error))
    if (why := asyncio.run(refused(streams))) is not None:
        _end(why)
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
