"""Ids of writes: the command id is for ever a function of trial, site (or the centre) and key."""

import base64
import binascii
import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.api.problems import BAD_KEY, NO_KEY, Problem

NAMESPACE = UUID("0b5d4f0c-3d1e-5a35-9d5b-3f0f6f1c7a11")
"""Never changes: another one would give every repeated request a new id."""

KEY_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
_KEY = re.compile(KEY_PATTERN[1:-1])
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Submission:
    """Who sent what under which key: `site_id` is none for the coordinating centre.

    Its public id can be resolved without any memory, and one who may not act for the site cannot
    make an id that leads to the site's commands.
    """

    trial_id: str
    site_id: str | None
    key: str

    @property
    def command_id(self) -> UUID:
        # No part can hold a slash, so no two submissions share a name.
        sender = "centre" if self.site_id is None else f"site/{self.site_id}"
        return uuid5(NAMESPACE, f"{self.trial_id}/{sender}/{self.key}")

    @property
    def id(self) -> str:
        text = f"{self.trial_id}/{self.site_id or ''}/{self.key}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @property
    def location(self) -> str:
        return f"/v1/submissions/{self.id}"


def parse_submission(text: str) -> Submission | None:
    """The submission behind its public id; none when it is no such id."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        trial_id, site_id, key = plain.decode("ascii").split("/")
    except (ValueError, binascii.Error):
        return None
    if not (_ID.fullmatch(trial_id) and _KEY.fullmatch(key)):
        return None
    if site_id and not _ID.fullmatch(site_id):
        return None
    found = Submission(trial_id, site_id or None, key)
    return found if found.id == text else None


def checked_key(headers: list[str]) -> str:
    """The Idempotency-Key, which every write must carry, once."""
    if not headers:
        raise Problem(NO_KEY, "Nothing was written: this write carried no Idempotency-Key.")
    if len(headers) > 1 or not _KEY.fullmatch(headers[0]):
        raise Problem(BAD_KEY, "Nothing was written: the key is empty, too long or holds others.")
    return headers[0]
