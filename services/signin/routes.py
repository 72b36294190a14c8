"""Signing in with name, password and code; signing out; choosing a new password."""

import contextlib
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from services.api.ports import UnavailableError
from services.pages.rendering import FieldError, page
from services.signin import events as e
from services.signin.address import address_of
from services.signin.desk import RefusedError
from services.signin.people import Account
from services.signin.signin import Signin, Wrong
from services.signin.viewer import CurrentViewer, Viewer, check_origin, posted, signin_of

router = APIRouter(include_in_schema=False)
HOME = "/"
SEE_OTHER = 303


def way_back(asked: str | None) -> str:
    """Where to go after signing in: a path of ours, never another host."""
    if asked is None or not asked.startswith("/") or asked[1:2] in ("/", "\\"):
        return HOME
    return asked if "\\" not in asked and asked.isprintable() else HOME


def to_sign_in(request: Request) -> Response:
    """What a page answers to a browser without a session."""
    if request.headers.get("hx-request"):
        # A piece of a page says so in its place: what was typed beside it stays there.
        return page(request, "signin/over.html", status=401)
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401, headers={"Cache-Control": "no-store"})
    back = request.url.path if request.method == "GET" else HOME
    return RedirectResponse(f"/sign-in?next={quote(back)}", SEE_OTHER)


@router.get("/sign-in")
async def sign_in_page(
    request: Request, back: Annotated[str | None, Query(alias="next")] = None
) -> Response:
    return _sign_in(request, signin_of(request), way_back(back))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    signin = signin_of(request)
    check_origin(request)
    form = await request.form(max_files=0, max_fields=10)
    sign_in_name, password, code, back = (
        str(form.get(name) or "")[:500] for name in ("sign_in", "password", "code", "next")
    )
    address = address_of(request, signin.settings.trusted_proxies)
    found = await signin.check(sign_in_name, password, code, address)
    if isinstance(found, Wrong):
        wrong = FieldError("sign_in", found.sentence)
        return _sign_in(request, signin, way_back(back), sign_in_name, (wrong,), status=403)
    how = "password" if found.second_factor is None else "password_and_code"
    return await enter(signin, found, how, way_back(back))


async def enter(signin: Signin, account: Account, how: str, back: str) -> Response:
    """Begins the session and goes on to where the person wanted to be."""
    response = RedirectResponse(back, SEE_OTHER, {"Cache-Control": "no-store"})
    await signin.desk.keep(e.SignedIn, account.account_id, how=how)
    await signin.sessions.begin(response, account, how, signin.now())
    return response


@router.post("/sign-out")
async def sign_out(request: Request, viewer: CurrentViewer) -> Response:
    await posted(request, viewer)
    signin = signin_of(request)
    response = RedirectResponse("/sign-in", SEE_OTHER)
    await signin.sessions.end(response, request.cookies.get(signin.settings.cookie))
    with contextlib.suppress(UnavailableError):
        # The session is over whether or not that could be written down.
        await signin.desk.keep(e.SignedOut, viewer.account.account_id)
    return response


@router.get("/account/password")
async def password_page(request: Request, viewer: CurrentViewer) -> Response:
    return page(request, "signin/password.html", viewer, errors=())


@router.post("/account/password")
async def change_password(request: Request, viewer: CurrentViewer) -> Response:
    """Ends every session of the account, and begins this one anew."""
    signin = signin_of(request)
    form = await posted(request, viewer)
    old, new, again = (str(form.get(name) or "") for name in ("old", "new", "again"))
    wrong = await _wrong_change(request, signin, viewer, old, new, again)
    if wrong is None:
        try:
            await signin.desk.change_password(viewer.account, new)
        except RefusedError as error:
            wrong = FieldError("new", str(error))
    if wrong is not None:
        return page(request, "signin/password.html", viewer, status=422, errors=(wrong,))
    account = signin.desk.account(viewer.account.account_id)
    return await enter(signin, account, viewer.session.how, HOME)


async def _wrong_change(
    request: Request, signin: Signin, viewer: Viewer, old: str, new: str, again: str
) -> FieldError | None:
    address = address_of(request, signin.settings.trusted_proxies)
    wrong = await signin.check_password(viewer.account, old, address)
    if wrong is not None:
        return FieldError("old", wrong.sentence)
    if new != again:
        return FieldError("again", "The two new passwords differ: type the same twice.")
    return None


def _sign_in(
    request: Request,
    signin: Signin,
    back: str,
    typed: str = "",
    errors: tuple[FieldError, ...] = (),
    status: int = 200,
) -> Response:
    settings = signin.settings
    return page(
        request,
        "signin/sign_in.html",
        status=status,
        errors=errors,
        typed=typed,
        back=back,
        local=settings.local_accounts,
        provider=settings.oidc_name if settings.oidc_issuer else None,
        ready=signin.desk.ready(),
    )
