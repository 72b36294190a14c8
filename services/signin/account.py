"""One's own account: name, rights, sessions, password and second factor."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.pages.rendering import FieldError, page
from services.signin import events as e
from services.signin.address import address_of
from services.signin.desk import digest
from services.signin.events import AnyAccessEvent
from services.signin.second_factor import fresh_secret, qr_code, setup_address
from services.signin.signin import Signin, Wrong
from services.signin.viewer import CurrentViewer, Viewer, posted, signin_of
from services.signin.words import HOW, KINDS, right

router = APIRouter(prefix="/account", include_in_schema=False)
ACCOUNT = "/account"
SEE_OTHER = 303
SET_UP_SECONDS = 900
"""How long a second factor may wait for its first code."""
LATEST = 5
LOOKED_AT = 20_000
"""Events looked through for the latest ones of an account."""


@router.get("")
async def account_page(request: Request, viewer: CurrentViewer) -> Response:
    return _account(request, viewer)


def _account(
    request: Request, viewer: Viewer, errors: tuple[FieldError, ...] = (), status: int = 200
) -> Response:
    signin = signin_of(request)
    return page(
        request,
        "signin/account.html",
        viewer,
        status=status,
        errors=errors,
        kind=KINDS[viewer.account.kind],
        rights=[right(grant) for grant in viewer.account.grants],
        latest=[(event.at, HOW[event.how]) for event in _latest(signin, viewer)],
        idle_minutes=signin.settings.session_idle_minutes,
        hours=signin.settings.session_hours,
        by_password=viewer.account.kind in ("local", "demo"),
        codes_possible=signin.factors.possible,
    )


def _latest(signin: Signin, viewer: Viewer) -> list[e.SignedIn]:
    """The last sign-ins of the account, the newest first."""
    trail: list[AnyAccessEvent] = signin.people.trail[-LOOKED_AT:]
    own = (x for x in reversed(trail) if isinstance(x, e.SignedIn) and x.by == _id(viewer))
    return [event for event, _ in zip(own, range(LATEST), strict=False)]


@router.post("/sessions/end")
async def end_others(request: Request, viewer: CurrentViewer) -> Response:
    """Every other browser must sign in again."""
    await posted(request, viewer)
    return await anew(signin_of(request), viewer)


async def anew(signin: Signin, viewer: Viewer) -> Response:
    """Ends every session of the account; this browser goes on in a new one."""
    response = RedirectResponse(ACCOUNT, SEE_OTHER, {"Cache-Control": "no-store"})
    await signin.desk.end_sessions(_id(viewer), _id(viewer))
    account = signin.desk.account(_id(viewer))
    await signin.sessions.begin(response, account, viewer.session.how, signin.now())
    return response


@router.get("/second-factor")
async def second_factor_page(request: Request, viewer: CurrentViewer) -> Response:
    signin = signin_of(request)
    if not _may_set_up(signin, viewer):
        return RedirectResponse(ACCOUNT, SEE_OTHER)
    return await _second_factor(request, viewer)


def _may_set_up(signin: Signin, viewer: Viewer) -> bool:
    account = viewer.account
    by_password = account.kind in ("local", "demo")
    return by_password and account.second_factor is None and signin.factors.possible


async def _second_factor(
    request: Request, viewer: Viewer, errors: tuple[FieldError, ...] = (), status: int = 200
) -> Response:
    """The secret is made once and shown until it is confirmed, or too old."""
    signin = signin_of(request)
    sealed = await signin.store.held(_begun(request, signin))
    secret = None if sealed is None else signin.factors.open(sealed.decode())
    if secret is None:
        secret = fresh_secret()
        kept = signin.factors.seal(secret).encode()
        await signin.store.hold(_begun(request, signin), kept, SET_UP_SECONDS)
    drawing = qr_code(setup_address(secret, viewer.account.sign_in))
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return page(
        request,
        "signin/second_factor.html",
        viewer,
        status=status,
        errors=errors,
        drawing=drawing,
        typed=" ".join(groups),
    )


@router.post("/second-factor")
async def set_second_factor(request: Request, viewer: CurrentViewer) -> Response:
    """Counts from the first code on: whoever never scanned it is not shut out."""
    signin = signin_of(request)
    form = await posted(request, viewer)
    if not _may_set_up(signin, viewer):
        return RedirectResponse(ACCOUNT, SEE_OTHER)
    wrong = await _wrong_password(request, viewer, str(form.get("password") or "")[:500])
    if wrong is not None:
        return await _second_factor(request, viewer, (wrong,), 422)
    sealed = await signin.store.held(_begun(request, signin))
    code = str(form.get("code") or "")[:20]
    if sealed is None or not await signin.fresh_code(_id(viewer), sealed.decode(), code):
        sentence = "This is not the code of now. Check the clock of your phone, and try the next."
        return await _second_factor(request, viewer, (FieldError("code", sentence),), 422)
    await signin.store.take(_begun(request, signin))
    facts = {"account_id": _id(viewer), "sealed": sealed.decode()}
    await signin.desk.keep(e.SecondFactorSet, _id(viewer), **facts)
    return await anew(signin, viewer)


async def _wrong_password(request: Request, viewer: Viewer, password: str) -> FieldError | None:
    signin = signin_of(request)
    address = address_of(request, signin.settings.trusted_proxies)
    wrong = await signin.check_password(viewer.account, password, address)
    return None if wrong is None else FieldError("password", wrong.sentence)


@router.post("/second-factor/remove")
async def remove_second_factor(request: Request, viewer: CurrentViewer) -> Response:
    """Asks for all that signing in asks for. Who lost the phone goes to an administrator."""
    signin = signin_of(request)
    form = await posted(request, viewer)
    if viewer.account.second_factor is None:
        return RedirectResponse(ACCOUNT, SEE_OTHER)
    password, code = (str(form.get(name) or "")[:500] for name in ("password", "code"))
    address = address_of(request, signin.settings.trusted_proxies)
    found = await signin.check(viewer.account.sign_in, password, code, address)
    if isinstance(found, Wrong):
        return _account(request, viewer, (FieldError("password", found.sentence),), 422)
    facts = {"account_id": _id(viewer), "reason": "Taken away by its owner."}
    await signin.desk.keep(e.SecondFactorRemoved, _id(viewer), **facts)
    return await anew(signin, viewer)


def _begun(request: Request, signin: Signin) -> str:
    """Where the secret of a second factor waits: it belongs to this session alone."""
    return f"factor:{digest(request.cookies[signin.settings.cookie])}"


def _id(viewer: Viewer) -> str:
    return viewer.account.account_id
