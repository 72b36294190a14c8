"""Live, ready, started: what each means is in docs/api.md. No sign-in, no detail about subjects."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.reading import ports_of
from services.api.views import json_bytes

router = APIRouter(tags=["health"])


def _health(name: str, good: bool, **parts: bool | list[str]) -> Response:
    body = json_bytes({"status": name if good else f"not {name}", **parts})
    return Response(body, 200 if good else 503, media_type="application/json")


@router.get("/live", summary="The process runs its loop", responses={200: {}})
async def live() -> Response:
    """Restart the process if this fails; nothing else is asked."""
    return _health("live", True)


@router.get("/ready", summary="Writes and reads can be served", responses={200: {}, 503: {}})
async def ready(request: Request) -> Response:
    """Kafka's producer is connected and Redis answers. Send no traffic here while this fails.

    `waiting_for` names the setting where one of them answers and does not let us in.
    """
    ports = ports_of(request)
    kafka, redis = ports.requests.ready(), await ports.trials.ready()
    refused = (ports.requests.refused(), ports.trials.refused())
    why = [one for one in refused if one is not None]
    return _health("ready", kafka and redis, kafka=kafka, redis=redis, waiting_for=why)


@router.get("/started", summary="Was ready once", responses={200: {}, 503: {}})
async def started(request: Request) -> Response:
    """Becomes true with the first connection to Kafka and stays true."""
    return _health("started", ports_of(request).requests.started())
