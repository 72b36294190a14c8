"""Tokens of service accounts at the API: rights by trial and site, as they are at this moment."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from services.api.identity import Submission
from services.api.writes import WRITES
from services.signin.desk import RefusedError
from services.signin.events import AccessRole
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS, Browser, Clock
from tests.services.conftest import Caller, form
from tests.services.live import serving
from tests.services.memory import Memory

BOARD = "/v1/trials/T1/board"


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[Caller]:
    """With the trial T1 open, and one subject at each of its two sites."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        caller = Caller(http)
        await caller.open_trial()
        for site in ("S1", "S2"):
            await caller.post("/forms", form(f"{site}-1", site), f"token-{site.lower()}", key=site)
        yield caller


async def service(
    signin: Signin, role: AccessRole, trial_id: str = "T1", sites: tuple[str, ...] = ("*",)
) -> tuple[str, str, str]:
    """A service with one right: the ids of account and right, and its token."""
    name = f"service-{len(signin.people.accounts)}"
    account, _ = await signin.desk.open_account("system", name, "A program", "service")
    grant_id = await signin.desk.grant("system", account.account_id, role, trial_id, sites)
    token = await signin.desk.issue_token("system", account.account_id, "for the tests")
    return account.account_id, grant_id, token


async def last_event(api: Caller) -> str:
    events = (await api.get("/v1/trials/T1/events")).json()["items"]
    return str(events[-1]["sequence"]).lstrip("0")


async def status(api: Caller, path: str, token: str) -> int:
    return (await api.get(path, token)).status_code


async def test_a_token_opens_what_its_account_may_do_in_the_trial(
    api: Caller, signin: Signin
) -> None:
    _, _, auditor = await service(signin, "auditor")
    _, _, follower = await service(signin, "service")
    assert await status(api, BOARD, auditor) == 200
    assert await status(api, BOARD, follower) == 403
    assert await status(api, "/v1/trials/T1/events", follower) == 200


async def test_a_site_token_sees_and_writes_for_its_own_site_only(
    api: Caller, signin: Signin, memory: Memory
) -> None:
    _, _, token = await service(signin, "site", sites=("S1",))
    shown = (await api.get("/v1/trials/T1/subjects", token)).json()["items"]
    assert [subject["subject_id"] for subject in shown] == ["S1-1"]
    assert await status(api, "/v1/trials/T1/subjects/S2-1", token) == 404
    assert (await api.post("/forms", form("S1-2", "S1"), token)).status_code == 200
    sent = len(memory.sent)
    assert (await api.post("/forms", form("S2-2", "S2"), token)).status_code == 403
    assert len(memory.sent) == sent
    assert memory.sent[-1].actor.id.startswith("a-")


async def test_a_right_in_one_trial_is_none_in_another(
    api: Caller, signin: Signin, memory: Memory
) -> None:
    memory.trials["T2"] = memory.trials["T1"]
    _, _, token = await service(signin, "auditor", "T2")
    assert await status(api, BOARD, token) == 403
    assert await status(api, "/v1/trials/T3/board", token) == 403
    assert await status(api, "/v1/trials/T2/board", token) == 200
    listed = (await api.get("/v1/trials", token)).json()["items"]
    assert listed == [{"trial_id": "T2"}]
    assert len((await api.get("/v1/trials", "token-auditor")).json()["items"]) == 2
    own = Submission("T1", "S1", "S1").location
    assert await status(api, own, token) == 403
    assert await status(api, own, "token-auditor") == 200


async def test_what_is_taken_back_is_gone_with_the_next_request(
    api: Caller, signin: Signin
) -> None:
    desk = signin.desk
    account_id, _, token = await service(signin, "auditor")
    issued = signin.people.accounts[account_id].tokens[0]
    assert await status(api, BOARD, token) == 200
    await desk.revoke_token("system", issued.token_id, "It was lost.")
    assert await status(api, BOARD, token) == 401

    account_id, grant_id, token = await service(signin, "auditor")
    await desk.revoke("system", grant_id, "No longer needed.")
    assert await status(api, BOARD, token) == 403
    assert await status(api, "/v1/trials", token) == 403

    account_id, _, token = await service(signin, "auditor")
    await desk.close("system", account_id, "No longer needed.")
    assert await status(api, BOARD, token) == 401
    await desk.reopen("system", account_id, "Needed again.")
    assert await status(api, BOARD, token) == 200


