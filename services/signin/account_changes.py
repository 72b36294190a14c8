"""What an administrator does to an account: rights, tokens, closing, a new password."""

import re
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from services.pages.rendering import FieldError
from services.signin.accounts import administrator, found, one_account, shown_once, text
from services.signin.desk import Desk, RefusedError
from services.signin.people import Account
from services.signin.viewer import CurrentViewer, Viewer, posted, signin_of
from services.signin.words import ROLES

router = APIRouter(prefix="/accounts/{account_id}", include_in_schema=False)
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SEE_OTHER = 303
REASON_MISSING = "Write the reason: it stands in the audit trail."
Change = Callable[[Desk, str, Account, FormData], Awaitable[str | None]]
"""Does it, by the acting account; gives a secret that is shown once, if there is one."""


class WrongError(Exception):
    """What was typed cannot be; `errors` say why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__()
        self.errors = errors


async def _do(
    request: Request, viewer: Viewer, account_id: str, field: str, change: Change, label: str = ""
) -> Response:
    """`field` is where a refusal is shown."""
    form = await posted(request, viewer)
    by = administrator(viewer)
    account = found(request, account_id)
    try:
        secret = await change(signin_of(request).desk, by, account, form)
    except RefusedError as error:
        wrong: tuple[FieldError, ...] = (FieldError(field, str(error)),)
    except WrongError as error:
        wrong = error.errors
    else:
        if secret is not None:
            return shown_once(request, viewer, account, label, secret)
        return RedirectResponse(f"/accounts/{account_id}", SEE_OTHER)
    names = ("role", "trial", "sites", "grant_reason")
    return one_account(request, viewer, account, wrong, {name: text(form, name) for name in names})


def _reason(form: FormData, field: str) -> str:
    reason = text(form, field)
    if not reason:
        raise WrongError(FieldError(field, REASON_MISSING))
    return reason


@router.post("/rights")
async def grant(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    return await _do(request, viewer, account_id, "role", _grant)


async def _grant(desk: Desk, by: str, account: Account, form: FormData) -> None:
    role = next((role for role in ROLES if role == text(form, "role")), None)
    trial_id = text(form, "trial", 100) or "*"
    sites = tuple(part for part in re.split(r"[,\s]+", text(form, "sites")) if part)
    wrong = []
    if role is None:
        wrong.append(FieldError("role", "Choose a role."))
    if trial_id != "*" and not ID.fullmatch(trial_id):
        wrong.append(FieldError("trial", "Write the id of the trial, such as NCT00825734."))
    if not all(ID.fullmatch(site) for site in sites):
        wrong.append(FieldError("sites", "Write the ids of the sites with commas between them."))
    reason = text(form, "grant_reason")
    if not reason:
        wrong.append(FieldError("grant_reason", REASON_MISSING))
    if wrong or role is None:
        raise WrongError(*wrong)
    if role == "administrator":
        trial_id, sites = "*", ()
    await desk.grant(by, account.account_id, role, trial_id, sites or ("*",), reason)


@router.post("/rights/{grant_id}/revoke")
async def revoke(
    request: Request, viewer: CurrentViewer, account_id: str, grant_id: str
) -> Response:
    field = f"revoke-{grant_id}"

    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        if grant_id not in {held.grant_id for held in account.grants}:
            raise RefusedError("This right is not held any more.")
        await desk.revoke(by, grant_id, _reason(form, field))

    return await _do(request, viewer, account_id, field, change)


@router.post("/close")
async def close(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        await desk.close(by, account.account_id, _reason(form, "close_reason"))

    return await _do(request, viewer, account_id, "close_reason", change)


@router.post("/reopen")
async def reopen(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        await desk.reopen(by, account.account_id, _reason(form, "reopen_reason"))

    return await _do(request, viewer, account_id, "reopen_reason", change)


@router.post("/password")
async def reset(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> str:
        return await desk.reset_password(by, account.account_id)

    return await _do(request, viewer, account_id, "reset", change, "New password")


@router.post("/second-factor/remove")
async def remove_factor(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        reason = _reason(form, "factor_reason")
        await desk.remove_second_factor(by, account.account_id, reason)

    return await _do(request, viewer, account_id, "factor_reason", change)


@router.post("/sessions/end")
async def end_sessions(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        await desk.end_sessions(by, account.account_id)

    return await _do(request, viewer, account_id, "sessions", change)


@router.post("/tokens")
async def issue_token(request: Request, viewer: CurrentViewer, account_id: str) -> Response:
    async def change(desk: Desk, by: str, account: Account, form: FormData) -> str:
        name = text(form, "token_name", 200)
        if not name:
            raise WrongError(FieldError("token_name", "Write what the token is for."))
        return await desk.issue_token(by, account.account_id, name)

    return await _do(request, viewer, account_id, "token_name", change, "Token")


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(
    request: Request, viewer: CurrentViewer, account_id: str, token_id: str
) -> Response:
    field = f"revoke-{token_id}"

    async def change(desk: Desk, by: str, account: Account, form: FormData) -> None:
        if token_id not in {token.token_id for token in account.tokens}:
            raise RefusedError("There is no such token.")
        await desk.revoke_token(by, token_id, _reason(form, field))

    return await _do(request, viewer, account_id, field, change)
