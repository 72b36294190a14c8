"""Who walks through every route of the application, where to, and what counts as being let in."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from fastapi import FastAPI
from starlette.responses import Response

from services.api.writes import WRITES
from services.pages import actions, trial_actions
from services.signin.events import AccessRole
from services.signin.people import Account
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS

TABLE: Final = Path(__file__).with_name("walk.csv")
OTHER: Final = "NCT99999999"
"""A trial that is there and in which nobody who walks has a right."""
UNKNOWN: Final = "NCT00000000"
PEOPLE: Final[dict[str, tuple[AccessRole, tuple[str, ...]]]] = {
    "site": ("site", ("S1",)),
    "investigator": ("investigator", ("S1",)),
    "elsewhere": ("site", ("S2",)),
    "coordinator": ("coordinator", ("*",)),
    "reviewer": ("reviewer", ("*",)),
    "auditor": ("auditor", ("*",)),
}
"""Each has one right, in the trial of the walk."""
SERVICES: Final[dict[str, tuple[AccessRole, tuple[str, ...]]]] = {
    "token-site": ("site", ("S1",)),
    "token-elsewhere": ("site", ("S2",)),
    "token-coordinator": ("coordinator", ("*",)),
    "token-auditor": ("auditor", ("*",)),
    "token-service": ("service", ("*",)),
}
WITHOUT_RIGHT: Final = ("nobody", "closed", "bare", "administrator")
"""No session; a closed account's session; no right at all; accounts only."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: who gets in, what staff of another site get, and what others get.

    `inside` is `in`, or `404` where the walk's trial has nothing of the kind to show.
    """

    method: str
    path: str
    who: frozenset[str]
    elsewhere: str
    inside: str


def table() -> dict[tuple[str, str], Row]:
    with TABLE.open(newline="") as opened:
        rows = [
            Row(
                line["method"],
                line["path"],
                frozenset(line["who"].split()),
                line["elsewhere"],
                line["inside"],
            )
            for line in csv.DictReader(opened)
        ]
    found = {(row.method, row.path): row for row in rows}
    assert len(found) == len(rows), "a route stands twice in the table"
    return found


SLUGS: Final[dict[str, tuple[str, ...]]] = {
    "/trials/{trial_id}/subjects/{subject_id}/do/{slug}": tuple(actions.BY_SLUG),
    "/trials/{trial_id}/decisions/do/{slug}": tuple(trial_actions.BY_SLUG),
}
"""Addresses whose last part chooses who may."""


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and address that the application answers, as the table names them."""
    found = []
    for route in _flat(app.router.routes):
        for method in sorted(route.methods - {"HEAD"}):
            if route.path in SLUGS:
                found += [(method, route.path.replace("{slug}", s)) for s in SLUGS[route.path]]
            else:
                found.append((method, route.path))
    return found


def _flat(given: list[Any]) -> list[Any]:
    """Routers that were included hold theirs; anything else that could answer is an error."""
    found: list[Any] = []
    for route in given:
        if hasattr(route, "original_router"):
            found += _flat(route.original_router.routes)
        else:
            assert route.methods, f"what answers at {route.path} is not understood"
            found.append(route)
    return found


@dataclass
class Walk:
    """The application with everybody in it; each visit is a session of its own."""

    app: FastAPI
    signin: Signin
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)

    async def session(self, who: str) -> tuple[dict[str, str], str]:
        """Cookie and CSRF token of somebody who has just signed in."""
        if who == "nobody":
            return {}, ""
        response = Response()
        session = await self.signin.sessions.begin(
            response, self.accounts[who], "password", self.signin.now()
        )
        cookie = response.headers["set-cookie"].split(";")[0]
        return {"Cookie": cookie}, session.csrf

    async def visit(self, who: str, method: str, path: str) -> str:
        """What somebody gets: `in`, `sign-in`, `401`, `403` or `404`."""
        headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        data: dict[str, str] | None = None
        content: bytes | None = None
        if path.startswith("/v1") or who in SERVICES:
            if who in SERVICES:
                headers["Authorization"] = f"Bearer {self.tokens[who]}"
            content = self._body(method, path)
            headers |= {"Content-Type": "application/json", "Idempotency-Key": f"walk-{who}"}
        else:
            cookie, csrf = await self.session(who)
            headers |= cookie
            data = {"csrf": csrf} if method == "POST" else None
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            answer = await http.request(method, path, headers=headers, data=data, content=content)
        return outcome(path, answer)

    async def forged(self, who: str, path: str, csrf: str | None, site: str) -> int:
        """The status of a post in somebody's session with a token (none: the right one)."""
        cookie, right = await self.session(who)
        headers = {"Sec-Fetch-Site": site, "Accept": "text/html", **cookie}
        data = {"csrf": right if csrf is None else csrf}
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            return (await http.post(path, headers=headers, data=data)).status_code

    def _body(self, method: str, path: str) -> bytes | None:
        if method != "POST":
            return None
        for write in WRITES:
            if path.endswith(write.path.replace("{subject_id}", self.fills["subject_id"])):
                return json.dumps(write.example).encode()
        return b"{}"


HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=()",
}


def outcome(path: str, answer: httpx2.Response) -> str:
    """Whatever the answer is, it says what browsers may do; what it shows is never kept."""
    for name, begins in HEADERS.items():
        assert answer.headers.get(name, "").startswith(begins), f"{path}: {name}"
    kind = answer.headers.get("content-type", "")
    if kind.startswith(("text/html", "text/csv", "application/x-ndjson", "text/event-stream")):
        assert answer.headers.get("cache-control") == "no-store", path
    if answer.status_code == 303:
        return "sign-in" if answer.headers["location"].startswith("/sign-in?") else "in"
    if answer.status_code in (401, 403, 404):
        return str(answer.status_code)
    assert answer.status_code < 500, f"{path}: {answer.status_code} {answer.text[:300]}"
    return "in"
