"""The tokens of the local stack's actors: made once, at random, readable by their owner alone."""

import os
import secrets
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from enrollment.commands import Actor
from services.local.errors import LocalError

_ACTORS: TypeAdapter[dict[str, Actor]] = TypeAdapter(dict[str, Actor])

SITES = ("S1", "S2", "S3", "S4")
"""Those of the protocol that is shipped."""


def tokens_file(home: Path) -> Path:
    return home / "tokens.json"


def make_tokens(file: Path) -> Path:
    """The file, made if it is not there: a token -> its actor's id, role and sites."""
    if not file.exists():
        actors = {secrets.token_urlsafe(32): actor for actor in _actors()}
        text = _ACTORS.dump_json(actors, indent=2).decode()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
    return file


def token_of(home: Path, actor_id: str) -> str:
    """The token of one actor of the file."""
    file = tokens_file(home)
    try:
        actors = _ACTORS.validate_json(file.read_bytes())
    except FileNotFoundError:
        raise LocalError(f"{file} is not there.", "run `make up` once") from None
    except ValidationError:
        raise LocalError(f"{file} cannot be understood.", f"delete {file}, `make up`") from None
    for token, actor in actors.items():
        if actor.id == actor_id:
            return token
    known = ", ".join(actor.id for actor in actors.values())
    raise LocalError(f"There is no actor {actor_id}.", f"name one of: {known}")


def _actors() -> list[Actor]:
    return [
        Actor(id="centre", role="coordinator", sites=("*",)),
        Actor(id="reviewer", role="reviewer", sites=("*",)),
        Actor(id="auditor", role="auditor", sites=("*",)),
        *(Actor(id=f"{site}-staff", role="site", sites=(site,)) for site in SITES),
    ]
