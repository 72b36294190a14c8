"""A real Kafka and a real Redis for the tests that need them, started once and stopped at the end.

`KAFKA_BOOTSTRAP` and `REDIS_URL`, when given, are used instead.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka
from services.local.kafka_jars import fetch_jars
from services.local.places import free_port
from services.local.redis_server import RedisServer, find_redis
from tests.oracles.summary import (
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.servers import KafkaProcess, RedisProcess

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]


@pytest.fixture(scope="session")
def process_guard() -> Iterator[Guard]:
    """Ends every process that it was told of when the tests end, however they end."""
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def kafka_bootstrap(
    process_guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the one Kafka of this run: tests use topics or trials of their own."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    kafka = _kafka(tmp_path_factory.mktemp("kafka"), process_guard)
    kafka.start()
    yield kafka.bootstrap
    kafka.stop()


@pytest.fixture(scope="session")
def redis_url(process_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the one Redis of this run: tests use trials of their own."""
    if given := os.environ.get("REDIS_URL"):
        yield given
        return
    redis = _redis(tmp_path_factory.mktemp("redis"), process_guard)
    redis.start()
    yield redis.url
    redis.stop()


@pytest.fixture
def kafka_process(
    process_guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], KafkaProcess]]:
    """Each call starts a Kafka that is this test's alone."""
    started: list[KafkaProcess] = []

    def start() -> KafkaProcess:
        kafka = _kafka(tmp_path_factory.mktemp("own-kafka"), process_guard)
        started.append(kafka)
        kafka.start()
        return kafka

    yield start
    for kafka in started:
        kafka.stop()


@pytest.fixture
def redis_process(
    process_guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], RedisProcess]]:
    """Each call starts a Redis that is this test's alone."""
    started: list[RedisProcess] = []

    def start() -> RedisProcess:
        redis = _redis(tmp_path_factory.mktemp("own-redis"), process_guard)
        started.append(redis)
        redis.start()
        return redis

    yield start
    for redis in started:
        redis.stop()


def _kafka(folder: Path, guard: Guard) -> KafkaProcess:
    port = free_port()
    server = Kafka(folder, fetch_jars(), find_java(), port, free_port(taken=[port]))
    return KafkaProcess(server, guard)


def _redis(folder: Path, guard: Guard) -> RedisProcess:
    return RedisProcess(RedisServer(folder, find_redis(), free_port()), guard)
