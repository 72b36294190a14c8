"""Owners on real topics, each test with trials of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from streams.export import write
from streams.ports import Rules
from streams.record import Record
from streams.redis_client import Client as Redis
from streams.redis_client import redis_client
from streams.settings import Settings
from streams.topics import create
from tests.streams.counting import COUNTING
from tests.streams.stage import Owner
from tests.streams.told import story_records
from tests.streams.workers import Client, WorkerProcess

NewOwner = Callable[..., Awaitable[Owner]]
NewWorker = Callable[..., WorkerProcess]


@pytest.fixture(autouse=True)
def _only_the_settings_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str) -> Settings:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url)
    await create(settings)
    return settings


@pytest.fixture
async def new_owner(settings: Settings) -> AsyncIterator[NewOwner]:
    """Each call starts another owner; all are stopped at the end."""
    owners: list[Owner] = []

    async def start(rules: Rules = COUNTING, of: Settings = settings) -> Owner:
        owner = await Owner(of, rules).start()
        owners.append(owner)
        return owner

    yield start
    for owner in owners:
        await owner.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(Settings(kafka_bootstrap="none:1", redis_url=redis_url))
    yield client
    await client.aclose()


@pytest.fixture
def trial() -> str:
    return f"T-{uuid4()}"


@pytest.fixture
async def owner(new_owner: NewOwner, trial: str) -> Owner:
    """The first owner of the test's trial."""
    owner = await new_owner()
    owner.own(trial)
    return owner


@pytest.fixture
def new_worker(settings: Settings, tmp_path: Path) -> Iterator[NewWorker]:
    """Each call starts another worker, with these `HOLDFAST_...` settings; the test ends all."""
    started: list[WorkerProcess] = []

    def start(**more: str) -> WorkerProcess:
        named = {f"HOLDFAST_{name}": value for name, value in more.items()}
        log = tmp_path / f"worker-{len(started)}.log"
        worker = WorkerProcess(settings, log, more=named).start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    client = await Client(settings, f"T-{uuid4()}").start()
    yield client
    await client.stop()


@pytest.fixture(scope="session")
def records() -> tuple[Record, ...]:
    """Of the story of the demo."""
    return story_records()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, records: tuple[Record, ...]) -> Path:
    """Its export; a test that changes it changes a copy."""
    file = tmp_path_factory.mktemp("export") / "whole.ndjson"
    write(file, records[0].trial_id, records)
    return file
