"""Accounts for administrators: all of them, one of them, and a new one."""

import re

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from services.api.problems import NO_ROUTE, NOT_THIS_ROLE, Problem
from services.pages.rendering import FieldError, page
from services.signin.desk import FOR_SERVICES, RefusedError
from services.signin.people import Account
from services.signin.trail import Wanted, rows
from services.signin.viewer import CurrentViewer, Viewer, posted, signin_of
from services.signin.words import KINDS, ROLES, right

router = APIRouter(prefix="/accounts", include_in_schema=False)
SIGN_IN_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,127}")
OPENED: tuple[tuple[str, str], ...] = (
    ("local", "a person who signs in with a password of this service"),
    ("provider", "a person who signs in at the organisation's provider"),
    ("service", "a program, with tokens"),
)
LATEST = 20
SEE_OTHER = 303


def administrator(viewer: Viewer) -> str:
    """The account that acts. Nobody but an administrator sees or changes accounts."""
    if not viewer.account.holds("administrator"):
        raise Problem(NOT_THIS_ROLE, "Accounts are for administrators.")
    return viewer.account.account_id


@router.get("")
async def accounts_page(request: Request, viewer: CurrentViewer) -> Response:
    administrator(viewer)
    people = signin_of(request).people
    shown = sorted(people.accounts.values(), key=lambda one: (one.closed, one.sign_in))
    listed = [(one, KINDS[one.kind], [right(grant) for grant in one.grants]) for one in shown]
    return page(request, "signin/accounts.html", viewer, accounts=listed)


@router.get("/open")
async def open_page(request: Request, viewer: CurrentViewer) -> Response:
    administrator(viewer)
    return _open(request, viewer, {"sign_in": "", "name": "", "kind": ""})


def _open(
    request: Request,
    viewer: Viewer,
    typed: dict[str, str],
    errors: tuple[FieldError, ...] = (),
) -> Response:
    return page(
        request,
        "signin/open_account.html",
        viewer,
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        kinds=OPENED,
    )


@router.post("/open")
async def open_account(request: Request, viewer: CurrentViewer) -> Response:
    """The first password is in this answer and nowhere else."""
    form = await posted(request, viewer)
    by = administrator(viewer)
    typed = {name: text(form, name, 500) for name in ("sign_in", "name", "kind")}
    typed["sign_in"] = typed["sign_in"].lower()
    if wrong := _wrong_account(typed):
        return _open(request, viewer, typed, wrong)
    desk = signin_of(request).desk
    try:
        account, password = await desk.open_account(
            by, typed["sign_in"], typed["name"], typed["kind"]
        )
    except RefusedError as error:
        return _open(request, viewer, typed, (FieldError("sign_in", str(error)),))
    if password is not None:
        return shown_once(request, viewer, account, "First password", password)
    return RedirectResponse(f"/accounts/{account.account_id}", SEE_OTHER)


def _wrong_account(typed: dict[str, str]) -> tuple[FieldError, ...]:
    wrong = []
    if not SIGN_IN_NAME.fullmatch(typed["sign_in"]):
        sentence = "Write a sign-in name of 3 to 128 letters, digits and . _ @ + - without spaces."
        wrong.append(FieldError("sign_in", sentence))
    if not 1 <= len(typed["name"]) <= 200:
        wrong.append(FieldError("name", "Write the printed name, of at most 200 characters."))
    if typed["kind"] not in dict(OPENED):
        wrong.append(FieldError("kind", "Choose how the account signs in."))
    return tuple(wrong)


@router.get("/{account_id}")
async def account_page(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    administrator(viewer)
    return one_account(request, viewer, found(request, account_id))


def found(request: Request, account_id: str) -> Account:
    account = signin_of(request).people.accounts.get(account_id)
    if account is None:
        raise Problem(NO_ROUTE, "There is no such account.")
    return account


def one_account(
    request: Request,
    viewer: Viewer,
    account: Account,
    errors: tuple[FieldError, ...] = (),
    typed: dict[str, str] | None = None,
) -> Response:
    """All that is known of an account, and all that can be done to it."""
    people = signin_of(request).people
    own = rows(people, Wanted(account.account_id))
    roles = FOR_SERVICES if account.kind == "service" else tuple(r for r in ROLES if r != "service")
    return page(
        request,
        "signin/one_account.html",
        viewer,
        status=422 if errors else 200,
        errors=errors,
        typed=typed or {"role": "", "trial": "", "sites": "", "grant_reason": ""},
        account=people.accounts[account.account_id],
        kind=KINDS[account.kind],
        rights=[(grant, right(grant)) for grant in account.grants],
        roles=[("", "choose"), *((role, ROLES[role]) for role in roles)],
        last_administrator=people.is_last_administrator(account),
        latest=[row for (row, _), _ in zip(own, range(LATEST), strict=False)],
        oneself=account.account_id == viewer.account.account_id,
    )


def shown_once(
    request: Request, viewer: Viewer, account: Account, label: str, secret: str
) -> Response:
    """A secret that nobody can be shown again."""
    return page(
        request, "signin/shown_once.html", viewer, account=account, label=label, secret=secret
    )


def text(form: FormData, name: str, longest: int = 2000) -> str:
    """What was typed, without blanks around it."""
    return str(form.get(name) or "").strip()[:longest]
