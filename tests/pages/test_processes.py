"""Two real web processes on a real Kafka and Redis: one session, one record, no token file."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from services.local.places import free_port
from services.signin.clerk import clerk
from services.signin.events import PasswordSet
from services.signin.second_factor import make_keys
from streams.settings import Settings
from streams.topics import create
from tests.pages.conftest import HASH, Browser
from tests.streams.workers import ROOT, as_environment

SECONDS = 60


@asynccontextmanager
async def web(settings: Settings, folder: Path) -> AsyncIterator[Browser]:
    """A browser at a web process of its own, once that lets people in."""
    port = free_port()
    key = folder / "secret.key"
    if not key.exists():
        make_keys(key)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    environment |= as_environment(settings)
    environment |= {"HOLDFAST_API_PORT": str(port), "HOLDFAST_SECRET_FILE": str(key)}
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.api"], cwd=ROOT, env=environment, stderr=output
        )
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            async with asyncio.timeout(SECONDS):
                while not await _lets_in(http):
                    assert process.poll() is None, log.read_text()
                    await asyncio.sleep(0.1)
            yield Browser(http)
    finally:
        process.kill()
        process.wait()


async def _lets_in(http: httpx2.AsyncClient) -> bool:
    try:
        ready = (await http.get("/ready")).status_code == 200
        return ready and "still being loaded" not in (await http.get("/sign-in")).text
    except httpx2.TransportError:
        return False


async def until(browser: Browser, path: str, status: int) -> None:
    """Another process is told within moments."""
    async with asyncio.timeout(SECONDS):
        while (await browser.get(path)).status_code != status:
            await asyncio.sleep(0.05)


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str) -> Settings:
    made = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url)
    await create(made)
    return made


async def test_a_session_and_its_end_count_in_every_process(
    settings: Settings, tmp_path: Path
) -> None:
    names = {role: f"{role}-{uuid4().hex[:8]}" for role in ("administrator", "auditor")}
    ids = {}
    async with clerk(settings) as desk:
        for role, name in names.items():
            account, _ = await desk.open_account("system", name, role.title(), password=False)
            ids[role] = account.account_id
            facts = {"account_id": account.account_id, "hash": HASH, "must_change": False}
            await desk.keep(PasswordSet, "system", **facts)
        await desk.grant("system", ids["administrator"], "administrator")
        await desk.grant("system", ids["auditor"], "auditor")
    async with web(settings, tmp_path) as one, web(settings, tmp_path) as other:
        assert (await one.sign_in(names["auditor"])).status_code == 303
        cookie = one.http.cookies["holdfast"]
        other.http.cookies.set("holdfast", cookie)
        assert (await other.get("/account")).status_code == 200
        assert (await other.get("/accounts/rights")).status_code == 200

        # What one process does to an account counts in the other.
        assert (await one.sign_in(names["administrator"])).status_code == 303
        csrf = await one.csrf()
        auditor = f"/accounts/{ids['auditor']}"
        page = (await one.get(auditor)).text
        grant = page.split(f'action="{auditor}/rights/')[1].split("/")[0]
        form = {"csrf": csrf, f"revoke-{grant}": "No longer needed."}
        assert (await one.post(f"{auditor}/rights/{grant}/revoke", form)).status_code == 303
        await until(other, "/accounts/rights", 403)
        assert (await other.get("/account")).status_code == 200

        form = {"csrf": csrf, "close_reason": "Left."}
        assert (await one.post(f"{auditor}/close", form)).status_code == 303
        await until(other, "/account", 303)
        assert (await other.sign_in(names["auditor"])).status_code == 403

        # Tries are counted for all processes together.
        for number in range(8):
            await (one, other)[number % 2].sign_in(names["administrator"], "a wrong password")
        assert "Too many tries" in (await other.sign_in(names["administrator"])).text
