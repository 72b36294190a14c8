"""Owners on real topics, each test with trials of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from streams.ports import Rules
from streams.settings import Settings
from streams.topics import create
from tests.streams.counting import COUNTING
from tests.streams.stage import Owner

NewOwner = Callable[..., Awaitable[Owner]]


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
def trial() -> str:
    return f"T-{uuid4()}"
