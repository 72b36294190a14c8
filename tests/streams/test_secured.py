"""Kafka and Redis that ask who we are: real servers, our own clients, and no more than needed."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError, NoPermissionError

from services.api.adapters import KafkaRequests
from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka, Listener
from services.local.kafka_jars import fetch_jars
from services.local.places import LOOPBACK, free_port
from services.signin.ports import Session
from services.signin.redis_sessions import RedisSessions
from streams.chain import Tip
from streams.kafka import Outgoing, Producer, SendFailedError
from streams.kept import KeptTopic
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.read_side import ReadSide, Reply
from streams.rebuild import Asked, Progress, Requests
from streams.redis_client import check_redis, redis_client
from streams.refused import kafka_refuses
from streams.requests import REQUESTS, RequestWriter
from streams.settings import Settings
from streams.topics import (
    COMMANDS,
    EVENTS,
    LOG,
    PARKED,
    TOPICS,
    WEB_DRAFTS,
    WEB_RECORD,
    check,
    create,
)
from tests.servers import KafkaProcess, RedisProcess
from tests.streams.certificates import Authority
from tests.streams.test_publish import chain, publication
from tests.streams.workers import Client, WorkerProcess, form

SECRETS = {"operator": "of-operator", "worker": "of-worker", "web": "of-web"}
TOPIC, GROUP = 2, 3
OPERATIONS = {
    "read": 3,
    "write": 4,
    "create": 5,
    "describe": 8,
    "describe-configs": 10,
    "alter-configs": 11,
}
Grants = dict[tuple[int, str], tuple[str, ...]]
# As docs/operations.md says it: whoever changes the one changes the other.
OPERATOR: Grants = {
    (TOPIC, topic): ("create", "describe", "describe-configs", "alter-configs") for topic in TOPICS
}
WORKER: Grants = {
    **{
        (TOPIC, topic): ("read", "write", "describe-configs")
        for topic in (REQUESTS, COMMANDS, LOG, PARKED)
    },
    (TOPIC, EVENTS): ("write", "describe-configs"),
    **{(TOPIC, topic): ("describe", "describe-configs") for topic in (WEB_RECORD, WEB_DRAFTS)},
    (GROUP, "holdfast"): ("read",),
}
WEB: Grants = {
    (TOPIC, REQUESTS): ("write",),
    **{(TOPIC, topic): ("read", "write") for topic in (WEB_RECORD, WEB_DRAFTS)},
}


@dataclass(frozen=True)
class Secured:
    """A broker with a plain listener for whoever may do all, and three that ask who is there."""

    kafka: KafkaProcess
    authority: Authority
    client: Any

    def settings(self, protocol: str, user: str, **more: Any) -> Settings:
        """Those of a user who comes in by this listener."""
        listeners = self.kafka.server.listeners
        ports: dict[str, int] = {listener.protocol: listener.port for listener in listeners}
        told: dict[str, Any] = {
            "kafka_bootstrap": f"{LOOPBACK}:{ports[protocol]}",
            "redis_url": "redis://none:1",
            "kafka_security": protocol,
        }
        if protocol.endswith("SSL"):
            told["kafka_ca_file"] = self.authority.certificate
        if protocol == "SSL":
            told |= {"kafka_cert_file": self.client.certificate, "kafka_key_file": self.client.key}
        else:
            told |= {"kafka_sasl_username": user, "kafka_sasl_password": SECRETS[user]}
        return Settings(**told | more)


@pytest.fixture(scope="module")
def secured(process_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority.new(folder / "authority")
    tls = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.sign("broker").both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
    }
    ports: list[int] = []
    for _ in range(5):
        ports.append(free_port(taken=ports))
    server = Kafka(
        folder / "kafka",
        fetch_jars(),
        find_java(),
        ports[0],
        ports[1],
        listeners=(
            Listener("SSL", ports[2], {**tls, "ssl.client.auth": "required"}),
            Listener("SASL_PLAINTEXT", ports[3], _sasl()),
            Listener("SASL_SSL", ports[4], {**tls, **_sasl()}),
        ),
        properties={
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        },
        users=SECRETS,
    )
    kafka = KafkaProcess(server, process_guard)
    kafka.start()
    yield Secured(kafka, authority, authority.sign("worker"))
    kafka.stop()


def _sasl() -> dict[str, str]:
    module = "org.apache.kafka.common.security"
    users = " ".join(f'user_{name}="{password}"' for name, password in SECRETS.items())
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
        "plain.sasl.jaas.config": f"{module}.plain.PlainLoginModule required {users};",
    }


@pytest.fixture(scope="module")
def allowed(secured: Secured) -> Secured:
    """Everybody may do what the documentation says, and nothing else; the topics are made."""
    asyncio.run(_allow(secured))
    return secured


async def _allow(secured: Secured) -> None:
    granted = {"operator": OPERATOR, "worker": WORKER, "CN=worker": WORKER, "web": WEB}
    for name, grants in granted.items():
        await grant(secured.kafka.bootstrap, f"User:{name}", grants)
    await create(secured.settings("SASL_SSL", "operator"))


async def grant(bootstrap: str, principal: str, grants: Grants) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for (kind, name), operations in grants.items():
            for operation in operations:
                request = CreateAclsRequest(kind, name, 3, principal, "*", OPERATIONS[operation], 3)
                said = await admin._send_request(request)
                assert [code for code, _ in said.creation_responses] == [0]
    finally:
        await admin.close()


WAYS: list[tuple[str, dict[str, str]]] = [
    ("SSL", {}),
    ("SASL_PLAINTEXT", {}),
    ("SASL_PLAINTEXT", {"kafka_sasl_mechanism": "PLAIN"}),
    ("SASL_SSL", {}),
]


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


ACL = (
    "resetkeys resetchannels ~{*}:* ~holdfast:* "
    "-@all +@read +@write -@dangerous +ping +fcall +function|load +multi +exec"
)
ACL_OF_WEB = (
    "resetkeys resetchannels %R~{*}:* %R~holdfast:* ~web:* "
    "-@all +@read -@dangerous +ping +set +del +getdel +incrby +decrby +expire"
)
ACL_OF_CLUSTER = "+cluster|slots +command +asking"
"""As docs/operations.md says it: whoever changes the one changes the other."""


@pytest.fixture
def redis(redis_process: Callable[[], RedisProcess]) -> RedisProcess:
    """One in which nobody may do anything but the user `holdfast` what it needs."""
    redis = redis_process()
    with Redis(port=redis.server.port) as client:
        client.execute_command("ACL", "SETUSER", "holdfast", "on", ">of-redis", *ACL.split())
        client.execute_command("ACL", "SETUSER", "web", "on", ">of-web", *ACL_OF_WEB.split())
        client.execute_command("ACL", "SETUSER", "default", "off")
    return redis


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


async def test_a_redis_user_may_do_what_holdfast_does_and_nothing_else(redis: RedisProcess) -> None:
    def settings(password: str) -> Settings:
        user = {"redis_username": "holdfast", "redis_password": password}
        return Settings(kafka_bootstrap="none:1", redis_url=redis.url, **user)  # type: ignore[arg-type]

    client = redis_client(settings("of-redis"))
    await check_redis(client, settings("of-redis"))
    for forbidden in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("GET", "other")):
        with pytest.raises(NoPermissionError):
            await client.execute_command(*forbidden)
    # What the worker of the test above had no cause to do.
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


@asynccontextmanager
async def with_tls(authority: Authority, port: int) -> AsyncIterator[str]:
    """The place of a TLS server before a plain Redis: the one in the wheel is built without."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    context.load_cert_chain(authority.sign("redis").both)
    context.verify_mode = ssl.CERT_REQUIRED

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(copy(reader, before), copy(behind, writer))

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=context)
    yield f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    server.close()


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
