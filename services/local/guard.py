"""A watcher that ends registered processes as soon as the one who registered them is gone."""

import subprocess
import sys
from types import TracebackType
from typing import BinaryIO

from services.local.processes import Process, stop

_RELEASE = b"release\n"


class Guard:
    """While this is open, closing the terminal or killing us leaves none of `watch`ed running.

    The watcher is a process of its own that holds one end of a pipe: the pipe ends with us.
    """

    def __init__(self) -> None:
        self._watcher = subprocess.Popen(
            [sys.executable, "-m", "services.local.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, process: Process) -> None:
        assert self._watcher.stdin is not None
        self._watcher.stdin.write(f"{process.pid} {process.started}\n".encode())
        self._watcher.stdin.flush()

    def release(self) -> None:
        """Lets all that is watched so far run on without us."""
        assert self._watcher.stdin is not None
        self._watcher.stdin.write(_RELEASE)
        self._watcher.stdin.flush()

    def close(self) -> None:
        """Ends what is watched and still runs, and the watcher."""
        assert self._watcher.stdin is not None
        self._watcher.stdin.close()
        self._watcher.wait()

    def __enter__(self) -> "Guard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _watch(registered: BinaryIO) -> None:
    processes: list[Process] = []
    for line in registered:
        if line == _RELEASE:
            processes.clear()
            continue
        pid, _, started = line.decode().strip().partition(" ")
        processes.append(Process(int(pid), started))
    for process in reversed(processes):
        stop(process)


if __name__ == "__main__":
    _watch(sys.stdin.buffer)
