"""An API over ports in memory, people of every role, an open trial; and the API as a process."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from services.api.app import build_app
from services.api.examples import FORM
from services.local.places import free_port
from services.settings import ApiSettings
from streams.settings import Settings
from tests.protocols.build import protocol_text
from tests.services.memory import Memory
from tests.services.processes import ApiProcess
from tests.streams.workers import WorkerProcess

PEOPLE: dict[str, dict[str, Any]] = {
    "token-s1": {"id": "nurse-1", "role": "site", "sites": ["S1"]},
    "token-s2": {"id": "nurse-2", "role": "site", "sites": ["S2"]},
    "token-doctor": {"id": "doctor-1", "role": "investigator", "sites": ["S1"]},
    "token-s12": {"id": "nurse-12", "role": "site", "sites": ["S1", "S2"]},
    "token-centre": {"id": "centre-1", "role": "coordinator", "sites": ["*"]},
    "token-reviewer": {"id": "reviewer-1", "role": "reviewer", "sites": ["*"]},
    "token-auditor": {"id": "auditor-1", "role": "auditor", "sites": ["*"]},
    "token-service": {"id": "service-1", "role": "service", "sites": ["*"]},
}
MEANING = {"meaning": "I sign."}


def form(subject: str = "S1-001", site: str = "S1", **changes: Any) -> dict[str, Any]:
    """An eligible form."""
    return FORM | {"subject_id": subject, "site_id": site} | changes


@dataclass
class Caller:
    """Speaks HTTP for somebody; every write gets a key of its own unless told."""

    http: httpx2.AsyncClient
    keys: "count[int]" = field(default_factory=count)

    async def post(
        self,
        path: str,
        body: Any,
        by: str = "token-s1",
        *,
        key: str | None = None,
        wait: int = 5,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        sent = {
            "Authorization": f"Bearer {by}",
            "Idempotency-Key": key or f"key-{next(self.keys)}",
            "Content-Type": "application/json",
            **({"Prefer": f"wait={wait}"} if wait else {}),
            **(headers or {}),
        }
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(f"/v1/trials/T1{path}", content=content, headers=sent)

    async def get(self, path: str, by: str = "token-centre", /, **params: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {by}"}
        return await self.http.get(path, headers=headers, params=params or None)

    async def open_trial(self, text: str | None = None, clock: str = "simulated") -> None:
        """Adopted, sites S1 and S2 activated, opened."""
        text = text or protocol_text()
        wishes = [
            ("/protocol", {"text": text, "clock": clock, **MEANING}),
            ("/sites", {"site_id": "S1", "protocol_version": "1.0", "approved_on": "2027-01-15"}),
            ("/sites", {"site_id": "S2", "protocol_version": "1.0", "approved_on": "2027-01-15"}),
            ("/activation", MEANING),
        ]
        for path, body in wishes:
            answer = await self.post(path, body, "token-centre")
            assert answer.json()["outcome"] == "recorded", answer.text


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps(PEOPLE))
    return path


@pytest.fixture
def settings(token_file: Path) -> ApiSettings:
    return ApiSettings(token_file=token_file)


@pytest.fixture
def app(memory: Memory, settings: ApiSettings) -> FastAPI:
    return build_app(memory.ports(), settings)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[Caller]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
        yield Caller(http)


@pytest.fixture
async def trial(api: Caller) -> Caller:
    """The same, with the trial T1 open."""
    await api.open_trial()
    return api


@pytest.fixture
def processes(
    streams: Settings, token_file: Path, tmp_path: Path
) -> Iterator[tuple[WorkerProcess, ApiProcess]]:
    """A worker and an API on the test's own `streams`, both started, both gone at the end."""
    worker = WorkerProcess(streams, tmp_path / "worker.log").start()
    api = ApiProcess(streams, token_file, tmp_path / "api.log", free_port()).start()
    yield worker, api
    api.kill()
    worker.kill()
