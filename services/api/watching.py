"""Whether whoever follows a live stream still may: asked before each piece is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from enrollment.commands import Actor
from services.api.actor import TokenFile, TokenFileError
from services.signin.people import Account
from services.signin.signin import Signin

Still = Callable[[], bool]


def watch(state: Any, actor: Actor) -> Still:
    """Of an account: false as soon as anything was changed of what it may do, or it signed out.

    The stream then ends. A reader who still may connects again, and is asked for a right as for any
    other address. `state` is the application's.
    """
    signin: Signin | None = state.signin
    account = None if signin is None else signin.people.accounts.get(actor.id)
    if signin is None or account is None:
        tokens: TokenFile | None = state.tokens
        return lambda: tokens is not None and _of_file(tokens, actor)
    before = _standing(account)

    def still() -> bool:
        now = signin.people.accounts.get(actor.id)
        return now is not None and _standing(now) == before and not _too_old(signin, now)

    return still


def _standing(account: Account) -> tuple[object, ...]:
    return (
        account.closed,
        account.grants,
        account.tokens,
        account.sessions_ended_at,
        account.signed_out_at,
    )


def _too_old(signin: Signin, account: Account) -> bool:
    """No session of the account can be younger than its last sign-in."""
    if account.kind == "service" or account.signed_in_at is None:
        return False
    return signin.now() - account.signed_in_at >= timedelta(hours=signin.settings.session_hours)


def _of_file(tokens: TokenFile, actor: Actor) -> bool:
    try:
        return tokens.holds(actor)
    except TokenFileError:
        return False
