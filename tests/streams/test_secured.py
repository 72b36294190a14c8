"""Kafka that asks who we are: a real broker, our own clients, and no more than needed."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError
from redis.exceptions import NoPermissionError

from services.api.adapters import KafkaRequests
from services.local.guard import Guard
from services.signin.ports import Session
from services.signin.redis_sessions import RedisSessions
from streams.kafka import Outgoing, Producer, SendFailedError
from streams.kept import KeptTopic
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.redis_client import redis_client
from streams.refused import kafka_refuses
from streams.requests import RequestWriter
from streams.topics import LOG, PARKED, WEB_DRAFTS, WEB_RECORD, check
from tests.servers import RedisProcess
from tests.streams.secured import SECRETS, Secured, allow, only_our_users, secured_kafka
from tests.streams.workers import Client, WorkerProcess, form

WAYS: list[tuple[str, dict[str, str]]] = [
    ("SSL", {}),
    ("SASL_PLAINTEXT", {}),
    ("SASL_PLAINTEXT", {"kafka_sasl_mechanism": "PLAIN"}),
    ("SASL_SSL", {}),
]


@pytest.fixture(scope="module")
def secured(process_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_kafka(process_guard, tmp_path_factory.mktemp("secured")) as secured:
        yield secured


@pytest.fixture(scope="module")
def allowed(secured: Secured) -> Secured:
    asyncio.run(allow(secured))
    return secured


@pytest.fixture
def redis(redis_process: Callable[[], RedisProcess]) -> RedisProcess:
    return only_our_users(redis_process())


@pytest.mark.parametrize(("protocol", "more"), WAYS)
async def test_our_clients_write_and_read_by_every_way_in(
    allowed: Secured, protocol: str, more: dict[str, str]
) -> None:
    settings = allowed.settings(protocol, "worker", **more)
    await check(settings)
    value = f"by {protocol} {more}".encode()
    producer, reader = Producer(settings), LogReader(settings)
    await producer.start()
    await reader.start()
    try:
        (offset,) = await producer.send_all([Outgoing(PARKED, 7, b"key", value)])
        assert await reader.at(PARKED, 7, offset, offset + 1) == value
    finally:
        await producer.stop()
        await reader.stop()


@pytest.mark.parametrize(
    ("protocol", "more"),
    [
        ("SASL_SSL", {"kafka_sasl_password": "wrong"}),
        ("SASL_PLAINTEXT", {"kafka_sasl_mechanism": "PLAIN", "kafka_sasl_password": "wrong"}),
        ("SASL_SSL", {"kafka_ca_file": None}),
        ("SSL", {"kafka_cert_file": None, "kafka_key_file": None}),
    ],
    ids=["wrong password", "wrong plain password", "unknown authority", "no certificate of ours"],
)
async def test_whoever_cannot_be_trusted_or_does_not_trust_is_not_connected(
    allowed: Secured, protocol: str, more: dict[str, Any]
) -> None:
    with pytest.raises((KafkaError, OSError)):
        await check(allowed.settings(protocol, "worker", **more))


async def test_a_broker_under_another_name_than_its_certificate_says_is_not_trusted(
    allowed: Secured,
) -> None:
    settings = allowed.settings("SASL_SSL", "worker")
    port = int(settings.kafka_bootstrap.rpartition(":")[2])
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'localhost'"):
        await asyncio.open_connection("localhost", port, ssl=settings.kafka_ssl)
    with pytest.raises((KafkaError, OSError)):
        await check(settings.model_copy(update={"kafka_bootstrap": f"localhost:{port}"}))


async def test_the_web_service_cannot_write_to_the_record(allowed: Secured) -> None:
    producer = Producer(allowed.settings("SASL_SSL", "web"))
    await producer.start()
    try:
        with pytest.raises(SendFailedError, match="TopicAuthorizationFailedError"):
            await producer.send_all([Outgoing(LOG, 0, b"T", b"forged")])
    finally:
        await producer.stop()


async def test_one_form_becomes_a_slot_with_tls_passwords_and_no_more_leave_than_needed(
    allowed: Secured, redis: RedisProcess, tmp_path: Path
) -> None:
    told = {"redis_url": redis.url, "redis_username": "holdfast", "redis_password": "of-redis"}
    worker = WorkerProcess(allowed.settings("SASL_SSL", "worker", **told), tmp_path / "log").start()
    told |= {"redis_username": "web", "redis_password": SECRETS["web"]}
    client = await Client(allowed.settings("SASL_SSL", "web", **told), f"T-{uuid4()}").start()
    try:
        await client.open()
        answer = await client.ask("form", form("P-1"))
        assert answer.answer.outcome == "slot_reserved"
        await worker.ready()
        assert (await client.follower.list_trials()).trial_ids == (client.trial,)
        assert await worker.stop() == 0
    finally:
        await client.stop()
        worker.kill()
    reader = LogReader(allowed.settings("SSL", "worker"))
    await reader.start()
    log = partition_of(client.trial, 8)
    assert await reader.end(LOG, log) == answer.sequence + 1
    await reader.stop()
    said = (tmp_path / "log").read_text()
    assert not [secret for secret in (*SECRETS.values(), "of-redis") if secret in said]


def _see(seen: dict[str, bytes | None], key: str, value: bytes | None) -> bool:
    seen[key] = value
    return True


async def test_the_web_keeps_accounts_drafts_and_sessions_with_no_more_leave_than_needed(
    allowed: Secured, redis: RedisProcess
) -> None:
    told = {"redis_url": redis.url, "redis_username": "web", "redis_password": SECRETS["web"]}
    settings = allowed.settings("SASL_SSL", "web", **told)
    for topic in (WEB_RECORD, WEB_DRAFTS):
        seen: dict[str, bytes | None] = {}
        kept = KeptTopic(settings, topic, partial(_see, seen))
        await kept.start()
        assert await kept.append("people", b"an event")
        assert seen == {"people": b"an event"}
        await kept.stop()
    client = redis_client(settings)
    store = RedisSessions(client)
    at = datetime(2027, 3, 24, tzinfo=UTC)
    session = Session(
        account_id="a", csrf="c", began_at=at, seen_at=at, proved_at=at, how="password"
    )
    await store.write("s", session, 60)
    assert await store.read("s") == session
    await store.hold("h", b"x", 60)
    assert await store.held("h") == b"x"
    assert [await store.take("h"), await store.take("h")] == [b"x", None]
    assert [await store.take_once("o", 60), await store.take_once("o", 60)] == [True, False]
    assert [await store.hit("n", 1, 60), await store.hit("n", 1, 60)] == [True, False]
    await store.pardon("n")
    await store.forget("n")
    await store.drop("s")
    for forbidden in (("SET", "{T}:tip", "x"), ("DEL", "holdfast:trials:0"), ("KEYS", "*")):
        with pytest.raises(NoPermissionError):
            await client.execute_command(*forbidden)
    await client.aclose()


@pytest.mark.parametrize(
    ("protocol", "wrong", "setting"),
    [
        ("SASL_PLAINTEXT", {"kafka_sasl_password": "wrong"}, "HOLDFAST_KAFKA_SASL_PASSWORD"),
        (
            "SASL_SSL",
            {"kafka_sasl_password": "wrong", "kafka_sasl_mechanism": "PLAIN"},
            "HOLDFAST_KAFKA_SASL_PASSWORD",
        ),
        (
            "SASL_PLAINTEXT",
            {"kafka_sasl_mechanism": "SCRAM-SHA-256"},
            "HOLDFAST_KAFKA_SASL_MECHANISM",
        ),
        ("SASL_SSL", {"kafka_ca_file": None}, "HOLDFAST_KAFKA_CA_FILE"),
        (
            "SSL",
            {"kafka_cert_file": None, "kafka_key_file": None},
            "HOLDFAST_KAFKA_CERT_FILE",
        ),
    ],
)
async def test_a_broker_that_refuses_us_is_asked_why_and_the_setting_is_named(
    secured: Secured, protocol: str, wrong: dict[str, Any], setting: str
) -> None:
    assert setting in (await kafka_refuses(secured.settings(protocol, "worker", **wrong)) or "")
    assert await kafka_refuses(secured.settings(protocol, "worker")) is None


async def test_a_password_that_no_longer_is_right_is_named_by_the_web_while_it_waits(
    allowed: Secured,
) -> None:
    """As it connects anew after Kafka refused what it sent: it answers, and does not let us in."""
    wrong = allowed.settings("SASL_SSL", "web", kafka_sasl_password="of-yesterday")
    requests = KafkaRequests(lambda: RequestWriter(wrong), partial(kafka_refuses, wrong))
    await requests.start()
    try:
        while requests.refused() is None:
            await asyncio.sleep(0.05)
        assert "HOLDFAST_KAFKA_SASL_PASSWORD" in (requests.refused() or "")
        assert not requests.ready()
    finally:
        await requests.stop()
