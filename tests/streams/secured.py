"""A Kafka and a Redis that ask who is there, and what each of our users may do in them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from redis import Redis

from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka, Listener
from services.local.kafka_jars import fetch_jars
from services.local.places import LOOPBACK, free_port
from streams.requests import REQUESTS
from streams.settings import Settings
from streams.topics import COMMANDS, EVENTS, LOG, PARKED, TOPICS, WEB_DRAFTS, WEB_RECORD, create
from tests.servers import KafkaProcess, RedisProcess
from tests.streams.certificates import Authority

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


@contextmanager
def secured_kafka(guard: Guard, folder: Path) -> Iterator[Secured]:
    """Runs while it is used; whoever comes in by the plain listener is its super user."""
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
    kafka = KafkaProcess(server, guard)
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


async def allow(secured: Secured) -> None:
    """Everybody may do what the documentation says, and nothing else; the topics are made."""
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


def only_our_users(redis: RedisProcess) -> RedisProcess:
    """One in which nobody may do anything but our users what they need."""
    with Redis(port=redis.server.port) as client:
        client.execute_command("ACL", "SETUSER", "holdfast", "on", ">of-redis", *ACL.split())
        client.execute_command("ACL", "SETUSER", "web", "on", ">of-web", *ACL_OF_WEB.split())
        client.execute_command("ACL", "SETUSER", "default", "off")
    return redis


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
