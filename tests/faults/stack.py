"""The whole service with a proxy before Kafka and Redis, and a supervisor that restarts it.

Two workers and a web service reach Kafka and Redis through proxies; the harness itself does not.
"""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.local import processes
from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka
from services.local.kafka_jars import fetch_jars
from services.local.places import LOOPBACK, free_port
from services.local.processes import Process
from services.local.redis_server import RedisProgram, RedisServer, find_redis
from streams.settings import Settings
from streams.topics import create
from tests.faults.asking import get
from tests.faults.proxy import Proxy

SITES = ("S1", "S2", "S3")
REVIEWERS = ("reviewer", "reviewer-2")
SESSION_SECONDS = 6.0
READY_SECONDS = 90.0
EXIT_LOOK_SECONDS = 0.1


class ProxiedKafka(Kafka):
    """Besides its plain listener one that tells its clients to come through a proxy."""

    __slots__ = ("inner_port", "proxy_port")
    inner_port: int
    proxy_port: int

    def _write_properties(self) -> None:
        Kafka._write_properties(self)
        own, inner = f"{LOOPBACK}:{self.port}", f"{LOOPBACK}:{self.inner_port}"
        with self._properties.open("a", encoding="utf-8") as file:
            file.write(
                f"listeners=PLAINTEXT://{own},PROXIED://{inner},"
                f"CONTROLLER://{LOOPBACK}:{self.controller_port}\n"
                f"advertised.listeners=PLAINTEXT://{own},PROXIED://{LOOPBACK}:{self.proxy_port}\n"
                "listener.security.protocol.map="
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT\n"
            )


@dataclass(eq=False, slots=True)
class Part:
    """A process under supervision: ended, it is started again unless a fault holds it down."""

    name: str
    command: list[str]
    environment: dict[str, str]
    port: int
    process: Process | None = None
    held: bool = False
    crash_at: str | None = None
    """For the next start alone: `HOLDFAST_CRASH_AT`."""
    restarts: int = 0
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def running(self) -> bool:
        return self.process is not None and processes.is_running(self.process)

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


@dataclass(slots=True)
class Stack:
    """All parts; `settings` leads the harness past the proxies."""

    folder: Path
    guard: Guard
    kafka: ProxiedKafka
    redis: RedisServer
    kafka_proxy: Proxy
    redis_proxy: Proxy
    kafka_process: Process | None = None
    redis_process: Process | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    kafka_busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    redis_busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def settings(self) -> Settings:
        return Settings(kafka_bootstrap=self.kafka.bootstrap, redis_url=self.redis.url)

    @property
    def workers(self) -> tuple[Part, Part]:
        return self.parts["worker-1"], self.parts["worker-2"]

    @property
    def web(self) -> Part:
        return self.parts["web"]

    async def start_kafka(self) -> None:
        self.kafka_process = await asyncio.to_thread(self.kafka.start)
        self.guard.watch(self.kafka_process)
        await asyncio.to_thread(self.kafka.wait, self.kafka_process)

    async def start_redis(self) -> None:
        self.redis_process = await asyncio.to_thread(self.redis.start)
        self.guard.watch(self.redis_process)
        await asyncio.to_thread(self.redis.wait, self.redis_process)

    def limit_redis_files(self, bytes_left: int | None) -> None:
        """No file of Redis may grow by more than this: a disk that is full, without any mount."""
        assert self.redis_process is not None
        sizes = [p.stat().st_size for p in self.redis.data.rglob("*") if p.is_file()]
        limit = resource.RLIM_INFINITY if bytes_left is None else max(sizes) + bytes_left
        hard = resource.RLIM_INFINITY
        resource.prlimit(self.redis_process.pid, resource.RLIMIT_FSIZE, (limit, hard))

    async def start_part(self, part: Part) -> None:
        told = dict(part.environment)
        if part.crash_at is not None:
            told["HOLDFAST_CRASH_AT"], part.crash_at = part.crash_at, None
        log = self.folder / f"{part.name}.log"
        part.process = await asyncio.to_thread(processes.start, part.command, log, told)
        self.guard.watch(part.process)

    async def supervise(self) -> None:
        """For ever: starts again what ended, as a service manager would."""
        while True:
            for part in self.parts.values():
                if not part.held and not part.running:
                    part.restarts += 1
                    await self.start_part(part)
            await asyncio.sleep(EXIT_LOOK_SECONDS)

    async def ready(self, within: float = READY_SECONDS) -> bool:
        """Whether every part says within that time that it is ready."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                for part in self.parts.values():
                    while (await get(part.port, "/ready")).status != 200:
                        await asyncio.sleep(0.1)
                return True
        return False

    def logs(self) -> dict[str, Path]:
        return {part.name: self.folder / f"{part.name}.log" for part in self.parts.values()}


def token_of(actor: str) -> str:
    """The harness's own token of an actor."""
    return f"faults-{actor}"


