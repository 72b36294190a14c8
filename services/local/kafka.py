"""One Kafka broker from its jars: formats its folder, starts, waits until it answers, stops."""

import asyncio
import logging
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.local import processes
from services.local.errors import LocalError
from services.local.java import Java
from services.local.places import LOOPBACK, is_free
from services.local.processes import Process

# That a starting broker does not answer yet is no news.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())

_JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners={listeners},CONTROLLER://{host}:{controller_port}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{protocols}
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
unclean.leader.election.enable=false
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """Another way in besides the plain one. `properties` are its own, without its prefix."""

    protocol: Literal["SSL", "SASL_PLAINTEXT", "SASL_SSL"]
    port: int
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kafka:
    """A broker and controller in one process; everything it keeps is in `folder`."""

    folder: Path
    jars: Path
    java: Java
    port: int
    controller_port: int
    log_to: Path | None = None
    listeners: tuple[Listener, ...] = ()
    """At most one for each protocol."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """More for the whole broker."""
    users: Mapping[str, str] = field(default_factory=dict)
    """Name -> password of who may log in by SCRAM-SHA-512; made when the folder is formatted."""

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        return self.log_to or self.folder / "kafka.log"

    def start(self) -> Process:
        """Starts it on its folder, new or as it was left; `wait` tells when it answers."""
        self._write_properties()
        if not (self._data / "meta.properties").exists():
            self._format()
        return processes.start([*self._java(), "kafka.Kafka", str(self._properties)], self.log)

    def wait(self, process: Process, within_seconds: float = 90.0) -> None:
        """Returns when metadata names this broker: the port opens before it can be used."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if not processes.is_running(process):
                raise LocalError("Kafka ended while it started.", f"read {self.log}")
            if _in_own_loop(_cluster_that_answers(self.bootstrap, self.port)) == self.cluster_id:
                return
            time.sleep(0.1)
        raise LocalError(
            f"Kafka did not answer within {within_seconds:.0f} seconds.", f"read {self.log}"
        )

    @property
    def cluster_id(self) -> str:
        """Given when the folder was formatted: tells this Kafka from any other on its port."""
        lines = (self._data / "meta.properties").read_text("utf-8").splitlines()
        return next(line for line in lines if line.startswith("cluster.id=")).partition("=")[2]

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _java(self) -> list[str]:
        return [str(self.java.program), *_JVM, "-cp", f"{self.jars}/*"]

    def _write_properties(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(
            _PROPERTIES.format(
                host=LOOPBACK,
                listeners=",".join(
                    f"{name}://{LOOPBACK}:{port}"
                    for name, port in (("PLAINTEXT", self.port), *self._others())
                ),
                protocols="".join(f",{name}:{name}" for name, _ in self._others()),
                controller_port=self.controller_port,
                data=str(self._data).replace("\\", "\\\\"),
            )
            + "".join(f"{name}={value}\n" for name, value in self._more().items()),
            "utf-8",
        )

    def _others(self) -> list[tuple[str, int]]:
        return [(listener.protocol, listener.port) for listener in self.listeners]

    def _more(self) -> dict[str, str]:
        own = {
            f"listener.name.{listener.protocol.lower()}.{name}": value
            for listener in self.listeners
            for name, value in listener.properties.items()
        }
        return {**self.properties, **own}

    def _format(self) -> None:
        said = subprocess.run(
            [
                *self._java(),
                "kafka.tools.StorageTool",
                *("format", "-t", _new_cluster_id(), "-c", str(self._properties)),
                *(
                    f"--add-scram=SCRAM-SHA-512=[name={name},password={password}]"
                    for name, password in self.users.items()
                ),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode != 0:
            raise LocalError(
                f"Kafka could not format {self._data}: {said.stderr.strip()[-400:]}",
                f"see that {self.folder} can be written and the disk is not full",
            )


def _new_cluster_id() -> str:
    """Kafka's own form: URL-safe base64 of 22 characters, the first of them no hyphen."""
    raw = uuid4().bytes
    return urlsafe_b64encode(bytes([raw[0] & 0x7F]) + raw[1:]).rstrip(b"=").decode("ascii")


async def _cluster_that_answers(bootstrap: str, port: int) -> str | None:
    """The id of the cluster, once a broker with this port is one of its brokers."""
    if is_free(port):
        return None
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        ports = [broker["port"] for broker in cluster["brokers"]]
        return str(cluster["cluster_id"]) if port in ports else None
    except (KafkaError, OSError):
        return None
    finally:
        await admin.close()


def _in_own_loop(work: Coroutine[Any, Any, str | None]) -> str | None:
    """Runs it in a thread: callers may be in a thread that has its own event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
