"""Who is asking under `/v1`: one dependency for every route, for service and file tokens."""

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from enrollment.commands import Actor, AnyCommand, Role
from services.api.identity import parse_submission
from services.api.problems import NO_ACTOR, NOT_THIS_ROLE, UNAVAILABLE, Problem
from services.signin.desk import digest
from services.signin.people import Account
from services.signin.signin import Signin

_ACTORS: TypeAdapter[dict[str, Actor]] = TypeAdapter(dict[str, Actor])
SCHEME: dict[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of a service account, or of the server's token file.",
}
"""The OpenAPI security scheme of `current_actor`."""
CHALLENGE = {"WWW-Authenticate": "Bearer"}


class TokenFileError(Exception):
    """The token file cannot be used; the message says why and never quotes it."""


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: tuple[int, int, int]
    actors: tuple[tuple[bytes, Actor], ...]


class TokenFile:
    """Tokens and their actors; read again when the file changes, shut to all while it is broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = _read(path)

    def actor(self, token: str) -> Actor | None:
        """Compares with every token in constant time, so timing tells nothing of any of them."""
        self._renew()
        asked = sha256(token.encode()).digest()
        found: Actor | None = None
        for known, actor in self._read.actors:
            if hmac.compare_digest(known, asked):
                found = actor
        return found

    def holds(self, actor: Actor) -> bool:
        """Whether a token of this actor is still in the file."""
        self._renew()
        return any(known == actor for _, known in self._read.actors)

    def _renew(self) -> None:
        try:
            if _stamp(self._path) != self._read.stamp:
                self._read = _read(self._path)
        except OSError as error:
            raise TokenFileError(f"cannot read the token file: {error.strerror}") from None


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> _Read:
    try:
        stamp = _stamp(path)
        actors = _ACTORS.validate_json(path.read_bytes())
    except OSError as error:
        raise TokenFileError(f"{path}: {error.strerror}") from None
    except (ValidationError, json.JSONDecodeError):
        raise TokenFileError(
            f'{path}: write it as {{"<token>": {{"id": "...", "role": "site", "sites": ["S1"]}}}}'
        ) from None
    for actor in actors.values():
        if actor.role == "clock":
            raise TokenFileError(f"{path}: nobody signs in as the clock")
        if actor.of_site and (not actor.sites or "*" in actor.sites):
            raise TokenFileError(f"{path}: a token of site staff must name its sites, not *")
    pairs = tuple((sha256(token.encode()).digest(), actor) for token, actor in actors.items())
    return _Read(stamp, pairs)


async def current_actor(request: Request) -> Actor:
    """The one dependency that every route takes its actor from.

    A service's rights are those it holds in the trial of the address, as they are at this moment;
    without one in that trial nothing is told of it.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(NO_ACTOR, "The request carries no bearer token.", headers=CHALLENGE)
    of_file = _of_file(request, token.strip())
    if of_file is not None:
        return of_file
    account = _service(request, token.strip())
    if account is None:
        raise Problem(NO_ACTOR, "The token is not known.", headers=CHALLENGE)
    request.state.service = account
    actor = account.actor(trial_id) if (trial_id := _trial_of(request)) else _anywhere(account)
    if actor is None:
        raise Problem(NOT_THIS_ROLE, "This token has no right here.")
    return actor


def _of_file(request: Request, token: str) -> Actor | None:
    tokens: TokenFile | None = request.app.state.tokens
    if tokens is None:
        return None
    try:
        return tokens.actor(token)
    except TokenFileError:
        raise _nobody_just_now() from None


def _service(request: Request, token: str) -> Account | None:
    """The open service account that the token was issued to."""
    signin: Signin | None = request.app.state.signin
    if signin is None:
        return None
    if not signin.desk.ready():
        raise _nobody_just_now()
    account = signin.people.by_token(digest(token))
    return None if account is None or account.closed else account


def _nobody_just_now() -> Problem:
    return Problem(UNAVAILABLE, "Nobody can sign in just now.", headers={"Retry-After": "5"})


def _trial_of(request: Request) -> str | None:
    """The trial that the address is about; a submission's id holds its own."""
    if "submission_id" in request.path_params:
        submission = parse_submission(request.path_params["submission_id"])
        return None if submission is None else submission.trial_id
    trial_id: str | None = request.path_params.get("trial_id")
    return trial_id


def _anywhere(account: Account) -> Actor | None:
    """For addresses about no trial: by the first right there is, which the answer then minds."""
    actors = (account.actor(grant.trial_id) for grant in account.grants)
    return next((actor for actor in actors if actor is not None), None)


def may_see_trial(request: Request, trial_id: str) -> bool:
    """Whether the token that asks has a right in the trial; the file's tokens have one in all."""
    account: Account | None = getattr(request.state, "service", None)
    return account is None or account.actor(trial_id) is not None


def forbid_signing(request: Request, command: AnyCommand) -> None:
    """A service's token cannot sign: a signature is a person's, given on the pages."""
    if hasattr(request.state, "service") and getattr(command, "meaning", None) is not None:
        raise Problem(NOT_THIS_ROLE, "Nothing was written: this is signed, and by people only.")


CurrentActor = Annotated[Actor, Depends(current_actor)]


def require_role(actor: Actor, *roles: Role) -> None:
    """Deny by default: each route names who may. An investigator may what site staff may."""
    if actor.role not in roles and not ("site" in roles and actor.of_site):
        allowed = ", ".join(roles)
        raise Problem(NOT_THIS_ROLE, f"Needs one of: {allowed}.")