SIGNED = [write for write in WRITES if "signed" in write.summary or "Sign" in write.summary]


@pytest.mark.parametrize("write", SIGNED, ids=[write.name for write in SIGNED])
async def test_no_token_signs(api: Caller, signin: Signin, memory: Memory, write: Any) -> None:
    _, _, token = await service(signin, "coordinator")
    sent = len(memory.sent)
    path = write.path.replace("{subject_id}", "S1-1")
    answer = await api.post(path, write.example, token)
    assert answer.status_code == 403
    assert len(memory.sent) == sent


@pytest.mark.parametrize("role", ["administrator", "reviewer", "investigator"])
async def test_no_service_gets_a_role_that_signs_or_administers(
    signin: Signin, role: AccessRole
) -> None:
    with pytest.raises(RefusedError, match="for people"):
        await service(signin, role, sites=("S1",))


async def test_a_service_has_one_role_in_each_trial(signin: Signin) -> None:
    account_id, _, _ = await service(signin, "site", "T1", ("S1",))
    await signin.desk.grant("system", account_id, "site", "T1", ("S2",))
    await signin.desk.grant("system", account_id, "auditor", "T2")
    for trial_id in ("T1", "*"):
        with pytest.raises(RefusedError, match="one role"):
            await signin.desk.grant("system", account_id, "auditor", trial_id)


async def test_without_the_record_of_accounts_only_the_files_tokens_are_known(
    api: Caller, signin: Signin
) -> None:
    _, _, token = await service(signin, "auditor")
    signin.desk._record.up = False  # type: ignore[attr-defined]
    assert await status(api, BOARD, token) == 503
    assert await status(api, BOARD, "token-auditor") == 200


async def test_a_live_stream_ends_when_the_right_is_taken_back(
    app: FastAPI, api: Caller, signin: Signin
) -> None:
    _, grant_id, token = await service(signin, "service")
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=20) as http:
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/v1/trials/T1/events/stream?after={await last_event(api)}"
        async with http.stream("GET", path, headers=headers) as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            await signin.desk.revoke("system", grant_id, "No longer needed.")
            await api.post("/forms", form("S1-9", "S1"), "token-s1")
            async with asyncio.timeout(10):
                rest = [line async for line in lines]
            assert [line for line in rest if line.startswith("data:")] == []
        assert (await http.get(path, headers=headers)).status_code == 403


async def test_a_stream_of_the_files_token_ends_with_the_token(
    app: FastAPI, api: Caller, tmp_path: Any
) -> None:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=20) as http:
        headers = {"Authorization": "Bearer token-service"}
        path = f"/v1/trials/T1/events/stream?after={await last_event(api)}"
        async with http.stream("GET", path, headers=headers) as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            (tmp_path / "tokens.json").write_text(
                json.dumps({"token-s1": {"id": "nurse-1", "role": "site", "sites": ["S1"]}})
            )
            await api.post("/forms", form("S1-9", "S1"), "token-s1")
            async with asyncio.timeout(10):
                rest = [line async for line in lines]
            assert [line for line in rest if line.startswith("data:")] == []


async def test_a_live_page_ends_when_its_viewer_signs_out(
    app: FastAPI, api: Caller, staff: Any, signin: Signin, clock: Clock
) -> None:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=20) as http:
        browser = Browser(http)
        await browser.sign_in("coordinator")
        csrf = await browser.csrf()
        async with http.stream("GET", "/trials/T1/board/live?seen=1000") as response:
            assert response.status_code == 200
            lines = response.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            clock.pass_on(seconds=1)
            await browser.post("/sign-out", {"csrf": csrf})
            await api.post("/forms", form("S1-9", "S1"), "token-s1")
            async with asyncio.timeout(10):
                rest = [line async for line in lines]
            assert [line for line in rest if line.startswith("data:")] == []
