"""Brings Kafka, Redis, topics, worker and web up on one machine, and takes them down again."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.local import processes
from services.local.accounts import secret_file
from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka
from services.local.kafka_jars import KAFKA_VERSION, Progress, fetch_jars, missing_jars
from services.local.places import LOOPBACK, alone_in_choosing, free_port
from services.local.ready import READY_PATH, wait_ready
from services.local.redis_server import RedisServer, find_redis
from services.local.run_state import (
    NAMES,
    Name,
    Part,
    RunState,
    only_one,
    read_state,
    write_state,
)
from services.local.tokens import make_tokens, tokens_file
from streams.settings import Settings
from streams.topics import create

KEEPER = "services.local.keep"
_PREFERRED: Mapping[Name, int] = {"kafka": 19092, "redis": 16379, "worker": 18081, "web": 8080}


class Screen(Protocol):
    """Shows a person what is being done."""

    def doing(self, sentence: str) -> None: ...
    def done(self, sentence: str) -> None: ...
    def fetching(self, total_bytes: int) -> AbstractContextManager[Progress]: ...


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to reach what runs."""

    web: str
    worker: str
    kafka: str
    redis: str
    tokens: Path


def fetch(screen: Screen) -> Path:
    """The folder of Kafka's jars, all of them there."""
    missing = missing_jars()
    if not missing:
        return fetch_jars()
    with screen.fetching(sum(jar.size for jar in missing)) as progress:
        folder = fetch_jars(progress)
    screen.done(f"Kafka {KAFKA_VERSION} fetched to {folder}")
    return folder


def up(home: Path, screen: Screen, guard: Guard) -> Addresses:
    """Starts what does not run yet and returns when all of it answers.

    What it started ends with `guard`, unless the caller releases that.
    """
    with only_one(home):
        start = _Start(home, screen, guard)
        for step in (start.kafka, start.redis, start.topics, start.worker, start.web):
            with alone_in_choosing():
                step()
        return addresses(home)


def down(home: Path, screen: Screen) -> None:
    """Stops what runs, in the right order. The data stay."""
    with only_one(home):
        state = read_state(home)
        for name in reversed(NAMES):
            part = state.running(name)
            if part is not None:
                screen.doing(f"Stopping {name}")
                processes.stop(part.process, within_seconds=30.0)
                screen.done(f"{name} stopped")


def addresses(home: Path) -> Addresses:
    """From the record of the last start."""
    state = read_state(home)
    at = {name: f"{LOOPBACK}:{part.port}" for name in NAMES if (part := state.part(name))}
    return Addresses(
        web=f"http://{at['web']}",
        worker=f"http://{at['worker']}",
        kafka=at["kafka"],
        redis=f"redis://{at['redis']}/0",
        tokens=make_tokens(tokens_file(home)),
    )


def environment(state: RunState, home: Path) -> dict[str, str]:
    """What web and worker are told; a setting of the caller's own environment stays."""
    assert state.kafka is not None
    assert state.redis is not None
    return {
        # One person at one machine is every site of the demo, and in no danger of a flood.
        "HOLDFAST_WRITES_PER_SECOND": "1000",
        "HOLDFAST_WRITES_BURST": "1000",
        **os.environ,
        "HOLDFAST_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{state.kafka.port}",
        "HOLDFAST_REDIS_URL": f"redis://{LOOPBACK}:{state.redis.port}/0",
        "HOLDFAST_TOKEN_FILE": str(make_tokens(tokens_file(home))),
        "HOLDFAST_SECRET_FILE": str(secret_file(home)),
        # On loopback alone: the demo's accounts may sign in.
        "HOLDFAST_DEMO": "true",
    }


class _Start:
    """One run of `up`: the state is written after every part that was started."""

    def __init__(self, home: Path, screen: Screen, guard: Guard) -> None:
        self._home = home
        self._screen = screen
        self._guard = guard
        self._state = read_state(home)
        self._logs = home / "logs"

    def kafka(self) -> None:
        if self._attached("kafka"):
            return
        jars, java = fetch(self._screen), find_java()
        port = self._port("kafka")
        known = self._state.kafka
        preferred = known.controller_port if known else port + 1
        controller = free_port(preferred, taken=self._state.ports_of_others("kafka") | {port})
        self._screen.doing(f"Starting Kafka {KAFKA_VERSION} on Java {java.version}")
        server = Kafka(self._home / "kafka", jars, java, port, controller, self._logs / "kafka.log")
        process = server.start()
        self._started("kafka", process, port, controller)
        server.wait(process)
        self._screen.done(f"Kafka {KAFKA_VERSION} answers on {server.bootstrap}")

    def redis(self) -> None:
        if self._attached("redis"):
            return
        program, port = find_redis(), self._port("redis")
        self._screen.doing(f"Starting {program.name} {program.version}")
        server = RedisServer(self._home / "redis", program, port, self._logs / "redis.log")
        process = server.start()
        self._started("redis", process, port)
        server.wait(process)
        self._screen.done(f"{program.name} {program.version} answers on {LOOPBACK}:{port}")

    def topics(self) -> None:
        self._screen.doing("Making the topics")
        told = environment(self._state, self._home)
        asyncio.run(
            create(
                Settings(
                    kafka_bootstrap=told["HOLDFAST_KAFKA_BOOTSTRAP"],
                    redis_url=told["HOLDFAST_REDIS_URL"],
                )
            )
        )
        self._screen.done("The topics are as they must be")

    def worker(self) -> None:
        port = self._serve("worker", "streams.worker", ("STATUS_HOST", "STATUS_PORT"))
        self._screen.done(f"The worker is ready; its health: http://{LOOPBACK}:{port}{READY_PATH}")

    def web(self) -> None:
        port = self._serve("web", "services.api", ("API_HOST", "API_PORT"))
        self._screen.done(f"The web service is ready on http://{LOOPBACK}:{port}")

    def _serve(self, name: Name, module: str, settings: tuple[str, str]) -> int:
        part = self._state.running(name)
        log = self._logs / f"{name}.log"
        if part is None:
            self._screen.doing(f"Starting the {name}")
            port = self._port(name)
            host_setting, port_setting = settings
            told = {
                **environment(self._state, self._home),
                f"HOLDFAST_{host_setting}": LOOPBACK,
                f"HOLDFAST_{port_setting}": str(port),
                "HOLDFAST_WEB_ADDRESS": f"http://{LOOPBACK}:{port}",
            }
            python = (sys.executable, "-m")
            process = processes.start([*python, KEEPER, *python, module], log, told)
            part = self._started(name, process, port)
        wait_ready(part, name, log)
        return part.port

    def _attached(self, name: Name) -> bool:
        part = self._state.running(name)
        if part is not None:
            self._screen.done(f"{name} runs already on {LOOPBACK}:{part.port}")
        return part is not None

    def _port(self, name: Name) -> int:
        """Its port of the last time if still free; never one that belongs to another part."""
        known = self._state.part(name)
        return free_port(
            known.port if known else _PREFERRED[name], taken=self._state.ports_of_others(name)
        )

    def _started(
        self, name: Name, process: processes.Process, port: int, controller: int | None = None
    ) -> Part:
        self._guard.watch(process)
        part = Part(pid=process.pid, started=process.started, port=port, controller_port=controller)
        self._state = self._state.with_part(name, part)
        write_state(self._home, self._state)
        return part
