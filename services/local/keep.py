"""Keeps one command running: starts it again when it ended by itself, ends it when asked to end.

A worker ends when it is unsure whether something that it sent will land, as after a laptop's
sleep: it then has to be started again, and recovers.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from services.local.guard import Guard
from services.local.processes import identify

SET_UP_WRONGLY = 78
_FINAL = (0, SET_UP_WRONGLY)
_TOO_SOON_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0


class Keeper:
    """Runs `command` until it ends for good; what it says goes where we say things."""

    def __init__(self, command: Sequence[str], guard: Guard) -> None:
        self._command = list(command)
        self._guard = guard
        self._child: subprocess.Popen[bytes] | None = None
        self._asked_to_end = threading.Event()

    def run(self) -> int:
        """The exit code of the last run. A first run that ends at once is not tried again."""
        lasted, code = self._run_once()
        if lasted < _TOO_SOON_SECONDS:
            return code
        pause = 1.0
        while code not in _FINAL and not self._asked_to_end.is_set():
            print(f"ended with {code}; started again in {pause:.0f} s", flush=True)  # noqa: T201 - into the log of what it keeps
            self._asked_to_end.wait(pause)
            if not self._asked_to_end.is_set():
                lasted, code = self._run_once()
                quiet = lasted > _LONGEST_PAUSE_SECONDS
                pause = 1.0 if quiet else min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return code

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """Takes the signal that asks us to end, and hands it on."""
        self._asked_to_end.set()
        if self._child is not None:
            self._child.terminate()

    def _run_once(self) -> tuple[float, int]:
        began = time.monotonic()
        self._child = subprocess.Popen(self._command)
        self._guard.watch(identify(self._child.pid))
        if self._asked_to_end.is_set():
            self._child.terminate()
        code = self._child.wait()
        return time.monotonic() - began, code


def main(command: Sequence[str]) -> int:
    with Guard() as guard:
        keeper = Keeper(command, guard)
        signal.signal(signal.SIGTERM, keeper.end)
        signal.signal(signal.SIGINT, keeper.end)
        return keeper.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
