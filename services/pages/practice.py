"""Practice: a copy of a trial's protocol under a name, a clock and colours that nobody mistakes."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from enrollment import commands as c
from enrollment.places import utc_midnight
from enrollment.trial import Trial
from services.api.identity import Submission
from services.api.intake import Intake
from services.api.ports import UnavailableError
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import find_trial, ports_of, trial_in_force, unavailable
from services.api.reads import now_of
from services.pages.frame import CENTRE, frame
from services.pages.hypothetical import would_follow
from services.pages.practice_clock import PracticeClocks
from services.pages.rendering import FieldError, page
from services.pages.sending import WAIT_SECONDS
from services.signin.people import PRACTICE
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/practice", include_in_schema=False)

MEANING: Final = "Practice: nothing of it is real."
DAYS_MOST: Final = 366
LONGEST_ID: Final = 64


def practice_id(number: int, trial_id: str) -> str:
    """The name says what it is on every page, print and event."""
    return f"PRACTICE-{number}-{trial_id}"


@router.get("")
async def practice_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id, *CENTRE)
    return await _page(request, viewer, await trial_in_force(request, trial_id))


@router.post("/copy")
async def copy(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """Adopts the protocol in force in a new practice trial, opens its sites, activates it."""
    await posted(request, viewer)
    actor = viewer.actor(trial_id, "coordinator")
    trial = await trial_in_force(request, trial_id)
    if trial.clock == "simulated":
        raise Problem(NO_ROUTE, "This is practice already.")
    made = practice_id(await _next_number(request, trial_id), trial_id)
    if len(made) > LONGEST_ID:
        raise Problem(NO_ROUTE, "The id of this trial is too long for a practice copy.")
    protocol = trial.in_force
    approved_on = protocol.local_date(ports_of(request).now())
    wishes: list[c.AnyCommand] = [
        c.AdoptProtocol(text=protocol.text, clock="simulated", meaning=MEANING),
        *(
            c.ActivateSite(
                site_id=site_id, protocol_version=protocol.version, approved_on=approved_on
            )
            for site_id in protocol.site_ids
        ),
        c.ActivateTrial(meaning=MEANING),
    ]
    for wish in wishes:
        await _sent(request, actor, made, wish)
    return RedirectResponse(f"/trials/{made}", 303)


async def _next_number(request: Request, trial_id: str) -> int:
    try:
        listed = await ports_of(request).trials.list_trials()
    except UnavailableError as error:
        raise unavailable(error) from None
    taken = {found for found in listed.trial_ids if PRACTICE.fullmatch(found)}
    number = 1
    while practice_id(number, trial_id) in taken:
        number += 1
    return number


async def _sent(request: Request, actor: c.Actor, trial_id: str, command: c.AnyCommand) -> None:
    """One command of the practice trial, by its own time; waits until it is decided."""
    trial = await find_trial(request, trial_id)
    known = trial is not None and trial.protocol is not None
    at = trial.time if trial is not None and known else ports_of(request).now()
    await _intake(request, actor, trial_id, command, at)


async def _intake(
    request: Request, actor: c.Actor, trial_id: str, command: c.AnyCommand, at: datetime
) -> None:
    intake: Intake = request.app.state.intake
    submission = Submission(trial_id, None, f"practice-{uuid4().hex}")
    await intake.submit(actor, submission, command, at, WAIT_SECONDS)


@router.post("/time")
async def let_time_pass(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """Only practice may jump: to the morning of a day that is typed."""
    form = await posted(request, viewer)
    actor = viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    if trial.clock != "simulated":
        raise Problem(NO_ROUTE, "Time passes by itself in this trial.")
    today = trial.in_force.local_date(now_of(request, trial))
    try:
        on = date.fromisoformat(str(form.get("on") or "").strip())
    except ValueError:
        return await _page(request, viewer, trial, "Day: write a date as 2027-03-24.")
    if not today < on <= today + timedelta(days=DAYS_MOST):
        return await _page(request, viewer, trial, "Day: choose one of the coming year.")
    until = utc_midnight(trial, on)
    clocks: PracticeClocks = request.app.state.clocks
    await clocks.move(trial_id, until, viewer.account.account_id)
    if would_follow(trial, actor, c.TimePassed(), until).events:
        # Of a time in which nothing happens nothing is written, and no answer would come.
        await _intake(request, actor, trial_id, c.TimePassed(), until)
    return RedirectResponse(f"/trials/{trial_id}/practice", 303)


async def _page(request: Request, viewer: Viewer, trial: Trial, wrong: str = "") -> Response:
    now = now_of(request, trial)
    return page(
        request,
        "practice.html",
        viewer,
        status=422 if wrong else 200,
        trial=frame(trial, viewer, "/practice"),
        simulated=trial.clock == "simulated",
        may_copy=viewer.may(trial.trial_id, "coordinator") and trial.clock == "real",
        now=now,
        zone=str(trial.in_force.time_zone),
        errors=(FieldError("on", wrong),) if wrong else (),
        root=f"/trials/{trial.trial_id}/practice",
    )
