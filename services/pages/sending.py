"""Sends what a page asks for by the same way as the API: checked, once for its key, answered."""

from dataclasses import dataclass
from uuid import uuid4

from fastapi import Request

from enrollment.commands import Actor, AnyCommand
from enrollment.trial import Trial
from services.api.identity import Submission
from services.api.intake import Intake, Received
from services.api.rates import WriteRates
from services.api.reads import now_of

WAIT_SECONDS = 20
"""How long a page waits for the decision; after that it shows that it is on its way."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One write of a page. `key` stands hidden in its form, so a double click is one submission."""

    actor: Actor
    site_id: str | None
    """The site acted for; none for the centre."""
    key: str
    command: AnyCommand


def fresh_key() -> str:
    """Goes into a form when it is shown."""
    return f"page-{uuid4().hex}"


async def send(request: Request, trial: Trial, wish: Wish) -> Received:
    """What became of it: decided, or, after `WAIT_SECONDS`, accepted and on its way.

    Raises the same problems as the API. Roles and sites are the caller's to check first.
    """
    rates: WriteRates = request.app.state.rates
    rates.take(wish.actor)
    intake: Intake = request.app.state.intake
    at = now_of(request, trial)
    actor = wish.actor
    if wish.site_id is not None:
        actor = actor.model_copy(update={"sites": (wish.site_id,)})
    submission = Submission(trial.trial_id, wish.site_id, wish.key)
    return await intake.submit(actor, submission, wish.command, at, WAIT_SECONDS)
