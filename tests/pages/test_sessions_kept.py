"""Where sessions are kept: the store in Redis and the one of the tests promise the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.api.ports import UnavailableError
from services.signin.ports import Session, Sessions
from services.signin.redis_sessions import RedisSessions
from streams.redis_client import redis_client
from streams.settings import Settings
from tests.pages.memory import MemorySessions

AT = datetime(2027, 3, 24, 15, tzinfo=UTC)
SESSION = Session(account_id="a-1", csrf="c", began_at=AT, seen_at=AT, proved_at=AT, how="password")


def settings(redis_url: str) -> Settings:
    return Settings(kafka_bootstrap="localhost:1", redis_url=redis_url)


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Sessions]:
    if request.param == "memory":
        yield MemorySessions(lambda: datetime.now(UTC))
        return
    redis = redis_client(settings(request.getfixturevalue("redis_url")))
    yield RedisSessions(redis)
    await redis.aclose()


async def test_a_session_is_read_as_it_was_written_until_it_is_dropped(store: Sessions) -> None:
    name = uuid4().hex
    assert await store.read(name) is None
    await store.write(name, SESSION, 60)
    assert await store.read(name) == SESSION
    await store.drop(name)
    assert await store.read(name) is None


async def test_a_session_that_ended_is_not_begun_again_by_a_request_on_its_way(
    store: Sessions,
) -> None:
    name = uuid4().hex
    later = SESSION.model_copy(update={"seen_at": AT.replace(hour=16)})
    await store.write(name, SESSION, 60)
    await store.renew(name, later, 60)
    assert await store.read(name) == later
    await store.drop(name)
    await store.renew(name, later, 60)
    assert await store.read(name) is None


async def test_what_is_held_is_taken_by_one_caller_only(store: Sessions) -> None:
    name = uuid4().hex
    await store.hold(name, b"begun", 60)
    assert await store.held(name) == b"begun"
    assert [await store.take(name), await store.take(name)] == [b"begun", None]


async def test_once_is_once_and_tries_are_counted_until_forgotten(store: Sessions) -> None:
    name = uuid4().hex
    assert [await store.take_once(name, 60) for _ in range(2)] == [True, False]
    assert [await store.hit(name, 2, 60) for _ in range(3)] == [True, True, False]
    await store.forget(name)
    assert await store.hit(name, 2, 60)


async def test_a_try_that_came_right_is_not_held_against_anybody(store: Sessions) -> None:
    name = uuid4().hex
    for _ in range(5):
        assert await store.hit(name, 2, 60)
        await store.pardon(name)
    assert [await store.hit(name, 2, 60) for _ in range(3)] == [True, True, False]
    await store.pardon(uuid4().hex)


async def test_a_store_that_is_away_is_unavailable_and_lets_nobody_in() -> None:
    redis = redis_client(settings("redis://127.0.0.1:1/0"))
    store = RedisSessions(redis)
    with pytest.raises(UnavailableError):
        await store.read("x")
    with pytest.raises(UnavailableError):
        await store.hit("x", 1, 1)
    await redis.aclose()
