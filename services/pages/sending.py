"""Sends what a page asks for by the same way as the API: checked, once for its key, answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from fastapi import Request
from starlette.responses import RedirectResponse

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

    @property
    def speaker(self) -> Actor:
        """The actor for the site acted for, and no other."""
        if self.site_id is None:
            return self.actor
        return self.actor.model_copy(update={"sites": (self.site_id,)})


def fresh_key() -> str:
    """Goes into a form when it is shown."""
    return f"page-{uuid4().hex}"


def key_of(typed: Mapping[str, str]) -> str:
    """The key that came back with the form; a fresh one where the form is shown first."""
    return typed.get("key") or fresh_key()


async def send(request: Request, trial: Trial, wish: Wish) -> Received:
    """What became of it: decided, or, after `WAIT_SECONDS`, accepted and on its way.

    Raises the same problems as the API. Roles and sites are the caller's to check first.
    """
    rates: WriteRates = request.app.state.rates
    rates.take(wish.actor)
    intake: Intake = request.app.state.intake
    at = now_of(request, trial)
    submission = Submission(trial.trial_id, wish.site_id, wish.key)
    return await intake.submit(wish.speaker, submission, wish.command, at, WAIT_SECONDS)


async def sent(request: Request, trial: Trial, wish: Wish) -> RedirectResponse:
    """Sends it, and leads to the page of its answer."""
    received = await send(request, trial, wish)
    return to_answer(received.submission)


def to_answer(submission: Submission) -> RedirectResponse:
    return RedirectResponse(f"/trials/{submission.trial_id}/answers/{submission.id}", 303)
