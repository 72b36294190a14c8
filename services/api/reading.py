"""What every read needs: the trial as it is, or the right problem."""

import asyncio
from typing import Annotated

from fastapi import Path, Request

from enrollment.trial import Trial
from services.api.ports import NotShownError, Ports, UnavailableError
from services.api.problems import NO_PROTOCOL, NO_TRIAL, NOT_SHOWN, UNAVAILABLE, Problem

READ_SECONDS = 5.0
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
TrialId = Annotated[str, Path(pattern=ID, description="The trial, such as NCT00825734.")]
SubjectId = Annotated[str, Path(pattern=ID, description="The site's own id of the subject.")]


def ports_of(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


async def find_trial(request: Request, trial_id: str) -> Trial | None:
    """The trial, none if there is no such; a problem when that cannot be told in time."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await ports_of(request).trials.trial(trial_id)
    except UnavailableError as error:
        raise unavailable(error) from None
    except TimeoutError:
        raise unavailable(NotShownError("the log of the trial is still being read")) from None


async def known_trial(request: Request, trial_id: str) -> Trial:
    trial = await find_trial(request, trial_id)
    if trial is None:
        raise Problem(NO_TRIAL, "No trial with this id has ever adopted a protocol.")
    return trial


async def trial_in_force(request: Request, trial_id: str) -> Trial:
    """A trial that has a protocol in force."""
    trial = await known_trial(request, trial_id)
    if trial.protocol is None:
        raise Problem(NO_PROTOCOL, "No protocol is in force in this trial.")
    return trial


def unavailable(error: UnavailableError) -> Problem:
    """Of a read: the read side does not answer, or does and lacks what it must show."""
    wait = {"Retry-After": "2"}
    if isinstance(error, NotShownError):
        return Problem(NOT_SHOWN, f"Not shown just now: {error}.", headers=wait)
    return Problem(UNAVAILABLE, "The read side does not answer just now.", headers=wait)
