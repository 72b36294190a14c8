"""A Kafka, a Redis, a worker and a web service of the benchmark's own, in a temporary folder.

All end with the benchmark, however it ends. Nothing else on the machine is touched.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.trials import SITES
from services.local import processes
from services.local.guard import Guard
from services.local.java import find_java
from services.local.kafka import Kafka
from services.local.kafka_jars import fetch_jars
from services.local.places import LOOPBACK, free_port
from services.local.processes import Process
from services.local.redis_server import RedisServer, find_redis
from streams.settings import Settings

READY_SECONDS = 60.0
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process has taken from the machine: CPU seconds so far, resident memory in MB."""

    cpu_seconds: float
    memory_mb: float
    memory_peak_mb: float


def use_of(process: Process) -> Use:
    """From `/proc`: user and system time of all its threads."""
    stat = Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
    sizes = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
    return Use(
        (int(stat[11]) + int(stat[12])) / TICKS_A_SECOND,
        int(sizes["VmRSS"].split()[0]) / 1024,
        int(sizes["VmHWM"].split()[0]) / 1024,
    )


@dataclass(slots=True)
class Stack:
    """The parts that run; `serve` starts worker and web for one way of flushing topics."""

    folder: Path
    guard: Guard
    kafka_address: str
    redis_url: str
    kafka: Process
    redis: Process
    workers: list[Process] = field(default_factory=list)
    web: Process | None = None
    web_port: int = 0

    def settings(self, *, flush: bool) -> Settings:
        """Of a client of this stack; `flush`: topics flush every message to the disk."""
        return Settings(
            kafka_bootstrap=self.kafka_address,
            redis_url=self.redis_url,
            flush_every_message=flush,
        )

    def start_workers(self, count: int, *, flush: bool, seconds: float = READY_SECONDS) -> None:
        """Returns when every worker is ready: it has its partitions and has recovered them."""
        ports = []
        for number in range(len(self.workers), len(self.workers) + count):
            port = free_port()
            told = self._told(flush) | {"HOLDFAST_STATUS_PORT": str(port)}
            command = [sys.executable, "-m", "streams.worker"]
            self.workers.append(self._start(command, f"worker-{number}", told))
            ports.append(port)
        for worker, port in zip(self.workers[-count:], ports, strict=True):
            _wait_ready(worker, port, self.folder, seconds)

    def start_web(self, *, flush: bool) -> None:
        """Returns when it is ready."""
        self.web_port = free_port()
        told = self._told(flush) | {
            "HOLDFAST_API_PORT": str(self.web_port),
            "HOLDFAST_TOKEN_FILE": str(self._tokens()),
        }
        self.web = self._start([sys.executable, "-m", "services.api"], "web", told)
        _wait_ready(self.web, self.web_port, self.folder)

    def stop_serving(self) -> None:
        """Stops web and workers; Kafka and Redis keep what they have."""
        for process in ([] if self.web is None else [self.web]) + self.workers:
            processes.stop(process)
        self.web, self.workers = None, []

    def uses(self) -> dict[str, Use]:
        named = {"kafka": self.kafka, "redis": self.redis}
        named |= {f"worker {n + 1}": worker for n, worker in enumerate(self.workers)}
        if self.web is not None:
            named["web"] = self.web
        return {name: use_of(process) for name, process in named.items()}

    def _start(self, command: list[str], name: str, told: Mapping[str, str]) -> Process:
        process = processes.start(command, self.folder / f"{name}.log", dict(told))
        self.guard.watch(process)
        return process

    def _told(self, flush: bool) -> dict[str, str]:
        return {
            **os.environ,
            "HOLDFAST_KAFKA_BOOTSTRAP": self.kafka_address,
            "HOLDFAST_REDIS_URL": self.redis_url,
            "HOLDFAST_WRITES_PER_SECOND": "100000",
            "HOLDFAST_WRITES_BURST": "100000",
            "HOLDFAST_FLUSH_EVERY_MESSAGE": str(flush).lower(),
        }

    def _tokens(self) -> Path:
        path = self.folder / "tokens.json"
        actors = {
            token_of(site): {"id": f"staff-{site}", "role": "site", "sites": [site]}
            for site in SITES
        }
        path.write_text(json.dumps(actors), encoding="utf-8")
        return path


def token_of(site: str) -> str:
    """The benchmark's own token of a site's staff."""
    return f"benchmark-{site}"


class OwnStack:
    """A context: a stack that starts with it and is gone after it, with all its data."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="holdfast-bench-", ignore_cleanup_errors=True
        )
        self._guard = Guard()
        self._started: list[Process] = []
        self._stack: Stack | None = None

    def __enter__(self) -> Stack:
        folder = Path(self._folder.name)
        try:
            return self._bring_up(folder)
        except BaseException:
            self._end()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _bring_up(self, folder: Path) -> Stack:
        port = free_port()
        kafka = Kafka(folder / "kafka", fetch_jars(), find_java(), port, free_port(taken=[port]))
        redis = RedisServer(folder / "redis", find_redis(), free_port())
        kafka_process = self._watched(kafka.start())
        redis_process = self._watched(redis.start())
        redis.wait(redis_process)
        kafka.wait(kafka_process)
        self._stack = Stack(
            folder, self._guard, kafka.bootstrap, redis.url, kafka_process, redis_process
        )
        return self._stack

    def _watched(self, process: Process) -> Process:
        self._guard.watch(process)
        self._started.append(process)
        return process

    def _end(self) -> None:
        if self._stack is not None:
            self._stack.stop_serving()
        for process in reversed(self._started):
            processes.stop(process)
        self._guard.close()
        self._folder.cleanup()


def _wait_ready(process: Process, port: int, folder: Path, seconds: float = READY_SECONDS) -> None:
    """Returns when `/ready` says 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not processes.is_running(process):
            raise RuntimeError(f"a part ended while it started, read the logs:\n{_tails(folder)}")
        try:
            with urlopen(f"http://{LOOPBACK}:{port}/ready", timeout=2) as response:
                if response.status == 200:
                    return
        except (URLError, OSError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"a part was not ready within {seconds:.0f} s:\n{_tails(folder)}")


def _tails(folder: Path) -> str:
    return "\n".join(
        f"{log.name}: {log.read_text(encoding='utf-8', errors='replace')[-1500:]}"
        for log in sorted(folder.glob("*.log"))
    )
