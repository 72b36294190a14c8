"""Puts the pages beside the API: routes, errors, and what every answer says to browsers."""

from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from services.api.problems import Problem, problem_response
from services.pages import (
    answers,
    audit,
    board,
    decisions,
    do,
    home,
    laboratory_pages,
    mine,
    new_trial,
    practice,
    protocols,
    settle,
    static_files,
    subject_forms,
    subjects,
    what_if,
)
from services.pages.drafts import Drafts
from services.pages.laboratories import Laboratories
from services.pages.practice_clock import PracticeClocks
from services.pages.rendering import page
from services.pages.screening import routes as screening
from services.pages.security import SecurityHeaders
from services.pages.tallies import Tallies
from services.signin import every_page
from services.signin import routes as signin_routes
from services.signin.sent_too_late import sent_too_late
from services.signin.signin import Signin
from services.signin.signing import ProveFirstError
from services.signin.viewer import (
    NOT_FROM_HERE,
    MustChangeError,
    NotSignedInError,
    SentTooLateError,
)

ROUTERS = (
    static_files.router,
    *every_page.ROUTERS,
    home.router,
    board.router,
    screening.router,
    answers.router,
    mine.router,
    laboratory_pages.router,
    subjects.router,
    subject_forms.router,
    do.router,
    decisions.router,
    settle.router,
    what_if.router,
    protocols.router,
    new_trial.router,
    practice.router,
    audit.router,
)
"""Every page area, one router each."""


@dataclass(frozen=True, slots=True)
class ForPeople:
    """What the pages need besides the API's own ports."""

    signin: Signin
    drafts: Drafts
    laboratories: Laboratories
    clocks: PracticeClocks


def add_pages(app: FastAPI, people: ForPeople) -> None:
    """Every page; the API's own addresses all begin with `/v1`."""
    signin = people.signin
    app.state.signin = signin
    app.state.drafts = people.drafts
    app.state.laboratories = people.laboratories
    app.state.simulated_now = people.clocks.present
    app.state.clocks = people.clocks
    app.state.tallies = Tallies()
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(NotSignedInError, _sign_in_first)
    app.add_exception_handler(SentTooLateError, _of_another_session)
    app.add_exception_handler(MustChangeError, _change_first)
    app.add_exception_handler(ProveFirstError, _prove_first)
    app.add_middleware(
        SecurityHeaders, secure=signin.settings.secure, also_to=signin.settings.oidc_origin
    )


async def _sign_in_first(request: Request, error: Exception) -> Response:
    return await sent_too_late(request, error) or signin_routes.to_sign_in(request)


async def _of_another_session(request: Request, error: Exception) -> Response:
    given_back = await sent_too_late(request, error)
    return given_back or problem_page(request, Problem(NOT_FROM_HERE, "Nothing was done."))


async def _change_first(request: Request, error: Exception) -> Response:
    return RedirectResponse("/account/password", signin_routes.SEE_OTHER)


async def _prove_first(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProveFirstError)
    return error.response


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_page(request, error)


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem as a person wants to read it; programs, and all under `/v1`, get it as JSON."""
    if request.url.path.startswith("/v1") or "text/html" not in request.headers.get("accept", ""):
        return problem_response(problem)
    return page(
        request,
        "problem.html",
        status=problem.kind.status,
        headers=problem.headers,
        problem=problem,
    )
