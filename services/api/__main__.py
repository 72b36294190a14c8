"""Runs the API: `python -m services.api`, settings from the environment (`HOLDFAST_...`)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from enrollment.evolve import evolve
from enrollment.trial import new_trial
from services.api.actor import TokenFileError
from services.api.adapters import KafkaRequests, RedisTrials
from services.api.app import build_app
from services.api.ports import Ports
from services.settings import ApiSettings
from streams.follow import TrialFollower
from streams.logs import log_json
from streams.pauses import short_pauses
from streams.requests import RequestWriter
from streams.settings import Settings

LOG = logging.getLogger("holdfast.api")


class Server(uvicorn.Server):
    """Uvicorn waits for open responses; live streams would keep it waiting, so they end first."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app: FastAPI = self.config.app  # type: ignore[assignment]
        self.loop.call_soon_threadsafe(app.state.streams.stop)
        super().handle_exit(sig, frame)

    async def serve(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self.loop = asyncio.get_running_loop()
        await super().serve()

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


def main() -> None:
    if not __debug__:
        raise SystemExit("Run without -O: the safety checks are assertions.")
    log_json()
    try:
        settings, streams = ApiSettings(), Settings()
        app = make_app(settings, streams)
    except ValidationError as error:
        places = [str(e["loc"][0]).upper() for e in error.errors() if e["loc"]]
        names = ", ".join(f"HOLDFAST_{place}" for place in places)
        raise SystemExit(f"Set these in the environment, see docs/operations.md: {names}") from None
    except TokenFileError as error:
        raise SystemExit(str(error)) from None
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
