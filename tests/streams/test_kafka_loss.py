"""A worker on a Kafka of its own: waits for it, notices when it is gone, refuses what is newer."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from enrollment.canonical import canonical
from streams.kafka import Outgoing, Producer
from streams.numbers import number_of
from streams.partition import partition_of
from streams.settings import Settings
from streams.topics import LOG, TOPICS, WEB_DRAFTS, WEB_RECORD, TopicsError, check, create
from tests.servers import KafkaProcess
from tests.streams.workers import Client, WorkerProcess, form


@pytest.fixture
def kafka(kafka_process: Callable[[], KafkaProcess]) -> KafkaProcess:
    return kafka_process()


@pytest.fixture
def own_settings(kafka: KafkaProcess, redis_url: str) -> Settings:
    return Settings(kafka_bootstrap=kafka.bootstrap, redis_url=redis_url)


@pytest.fixture
def worker(own_settings: Settings, tmp_path: Path) -> Iterator[WorkerProcess]:
    """Not started yet."""
    worker = WorkerProcess(own_settings, tmp_path / "worker.log")
    yield worker
    if hasattr(worker, "process"):
        worker.kill()


async def test_topics_are_made_checked_and_set_right(own_settings: Settings) -> None:
    with pytest.raises(
        TopicsError, match=r"trial\.log does not exist: run `holdfast topics create`"
    ):
        await check(own_settings)
    counts = {topic: 1 if topic in (WEB_RECORD, WEB_DRAFTS) else 8 for topic in TOPICS}
    assert await create(own_settings) == [
        f"{topic}: created, {number_of(count, 'partition')}" for topic, count in counts.items()
    ]
    await check(own_settings)
    assert await create(own_settings) == [f"{topic}: as it should be" for topic in TOPICS]

    loose = own_settings.model_copy(update={"flush_every_message": False})
    await check(loose)
    fewer = own_settings.model_copy(update={"partitions": 4})
    with pytest.raises(TopicsError, match="set HOLDFAST_PARTITIONS=8"):
        await check(fewer)
    with pytest.raises(TopicsError, match="fixed for life"):
        await create(fewer)


async def test_a_worker_is_not_ready_while_kafka_is_gone_and_goes_on_when_it_is_back(
    kafka: KafkaProcess, own_settings: Settings, worker: WorkerProcess
) -> None:
    await create(own_settings)
    kafka.kill()
    worker.start()
    while await asyncio.to_thread(worker.status, "/live") != 200:
        await asyncio.sleep(0.1)
    assert await asyncio.to_thread(worker.status, "/ready") == 503
    kafka.start()
    await worker.ready()
    client = await Client(own_settings, f"T-{uuid4()}").start()
    await client.open()

    kafka.kill()
    await worker.not_ready()
    kafka.start()
    await worker.ready()
    await client.stop()
    client = await Client(own_settings, client.trial).start()
    assert (await client.ask("form P-1", form("P-1"))).answer.outcome == "slot_reserved"
    await client.stop()
    assert await worker.stop() == 0


async def test_a_higher_format_in_the_log_ends_the_worker_with_the_mend(
    own_settings: Settings, worker: WorkerProcess
) -> None:
    await create(own_settings)
    producer = Producer(own_settings)
    await producer.start()
    trial = f"T-{uuid4()}"
    partition = partition_of(trial, own_settings.partitions)
    newer = canonical({"format": 2, "trial": trial})
    await producer.send_all([Outgoing(LOG, partition, trial.encode(), newer)])
    await producer.stop()
    worker.start()
    assert await worker.ended() == 78
    assert "update every worker" in worker.log.read_text()
