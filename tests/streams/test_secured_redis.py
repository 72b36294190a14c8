"""Redis that asks who we are: a real server, our own client, and no more than needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import AuthenticationError, ConnectionError, NoPermissionError

from services.local.places import LOOPBACK
from streams.chain import Tip
from streams.read_side import ReadSide, Reply
from streams.rebuild import Asked, Progress, Requests
from streams.redis_client import check_redis, redis_client
from streams.settings import Settings
from tests.servers import RedisProcess
from tests.streams.certificates import Authority
from tests.streams.entries import chain, publication
from tests.streams.secured import only_our_users, with_tls


@pytest.fixture
def redis(redis_process: Callable[[], RedisProcess]) -> RedisProcess:
    return only_our_users(redis_process())


async def test_a_redis_user_may_do_what_holdfast_does_and_nothing_else(redis: RedisProcess) -> None:
    def settings(password: str) -> Settings:
        user = {"redis_username": "holdfast", "redis_password": password}
        return Settings(kafka_bootstrap="none:1", redis_url=redis.url, **user)  # type: ignore[arg-type]

    client = redis_client(settings("of-redis"))
    await check_redis(client, settings("of-redis"))
    for forbidden in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("GET", "other")):
        with pytest.raises(NoPermissionError):
            await client.execute_command(*forbidden)
    # What the worker in `test_secured` had no cause to do.
    read_side = ReadSide(client)
    await read_side.load_functions()
    entries = chain("T", [1, 2])
    assert await read_side.publish([publication("T", entries)], [(0, "T")]) == [Reply.OK]
    rebuild = Requests(client)
    await rebuild.ask(0, Asked("R1", "T"))
    await rebuild.tell(0, Progress("R1", "done", 1, 1))
    assert await read_side.place("T", Tip(1, entries[1].hash), 11, 11) == Reply.OK
    await read_side.quarantine(0, "T")
    await client.aclose()
    stranger = redis_client(settings("wrong"))
    with pytest.raises(AuthenticationError):
        await stranger.ping()
    await stranger.aclose()


async def test_redis_is_asked_by_tls_with_our_certificate_and_only_if_its_own_is_right(
    redis: RedisProcess, tmp_path: Path
) -> None:
    authority = Authority.new(tmp_path / "authority")
    ours = authority.sign("worker")
    async with with_tls(authority, redis.server.port) as place:
        right: dict[str, Any] = {
            "kafka_bootstrap": "none:1",
            "redis_url": f"rediss://{place}",
            "redis_username": "holdfast",
            "redis_password": "of-redis",
            "redis_ca_file": authority.certificate,
            "redis_cert_file": ours.certificate,
            "redis_key_file": ours.key,
        }
        await asked(Settings(**right))
        for wrong in (
            {"redis_ca_file": None},
            {"redis_cert_file": None, "redis_key_file": None},
            {"redis_url": f"rediss://{place.replace(LOOPBACK, 'localhost')}"},
        ):
            with pytest.raises(ConnectionError):
                await asked(Settings(**right | wrong))


async def asked(settings: Settings) -> None:
    client = redis_client(settings)
    try:
        await check_redis(client, settings)
    finally:
        await client.aclose()
