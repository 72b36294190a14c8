"""The local Kafka and Redis are real: they keep what they acknowledged, also over a `kill -9`."""

from collections.abc import Callable
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis

from tests.servers import KafkaProcess, RedisProcess


async def test_kafka_has_its_messages_after_it_was_killed_and_started_again(
    kafka_process: Callable[[], KafkaProcess],
) -> None:
    kafka = kafka_process()
    await _create_topic(kafka.bootstrap, "kept")
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
        await producer.send_and_wait("kept", b"before the kill", partition=0)
    kafka.kill()
    kafka.start()
    assert await _first_message(kafka.bootstrap, "kept") == b"before the kill"


async def test_the_kafka_of_the_run_makes_no_topic_by_itself(kafka_bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.describe_topics(["never-made"])
        assert "never-made" not in await admin.list_topics()
    finally:
        await admin.close()


def test_redis_has_its_keys_after_it_was_killed_and_started_again(
    redis_process: Callable[[], RedisProcess],
) -> None:
    redis = redis_process()
    with Redis.from_url(redis.url) as client:
        client.set("kept", "before the kill")
    redis.kill()
    redis.start()
    with Redis.from_url(redis.url) as client:
        assert client.get("kept") == b"before the kill"


def test_redis_can_be_rolled_back_to_an_older_copy_of_its_data(
    redis_process: Callable[[], RedisProcess], tmp_path: Path
) -> None:
    redis = redis_process()
    with Redis.from_url(redis.url) as client:
        client.set("value", "old")
        redis.copy_data(tmp_path / "copy")
        client.set("value", "new")
    redis.kill()
    redis.restore_data(tmp_path / "copy")
    redis.start()
    with Redis.from_url(redis.url) as client:
        assert client.get("value") == b"old"


def test_redis_flushes_every_write_before_it_answers(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.config_get("append*") == {
            "appendonly": "yes",
            "appendfsync": "always",
            "appendfilename": "appendonly.aof",
            "appenddirname": "appendonlydir",
        }


async def _create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"flush.messages": "1"}
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])
    finally:
        await admin.close()


async def _first_message(bootstrap: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return bytes((await consumer.getone()).value)
    finally:
        await consumer.stop()
