"""Signing in at the OpenID provider: there, back, and into the one account that is theirs."""

import hmac
import logging
import secrets
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from enrollment.commands import Model
from services.api.problems import NO_ROUTE, UNAVAILABLE, Kind, Problem
from services.pages.rendering import page
from services.signin import events as e
from services.signin.address import address_of
from services.signin.desk import digest
from services.signin.pending import Pending, pending_key
from services.signin.people import Account
from services.signin.provider import (
    SKEW_SECONDS,
    Identity,
    NotProvedError,
    Provider,
    ProviderAwayError,
    Way,
)
from services.signin.routes import enter, way_back
from services.signin.signin import Signin
from services.signin.viewer import CurrentViewer, check_origin, signin_of

LOG = logging.getLogger(__name__)
router = APIRouter(prefix="/sign-in/provider", include_in_schema=False)
WAY_SECONDS = 600
"""How long somebody may take at the provider."""
PROVED_SECONDS = 300
"""How long a signature may be given after its signer was proved."""
SEE_OTHER = 303
NOT_LET_IN = Kind(
    "provider.not_let_in",
    403,
    "You could not be signed in",
    "Begin again from the sign-in page; if it stays, ask your administrator for an account.",
)


class Begun(Model):
    """What is remembered of a way until it is come back from; `browser` is who may come."""

    way: Way
    browser: str
    began_at: datetime
    back: str
    proof: str | None = None
    """The signature that waits for it, if it is for one."""


def way_cookie(signin: Signin) -> str:
    """Binds a way to the browser that began it; says nothing and is good for nothing else."""
    return f"{signin.settings.cookie}-way"


def provider_of(signin: Signin) -> Provider:
    if signin.provider is None:
        raise Problem(NO_ROUTE, "Nobody signs in at a provider here.")
    return signin.provider


async def set_out(request: Request, back: str, proof: str | None = None) -> Response:
    """Sends the browser to the provider; for a signature (`proof`) to sign in there anew."""
    signin = signin_of(request)
    provider = provider_of(signin)
    await _not_too_often(request, signin)
    try:
        way = await provider.way(anew=proof is not None)
    except ProviderAwayError as error:
        raise _away(error) from None
    secret = secrets.token_urlsafe(32)
    begun = Begun(way=way, browser=digest(secret), began_at=signin.now(), back=back, proof=proof)
    key = f"way:{digest(way.state)}"
    await signin.store.hold(key, begun.model_dump_json().encode(), WAY_SECONDS)
    response = RedirectResponse(way.url, SEE_OTHER, {"Cache-Control": "no-store"})
    response.set_cookie(
        way_cookie(signin),
        secret,
        max_age=WAY_SECONDS,
        path="/",
        secure=signin.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def _not_too_often(request: Request, signin: Signin) -> None:
    settings = signin.settings
    seconds = settings.tries_minutes * 60
    key = _tries_of(request, signin)
    if not await signin.store.hit(key, settings.tries_per_address, seconds):
        wait = f"Wait {settings.tries_minutes} minutes."
        raise Problem(NOT_LET_IN, f"Too many tries from where you are. {wait}")


def _tries_of(request: Request, signin: Signin) -> str:
    return f"address:{digest(address_of(request, signin.settings.trusted_proxies))}"


def _away(error: ProviderAwayError) -> Problem:
    LOG.error("the OpenID provider cannot be used: %s", error)
    return Problem(
        UNAVAILABLE,
        "The sign-in provider does not answer just now. Nothing was signed and nobody signed in.",
        headers={"Retry-After": "10"},
    )


@router.post("")
async def begin(request: Request) -> Response:
    check_origin(request)
    form = await request.form(max_files=0, max_fields=10)
    return await set_out(request, way_back(str(form.get("next") or "")))


@router.get("/back")
async def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Each way is come back from once, by the browser that set out. All failures look alike."""
    signin = signin_of(request)
    provider = provider_of(signin)
    begun = await _begun(request, signin, state)
    try:
        identity = await provider.identity(code, iss, begun.way)
    except ProviderAwayError as error:
        raise _away(error) from None
    except NotProvedError as error:
        LOG.warning("somebody came back from the provider unproved: %s", error)
        raise _not_let_in() from None
    if begun.proof is not None:
        return await _proved(request, signin, begun, identity)
    account = await account_of(signin, identity)
    if account is None:
        raise _not_let_in()
    await signin.store.pardon(_tries_of(request, signin))
    response = await enter(signin, account, "provider", begun.back)
    response.delete_cookie(way_cookie(signin), path="/", secure=signin.settings.secure)
    return response


async def _begun(request: Request, signin: Signin, state: str) -> Begun:
    kept = await signin.store.take(f"way:{digest(state)}")
    cookie = request.cookies.get(way_cookie(signin), "")
    begun = None if kept is None else Begun.model_validate_json(kept)
    if begun is None or not hmac.compare_digest(digest(cookie), begun.browser):
        raise _not_let_in()
    return begun


def _not_let_in() -> Problem:
    return Problem(NOT_LET_IN, "What the provider said opens no account here.")


async def account_of(signin: Signin, identity: Identity) -> Account | None:
    """By the provider's own id; the first time by a verified address that stands for an account.

    An account that was tied once is never found by an address again.
    """
    account = signin.people.by_subject(identity.issuer, identity.subject)
    if account is None and identity.email is not None:
        opened = signin.people.by_sign_in(identity.email)
        if opened is None or opened.kind != "provider" or opened.closed:
            return None
        facts = {"issuer": identity.issuer, "subject": identity.subject}
        made = e.AccountLinked
        if await signin.desk.keep(made, "system", account_id=opened.account_id, **facts):
            account = signin.people.accounts[opened.account_id]
    return None if account is None or account.closed else account


async def _proved(request: Request, signin: Signin, begun: Begun, identity: Identity) -> Response:
    """Back from signing in anew for a signature: it must be the same person, and just now."""
    assert begun.proof is not None
    cookie = request.cookies.get(signin.settings.cookie)
    found = await signin.sessions.find(cookie, signin.now())
    kept = await signin.store.held(pending_key(begun.proof))
    if found is None or kept is None or cookie is None:
        raise _not_let_in()
    account, _ = found
    pending = Pending.model_validate_json(kept)
    same = (account.issuer, account.subject) == (identity.issuer, identity.subject)
    since = begun.began_at - timedelta(seconds=SKEW_SECONDS)
    fresh = identity.signed_in_at is not None and identity.signed_in_at >= since
    if not (same and fresh and pending.session == digest(cookie)):
        LOG.warning("a signature was not proved at the provider: same %s, fresh %s", same, fresh)
        raise _not_let_in()
    proved = pending.model_copy(update={"proved": True})
    await signin.store.pardon(_tries_of(request, signin))
    key = pending_key(begun.proof)
    await signin.store.hold(key, proved.model_dump_json().encode(), PROVED_SECONDS)
    return RedirectResponse(f"/sign-in/provider/signature/{begun.proof}", SEE_OTHER)


@router.get("/signature/{proof}")
async def signature_page(request: Request, viewer: CurrentViewer, proof: str) -> Response:
    """The last step of a signature: who signs, and what it means; the rest is as it was shown."""
    signin = signin_of(request)
    kept = await signin.store.held(pending_key(proof))
    pending = None if kept is None else Pending.model_validate_json(kept)
    session = digest(request.cookies[signin.settings.cookie])
    if pending is None or not pending.proved or pending.session != session:
        raise Problem(NO_ROUTE, "There is no signature of yours that waits here.")
    return page(request, "signin/proved.html", viewer, pending=pending, proof=proof)
