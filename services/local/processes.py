"""Starts child processes, knows each again by pid and start time, and stops only those."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.local.errors import LocalError

_LOOK_EVERY_SECONDS = 0.05
_LARGEST_LOG_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Process:
    """One process for ever: `started` tells it from a later one with the same pid."""

    pid: int
    started: str


def start(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Process:
    """Starts a process of its own session, output to `log`: it outlives its terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if environment is None else environment),
            cwd=folder,
            start_new_session=True,
        )
    _children[child.pid] = child
    return identify(child.pid)


def identify(pid: int) -> Process:
    """A process that is there, as it can be known again."""
    found = _look(pid)
    if found is None:
        raise LocalError(f"Process {pid} cannot be looked at.", "install the program `ps`")
    return Process(pid, found.started)


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Our own children, which must be reaped to be seen as ended."""


def is_running(process: Process) -> bool:
    """False once it ended, also when another process has its pid now."""
    child = _children.get(process.pid)
    if child is not None and child.poll() is not None:
        del _children[process.pid]
        return False
    found = _look(process.pid)
    return found is not None and found.alive and found.started == process.started


def stop(process: Process, within_seconds: float = 20.0) -> None:
    """Asks it to end, and ends it by force after the time; returns when it is gone."""
    _signal(process, signal.SIGTERM)
    if not wait_until(lambda: not is_running(process), within_seconds):
        kill(process)


def kill(process: Process) -> None:
    """Ends it by force, as a power failure would end it; returns when it is gone."""
    _signal(process, signal.SIGKILL)
    if not wait_until(lambda: not is_running(process), 10.0):
        raise LocalError(f"Process {process.pid} does not end.", f"kill -9 {process.pid}")


def wait_until(happened: Callable[[], bool], within_seconds: float) -> bool:
    """Looks until it happened; False when the time is over."""
    deadline = time.monotonic() + within_seconds
    while not happened():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_EVERY_SECONDS)
    return True


def _signal(process: Process, number: signal.Signals) -> None:
    if is_running(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


@dataclass(frozen=True, slots=True)
class _Found:
    """`started` is in the system's own words; one that ended is found until it is reaped."""

    started: str
    alive: bool


def _look(pid: int) -> _Found | None:
    if sys.platform == "linux":
        return _look_on_linux(pid)
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return _Found(shown[1].strip(), not shown[0].startswith("Z")) if len(shown) == 2 else None


def _look_on_linux(pid: int) -> _Found | None:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        # The name in brackets may hold anything; state and start time are fields 3 and 22.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return _Found(f"{boot}:{fields[19].decode('ascii')}", fields[0] not in (b"Z", b"X"))
