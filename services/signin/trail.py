"""The audit trail of accounts and rights in words: who did what to whom, when, and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from services.api.views import instant
from services.pages.downloads import csv_lines
from services.signin import events as e
from services.signin.people import People
from services.signin.words import HOW, ROLES, where

SECRET = {"hash", "sealed", "sha256"}
"""What no page and no download ever shows, though it is no use without the server's keys."""
SYSTEM = "the server's command line"
GROUPS: Final[dict[str, tuple[str, tuple[type[e.AccessEvent], ...]]]] = {
    "rights": ("rights", (e.RoleGranted, e.RoleRevoked, e.TokenIssued, e.TokenRevoked)),
    "accounts": (
        "accounts",
        (e.AccountOpened, e.AccountLinked, e.AccountClosed, e.AccountReopened),
    ),
    "credentials": (
        "passwords, second factors and sessions",
        (e.PasswordSet, e.SecondFactorSet, e.SecondFactorRemoved, e.SessionsEnded, e.LockedOut),
    ),
    "signing-in": ("signing in and out", (e.SignedIn, e.SignedOut)),
    "signatures": ("signatures", (e.Signed,)),
}
"""What the trail can be narrowed to: words, and the kinds of events."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event. `about_id` is the account it is about, `by_id` the one that did it."""

    number: int
    at: datetime
    type: str
    by_id: str
    by: str
    about_id: str
    about: str
    what: str
    why: str
    to_oneself: bool
    """Somebody gave a right to the own account."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter: of one account (as doer or as the one it is about), of one group of kinds."""

    account_id: str = ""
    group: str = ""

    def takes(self, row: Row, event: e.AnyAccessEvent) -> bool:
        if self.account_id and self.account_id not in (row.by_id, row.about_id):
            return False
        return not self.group or isinstance(event, GROUPS[self.group][1])


def rows(
    people: People, wanted: Wanted, before: int | None = None
) -> Iterator[tuple[Row, e.AnyAccessEvent]]:
    """The newest first; `before` goes on behind the row of that number."""
    grants, tokens = _owners(people)
    last = len(people.trail) if before is None else min(before, len(people.trail))
    for number in range(last - 1, -1, -1):
        event = people.trail[number]
        row = _row(people, number, event, grants, tokens)
        if wanted.takes(row, event):
            yield row, event


_Owners = dict[str, tuple[str, str]]
"""Of each right and token that ever was: whose it was, and what it is called."""


def _owners(people: People) -> tuple[_Owners, _Owners]:
    grants: _Owners = {}
    tokens: _Owners = {}
    for event in people.trail:
        if isinstance(event, e.RoleGranted):
            words = f"{ROLES[event.role]}, {where(event.trial_id, event.sites)}"
            grants[event.grant_id] = (event.account_id, words)
        elif isinstance(event, e.TokenIssued):
            tokens[event.token_id] = (event.account_id, event.name)
    return grants, tokens


def _row(
    people: People, number: int, event: e.AnyAccessEvent, grants: _Owners, tokens: _Owners
) -> Row:
    about_id = _about(event, grants, tokens)
    return Row(
        number=number,
        at=event.at,
        type=event.type,
        by_id=event.by,
        by=named(people, event.by),
        about_id=about_id,
        about=named(people, about_id),
        what=_what(event, grants, tokens),
        why=getattr(event, "reason", None) or getattr(event, "meaning", None) or "",
        to_oneself=isinstance(event, e.RoleGranted) and event.by == about_id,
    )


def named(people: People, account_id: str) -> str:
    """Printed name and sign-in name."""
    if account_id == "system":
        return SYSTEM
    account = people.accounts.get(account_id)
    return account_id if account is None else f"{account.name} ({account.sign_in})"


def _about(event: e.AnyAccessEvent, grants: _Owners, tokens: _Owners) -> str:
    match event:
        case e.RoleRevoked():
            return grants[event.grant_id][0]
        case e.TokenRevoked():
            return tokens[event.token_id][0]
        case e.SignedIn() | e.SignedOut() | e.Signed():
            return event.by
        case _:
            return event.account_id


def _what(event: e.AnyAccessEvent, grants: _Owners, tokens: _Owners) -> str:
    match event:
        case e.RoleGranted():
            return f"Granted: {grants[event.grant_id][1]}"
        case e.RoleRevoked():
            return f"Took back: {grants[event.grant_id][1]}"
        case e.TokenIssued():
            return f"Issued a token: {event.name}"
        case e.TokenRevoked():
            return f"Withdrew the token: {tokens[event.token_id][1]}"
        case e.AccountOpened():
            return "Opened the account"
        case e.AccountLinked():
            return "First sign-in at the provider: tied to it for good"
        case e.AccountClosed():
            return "Closed the account"
        case e.AccountReopened():
            return "Opened the account again"
        case _:
            return _of_credentials(event)


def _of_credentials(event: e.AnyAccessEvent) -> str:
    match event:
        case e.PasswordSet():
            own = event.by == event.account_id
            return "Chose a new password" if own else "Gave a new password"
        case e.SecondFactorSet():
            return "Set up a second factor"
        case e.SecondFactorRemoved():
            return "Took the second factor away"
        case e.SessionsEnded():
            return "Ended the sessions"
        case e.SignedIn():
            return f"Signed in by {HOW[event.how]}"
        case e.SignedOut():
            return "Signed out"
        case e.Signed():
            return f"Signed on {event.page}, by {HOW[event.how]}"
        case e.LockedOut():
            return "Too many wrong tries: locked for a while"
        case _:
            raise AssertionError(f"no words for {event.type}")


COLUMNS: Final[dict[str, Callable[[Row], str]]] = {
    "at": lambda row: instant(row.at),
    "type": lambda row: row.type,
    "by_id": lambda row: row.by_id,
    "by": lambda row: row.by,
    "about_id": lambda row: row.about_id,
    "about": lambda row: row.about,
    "what": lambda row: row.what,
    "why": lambda row: row.why,
}


def csv_text(found: Iterator[tuple[Row, e.AnyAccessEvent]]) -> str:
    rows = ([column(row) for column in COLUMNS.values()] for row, _ in found)
    return csv_lines(chain([COLUMNS], rows))


def ndjson_text(found: Iterator[tuple[Row, e.AnyAccessEvent]]) -> str:
    """The events themselves, without secrets."""
    lines = (event.model_dump_json(exclude=SECRET, exclude_none=True) for _, event in found)
    return "".join(f"{line}\n" for line in lines)
