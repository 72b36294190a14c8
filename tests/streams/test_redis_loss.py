"""A running worker whose Redis is stopped, emptied, or put back to an old copy."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.read_side import ReadSide
from streams.redis_client import redis_client
from streams.settings import Settings
from tests.servers import RedisProcess
from tests.streams.stage import accepted, published
from tests.streams.workers import Client, WorkerProcess, form


@pytest.fixture
def redis(redis_process: Callable[[], RedisProcess]) -> RedisProcess:
    """One that this test may lose."""
    return redis_process()


@pytest.fixture
def own_settings(settings: Settings, redis: RedisProcess) -> Settings:
    return settings.model_copy(update={"redis_url": redis.url})


@pytest.fixture
def worker(own_settings: Settings, tmp_path: Path) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(own_settings, tmp_path / "worker.log").start()
    yield worker
    worker.kill()


@pytest.fixture
async def client(own_settings: Settings) -> AsyncIterator[Client]:
    client = await Client(own_settings, f"T-{uuid4()}").start()
    yield client
    await client.stop()


async def forms(client: Client, numbers: range) -> list[UUID]:
    return [await client.send(f"form {n}", form(f"P-{n}")) for n in numbers]


async def answered(client: Client, command_ids: list[UUID]) -> None:
    for command_id in command_ids:
        while await client.follower.wait_for(client.trial, command_id, 30) is None:
            pass


async def agreed(client: Client) -> list[str]:
    """Waits until Redis shows the accepted chain; the commands in it, each once."""
    reader, redis = LogReader(client.settings), redis_client(client.settings)
    await reader.start()
    chain = await accepted(
        reader, partition_of(client.trial, client.settings.partitions), client.trial
    )
    while await published(ReadSide(redis), client.trial) != [record.stored for record in chain]:
        await asyncio.sleep(0.1)
    await reader.stop()
    await redis.aclose()
    ids = [str(record.content.command_id) for record in chain]
    assert len(ids) == len(set(ids)), "a command was decided twice"
    return ids


async def test_a_redis_emptied_and_then_rolled_back_while_running_is_made_right(
    worker: WorkerProcess, client: Client, redis: RedisProcess, tmp_path: Path
) -> None:
    sent = await client.send_opening()
    sent += await forms(client, range(6))
    await answered(client, sent)
    redis.copy_data(tmp_path / "old copy")

    redis.stop()
    await worker.not_ready()
    sent += await forms(client, range(6, 9))
    redis.empty()
    redis.start()
    await worker.ready()
    await answered(client, sent)
    assert await agreed(client) == [str(command_id) for command_id in sent]

    redis.kill()
    redis.restore_data(tmp_path / "old copy")
    redis.start()
    sent += await forms(client, range(9, 12))
    await answered(client, sent)
    assert await agreed(client) == [str(command_id) for command_id in sent]
    fold = await client.follower.trial(client.trial)
    assert fold is not None
    assert sorted(fold.subjects) == sorted(f"P-{n}" for n in range(12))
