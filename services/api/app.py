"""Puts the API together from its ports and settings; nothing is made at import."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from services.api import catalogued, events, forecast, health, reads, submissions, verdicts
from services.api.actor import TokenFile
from services.api.documented import openapi
from services.api.faults import of_parameters
from services.api.guard import Guard
from services.api.intake import Intake
from services.api.ports import Ports
from services.api.problems import BAD_METHOD, NO_ROUTE, OUR_FAULT, Problem, problem_response
from services.api.rates import WriteRates
from services.api.streaming import Streams
from services.api.submit import write_routes
from services.api.watching import watch
from services.pages.app import ForPeople, add_pages
from services.settings import ApiSettings

DESCRIPTION = """\
The front door of Phase I/II trials. Every write carries an `Idempotency-Key` and is decided once.
A status of 400 or more means that nothing was decided; every decided outcome is a 200.
"""
READ_ROUTES = (
    verdicts.router,
    submissions.router,
    events.router,
    reads.router,
    forecast.router,
    catalogued.router,
    health.router,
)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing_to_start(app: FastAPI) -> AsyncIterator[None]:
    yield


def build_app(
    ports: Ports,
    settings: ApiSettings,
    lifespan: Lifespan = _nothing_to_start,
    people: ForPeople | None = None,
) -> FastAPI:
    """The application; with pages for people where they can sign in.

    Raises `TokenFileError` when the token file cannot be used.
    """
    app = FastAPI(
        title="Holdfast",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        middleware=[Middleware(Guard)],
        # Its logs and spans would hold what callers sent, and that may be about a person.
        telemetry={"logs": False, "tracing": False, "metrics": False},
        redoc_url=None,
        docs_url=None,
        strict_content_type=False,
        redirect_slashes=False,
    )
    app.state.ports = ports
    app.state.settings = settings
    app.state.signin = None if people is None else people.signin
    app.state.tokens = None if settings.token_file is None else TokenFile(settings.token_file)
    app.state.intake = Intake(ports)
    app.state.streams = Streams(settings, partial(watch, app.state))
    app.state.rates = WriteRates(settings)
    for router in (write_routes(), *READ_ROUTES):
        app.include_router(router)
    _say_problems(app)
    if people is not None:
        add_pages(app, people)
    app.__dict__["openapi"] = partial(openapi, app)
    return app


def _say_problems(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(of_parameters(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    """What the framework says by itself: no such address, no such method."""
    assert isinstance(error, HTTPException)
    kind: Any = {404: NO_ROUTE, 405: BAD_METHOD}.get(error.status_code, OUR_FAULT)
    return problem_response(Problem(kind, kind.title + ".", headers=error.headers))
