"""Who is asking: one dependency for every route. Another way to sign in replaces only this file."""

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from enrollment.commands import Actor, Role
from services.api.problems import NO_ACTOR, NOT_THIS_ROLE, UNAVAILABLE, Problem

_ACTORS: TypeAdapter[dict[str, Actor]] = TypeAdapter(dict[str, Actor])
SCHEME: dict[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of the server's token file.",
}
"""The OpenAPI security scheme of `current_actor`."""


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
        try:
            if _stamp(self._path) != self._read.stamp:
                self._read = _read(self._path)
        except OSError as error:
            raise TokenFileError(f"cannot read the token file: {error.strerror}") from None
        asked = sha256(token.encode()).digest()
        found: Actor | None = None
        for known, actor in self._read.actors:
            if hmac.compare_digest(known, asked):
                found = actor
        return found


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
        if actor.role == "site" and (not actor.sites or "*" in actor.sites):
            raise TokenFileError(f"{path}: a token of the role site must name its sites, not *")
    pairs = tuple((sha256(token.encode()).digest(), actor) for token, actor in actors.items())
    return _Read(stamp, pairs)


async def current_actor(request: Request) -> Actor:
    """The one dependency that every route takes its actor from."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": "Bearer"}
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(NO_ACTOR, "The request carries no bearer token.", headers=challenge)
    tokens: TokenFile = request.app.state.tokens
    try:
        actor = tokens.actor(token.strip())
    except TokenFileError:
        wait = {"Retry-After": "5"}
        raise Problem(UNAVAILABLE, "Nobody can sign in just now.", headers=wait) from None
    if actor is None:
        raise Problem(NO_ACTOR, "The token is not known.", headers=challenge)
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


def require_role(actor: Actor, *roles: Role) -> None:
    """Deny by default: each route names who may."""
    if actor.role not in roles:
        allowed = ", ".join(roles)
        raise Problem(NOT_THIS_ROLE, f"Needs one of: {allowed}.")
