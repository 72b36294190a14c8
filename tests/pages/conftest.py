"""Pages over ports in memory, and people of every role who can sign in."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from fastapi import FastAPI

from services.api.app import build_app
from services.pages.app import ForPeople
from services.pages.drafts import Drafts
from services.pages.laboratories import Laboratories
from services.pages.practice_clock import PracticeClocks
from services.settings import ApiSettings
from services.signin import passwords
from services.signin.events import AccessRole, PasswordSet
from services.signin.people import Account, People
from services.signin.ports import SigninPorts
from services.signin.settings import SigninSettings
from services.signin.signin import Signin
from tests.pages.memory import MemoryKept, MemorySessions
from tests.pages.world import STEPS_TOLD, play
from tests.services.conftest import PEOPLE
from tests.services.memory import NOW, Memory

ADDRESS = "http://pages.test"
PASSWORD = "correct horse battery staple"
PROVIDER = {"oidc_issuer": "https://login.test/x", "oidc_client_id": "holdfast"}
Staff = dict[str, Account]
"""The accounts of `STAFF`, by name."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=256, parallelism=1)
"""Passwords are slow to check by intention; hundreds of tests need not wait for that."""
HASH = CHEAP.hash(PASSWORD)
STAFF: dict[str, tuple[AccessRole, tuple[str, ...]]] = {
    "nurse": ("site", ("S1",)),
    "other-nurse": ("site", ("S2",)),
    "investigator": ("investigator", ("S1",)),
    "coordinator": ("coordinator", ("*",)),
    "reviewer": ("reviewer", ("*",)),
    "auditor": ("auditor", ("*",)),
    "administrator": ("administrator", ("*",)),
}


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def pass_on(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Browser:
    """One browser: follows redirects only when told, and fills in what a form of a page has."""

    http: httpx2.AsyncClient
    headers: dict[str, str] = field(
        default_factory=lambda: {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    )

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.http.get(path, params=params or None, headers=self.headers)

    async def post(self, path: str, data: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.http.post(path, data=data, headers={**self.headers, **headers})

    async def csrf(self, path: str = "/account/password") -> str:
        """The token that stands in the forms of this session."""
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.get(path)).text)
        assert found, f"no form at {path}"
        return found[1]

    async def sign_in(self, name: str, password: str = PASSWORD, code: str = "") -> httpx2.Response:
        return await self.post("/sign-in", {"sign_in": name, "password": password, "code": code})


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP.hash("nobody has this password"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def signin_settings(tmp_path: Path) -> SigninSettings:
    key = tmp_path / "secret.key"
    key.write_bytes(Fernet.generate_key())
    return SigninSettings(web_address=ADDRESS, secret_file=key)


@pytest.fixture
def signin(clock: Clock, signin_settings: SigninSettings) -> Signin:
    people = People()
    ports = SigninPorts(MemoryKept.of(people), MemorySessions(clock))
    return Signin(people, ports, signin_settings, clock)


@pytest.fixture
async def staff(signin: Signin) -> Staff:
    """An account for each of `STAFF`, whose password is `PASSWORD`."""
    for name, (role, sites) in STAFF.items():
        printed = f"{name} (printed)".title()
        account, _ = await signin.desk.open_account("system", name, printed, password=False)
        facts = {"account_id": account.account_id, "hash": HASH, "must_change": False}
        await signin.desk.keep(PasswordSet, "system", **facts)
        await signin.desk.grant("system", account.account_id, role, "*", sites)
    by_name = {account.sign_in: account for account in signin.people.accounts.values()}
    return {name: by_name[name] for name in STAFF}


@pytest.fixture
def app(memory: Memory, signin: Signin, tmp_path: Path) -> FastAPI:
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps(PEOPLE))
    drafts = Drafts(signin.now)
    drafts.use(MemoryKept(drafts.apply))
    laboratories = Laboratories(signin.now)
    laboratories.use(MemoryKept(lambda key, value: laboratories.apply(value or b"")))
    clocks = PracticeClocks(signin.now)
    clocks.use(MemoryKept(lambda key, value: clocks.apply(value or b"")))
    people = ForPeople(signin, drafts, laboratories, clocks)
    return build_app(memory.ports(), ApiSettings(token_file=tokens), people=people)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    """Nobody is signed in."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        yield Browser(http)


@pytest.fixture
async def nurse(browser: Browser, staff: Staff, memory: Memory) -> Browser:
    """Signed in where the story stands after `STEPS_TOLD`."""
    play(memory, STEPS_TOLD)
    await browser.sign_in("nurse")
    return browser
