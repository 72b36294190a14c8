"""What runs on this machine for one home folder: pids and ports, in `run.json`."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from services.local.errors import LocalError
from services.local.processes import Process, is_running

Name = Literal["kafka", "redis", "web", "worker"]
NAMES: tuple[Name, ...] = ("kafka", "redis", "worker", "web")
"""In the order of starting; stopping goes the other way."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Model):
    """One server that was started; its ports are kept for the next start, pids are not."""

    pid: int
    started: str
    port: int
    controller_port: int | None = None

    @property
    def process(self) -> Process:
        return Process(self.pid, self.started)

    @property
    def running(self) -> bool:
        return is_running(self.process)


class RunState(_Model):
    """The file's content."""

    format: Literal[1] = 1
    kafka: Part | None = None
    redis: Part | None = None
    web: Part | None = None
    worker: Part | None = None

    def part(self, name: Name) -> Part | None:
        found: Part | None = getattr(self, name)
        return found

    def running(self, name: Name) -> Part | None:
        """The part if its process is still that process."""
        part = self.part(name)
        return part if part is not None and part.running else None

    def ports_of_others(self, name: Name) -> frozenset[int]:
        """All ports that belong to another part, running or not."""
        parts = [part for other in NAMES if other != name and (part := self.part(other))]
        return frozenset(
            port for part in parts for port in (part.port, part.controller_port) if port
        )

    def with_part(self, name: Name, part: Part) -> "RunState":
        return self.model_copy(update={name: part})


def read_state(home: Path) -> RunState:
    """As it was last written; empty if nothing ever ran here."""
    file = home / "run.json"
    try:
        return RunState.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return RunState()
    except ValidationError:
        raise LocalError(
            f"{file} cannot be understood.", f"stop what it names, then delete {file}"
        ) from None


def write_state(home: Path, state: RunState) -> None:
    """Whole or not at all."""
    written = home / "run.json.new"
    written.write_text(state.model_dump_json(indent=2, exclude_none=True) + "\n", "utf-8")
    os.replace(written, home / "run.json")


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Two starts or stops of one home folder never run at the same time."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalError(
                f"Another start or stop is under way in {home}.", "wait for it, then try again"
            ) from None
        yield
