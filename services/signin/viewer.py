"""Who looks at a page: one dependency for every page, and what the viewer may be in a trial."""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from enrollment.commands import Actor
from services.api.problems import NOT_THIS_ROLE, UNAVAILABLE, Kind, Problem
from services.signin.desk import digest
from services.signin.events import AccessRole
from services.signin.pending import PROOF, Pending, pending_key
from services.signin.people import Account
from services.signin.ports import Session
from services.signin.signin import Signin

NOT_FROM_HERE = Kind(
    "page.forged",
    403,
    "This did not come from our own page",
    "Go back, reload the page and try again.",
)


WITH_ANY_PASSWORD = ("/account/password", "/sign-out")
"""All that is possible with a password that somebody else chose."""


class NotSignedInError(Exception):
    """A page was asked for without a session: the browser is sent to sign in, and then back."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person in front of the page."""

    account: Account
    session: Session

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def csrf(self) -> str:
        """Goes into every form as the hidden field `csrf`."""
        return self.session.csrf

    def actor(self, trial_id: str, *roles: AccessRole) -> Actor:
        """Who the viewer is in a trial: by the first of `roles` held there, or by any.

        Raises the problem 403 where there is no such right: nothing else is then told of the trial.
        """
        actor = self.account.actor(trial_id, *roles)
        if actor is None:
            raise Problem(NOT_THIS_ROLE, "You have no right to this in this trial.")
        return actor

    def may(self, trial_id: str, *roles: AccessRole) -> bool:
        """Whether one of the roles is held in the trial: what a page offers, never what it lets."""
        return self.account.actor(trial_id, *roles) is not None


def signin_of(request: Request) -> Signin:
    signin: Signin = request.app.state.signin
    return signin


async def current_viewer(request: Request) -> Viewer:
    """The one dependency that every page takes its viewer from."""
    signin = signin_of(request)
    if not signin.desk.ready():
        wait = {"Retry-After": "5"}
        raise Problem(UNAVAILABLE, "Nobody can sign in just now.", headers=wait)
    secret = request.cookies.get(signin.settings.cookie)
    found = await signin.sessions.find(secret, signin.now())
    if found is None:
        raise NotSignedInError
    account, session = found
    if account.must_change and request.url.path not in WITH_ANY_PASSWORD:
        raise MustChangeError
    return Viewer(account, session)


class MustChangeError(Exception):
    """The password was chosen by somebody else: nothing but changing it is possible."""


CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


class SentTooLateError(Exception):
    """A form with another token than the session's, from our own page: made before it began."""

    def __init__(self, viewer: Viewer, form: FormData) -> None:
        super().__init__()
        self.viewer = viewer
        self.form = form


def from_our_page(request: Request) -> bool:
    """Whether the browser itself says that a post comes from a page of ours."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == signin_of(request).settings.web_address


def check_origin(request: Request) -> None:
    """A browser says where a post comes from; one from elsewhere is refused."""
    signin = signin_of(request)
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        ours = origin is None or origin == signin.settings.web_address
    if not ours:
        raise Problem(NOT_FROM_HERE, "Nothing was done.")


async def posted(request: Request, viewer: Viewer, *, files: int = 0) -> FormData:
    """The form that was posted, once it is known to be from our own page in this session."""
    check_origin(request)
    form = await request.form(max_files=files, max_fields=5_000)
    token = form.get("csrf")
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), viewer.csrf.encode()):
        raise SentTooLateError(viewer, form)
    proof = form.get(PROOF)
    return form if not isinstance(proof, str) else await _kept_form(request, proof)


async def _kept_form(request: Request, proof: str) -> FormData:
    """The form whose signer has signed in anew since: as it was, whatever else is posted."""
    signin = signin_of(request)
    kept = await signin.store.held(pending_key(proof))
    pending = None if kept is None else Pending.model_validate_json(kept)
    session = digest(request.cookies[signin.settings.cookie])
    if pending is None or (pending.session, pending.page) != (session, request.url.path):
        raise Problem(NOT_FROM_HERE, "This signature waited too long. Nothing was done.")
    return FormData([*pending.fields, (PROOF, proof)])
