"""The outermost layer: an id for each failure, and a log that never holds what a caller sent."""

import logging
import traceback
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import OUR_FAULT, Problem, problem_response

LOG = logging.getLogger(__name__)


class Guard:
    """Pure ASGI. Exceptions are logged by type and place; messages may quote personal data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            instance = uuid4().urn
            LOG.error("%s: %s at %s", instance, type(error).__name__, _places(error))
            if not started:
                problem = Problem(OUR_FAULT, "Whether the request was written is not known.")
                await problem_response(problem, instance)(scope, receive, send)


def _places(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
