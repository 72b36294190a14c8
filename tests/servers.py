"""Servers that a test may stop, kill, roll back and start again on the same port and data."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from services.local import processes
from services.local.guard import Guard
from services.local.kafka import Kafka
from services.local.processes import Process
from services.local.redis_server import RedisServer


@dataclass(slots=True)
class RedisProcess:
    """A Redis of one test's own."""

    server: RedisServer
    guard: Guard
    process: Process | None = field(default=None)

    @property
    def url(self) -> str:
        return self.server.url

    def start(self) -> None:
        """Returns when it answers."""
        self.process = self.server.start()
        self.guard.watch(self.process)
        self.server.wait(self.process)

    def stop(self) -> None:
        """An orderly end; nothing is lost."""
        if self.process is not None:
            processes.stop(self.process)

    def kill(self) -> None:
        """`kill -9`; returns when it is gone."""
        if self.process is not None:
            processes.kill(self.process)

    def copy_data(self, to: Path) -> None:
        """Copies its data as they are on disk now; a running one has flushed what it answered."""
        shutil.copytree(self.server.data, to, dirs_exist_ok=True)

    def restore_data(self, copy: Path) -> None:
        """Goes back to an older copy. Only while it does not run."""
        self.empty()
        shutil.copytree(copy, self.server.data)

    def empty(self) -> None:
        """Loses everything. Only while it does not run."""
        shutil.rmtree(self.server.data, ignore_errors=True)


@dataclass(slots=True)
class KafkaProcess:
    """A Kafka of one test's own."""

    server: Kafka
    guard: Guard
    process: Process | None = field(default=None)

    @property
    def bootstrap(self) -> str:
        return self.server.bootstrap

    def start(self) -> None:
        """Returns when it answers."""
        self.process = self.server.start()
        self.guard.watch(self.process)
        self.server.wait(self.process)

    def stop(self) -> None:
        """An orderly end; nothing is lost."""
        if self.process is not None:
            processes.stop(self.process)

    def kill(self) -> None:
        """`kill -9`; returns when it is gone."""
        if self.process is not None:
            processes.kill(self.process)