def _tokens(folder: Path) -> Path:
    everywhere = {"sites": ["*"]}
    actors = {
        "centre": {"id": "centre", "role": "coordinator"} | everywhere,
        "auditor": {"id": "auditor", "role": "auditor"} | everywhere,
    }
    actors |= {name: {"id": name, "role": "reviewer"} | everywhere for name in REVIEWERS}
    actors |= {site: {"id": f"staff-{site}", "role": "site", "sites": [site]} for site in SITES}
    path = folder / "tokens.json"
    path.write_text(json.dumps({token_of(name): actor for name, actor in actors.items()}), "utf-8")
    return path


def _parts(stack: Stack) -> dict[str, Part]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    plain |= {
        "HOLDFAST_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{stack.kafka_proxy.port}",
        "HOLDFAST_REDIS_URL": f"redis://{LOOPBACK}:{stack.redis_proxy.port}/0",
        "HOLDFAST_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
        "HOLDFAST_SEND_TIMEOUT_SECONDS": "10",
        # The clients of all trials are the same few actors.
        "HOLDFAST_TOKEN_FILE": str(_tokens(stack.folder)),
        "HOLDFAST_WRITES_PER_SECOND": "100000",
        "HOLDFAST_WRITES_BURST": "100000",
    }
    made = {}
    for name in ("worker-1", "worker-2"):
        port = free_port()
        told = plain | {"HOLDFAST_STATUS_PORT": str(port)}
        made[name] = Part(name, [sys.executable, "-m", "streams.worker"], told, port)
    port = free_port()
    told = plain | {"HOLDFAST_API_PORT": str(port)}
    made["web"] = Part("web", [sys.executable, "-m", "services.api"], told, port)
    return made


def _told_of_full_disks(folder: Path, found: RedisProgram) -> RedisProgram:
    """The same server, but a file at its limit is an error of its write and not a signal."""
    wrapper = folder / "redis-server"
    wrapper.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec '{found.program}' \"$@\"\n", "utf-8")
    wrapper.chmod(0o700)
    return replace(found, program=wrapper)


def _new_stack(folder: Path, guard: Guard) -> Stack:
    taken: list[int] = []
    for _ in range(6):
        taken.append(free_port(taken=taken))
    port, controller, inner, kafka_proxy, redis_port, redis_proxy = taken
    kafka = ProxiedKafka(folder / "kafka", fetch_jars(), find_java(), port, controller)
    object.__setattr__(kafka, "inner_port", inner)
    object.__setattr__(kafka, "proxy_port", kafka_proxy)
    return Stack(
        folder,
        guard,
        kafka,
        RedisServer(folder / "redis", _told_of_full_disks(folder, find_redis()), redis_port),
        Proxy(kafka_proxy, inner),
        Proxy(redis_proxy, redis_port),
    )


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Stack]:
    """The stack, ready; all of it is gone at the end, its logs stay in `folder`."""
    with Guard() as guard:
        stack = _new_stack(folder, guard)
        supervisor: asyncio.Task[None] | None = None
        try:
            await stack.kafka_proxy.start()
            await stack.redis_proxy.start()
            await asyncio.gather(stack.start_kafka(), stack.start_redis())
            await create(stack.settings)
            stack.parts = _parts(stack)
            for part in stack.parts.values():
                await stack.start_part(part)
            supervisor = asyncio.create_task(stack.supervise())
            if not await stack.ready():
                raise RuntimeError(f"the service did not start: read the logs in {folder}")
            yield stack
        finally:
            await _end(stack, supervisor)


async def _end(stack: Stack, supervisor: "asyncio.Task[None] | None") -> None:
    if supervisor is not None:
        supervisor.cancel()
        await asyncio.gather(supervisor, return_exceptions=True)
    for part in stack.parts.values():
        part.signal(signal.SIGCONT)
        part.signal(signal.SIGKILL)
    await stack.kafka_proxy.stop()
    await stack.redis_proxy.stop()
    for process in (stack.redis_process, stack.kafka_process):
        if process is not None:
            await asyncio.to_thread(processes.kill, process)
    shutil.rmtree(stack.folder / "kafka" / "data", ignore_errors=True)
