"""How a process ends: in order when asked to, and by force when its event loop does not answer.

A Python signal handler needs the main thread, and that of a hung process never comes back to it. So
a thread of its own waits for the signals, and the same thread sees to it that the process ends.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)
STOP_SECONDS = 12.0
"""After SIGTERM or SIGINT a process is gone after this, whatever its event loop does."""
SAY_SECONDS = 2.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Asked:
    """Waits for the first SIGTERM or SIGINT: tells the event loop; the process ends with 0 in time.

    Only from the main thread, before any other thread is started: threads inherit that these
    signals are blocked.
    """

    def __init__(self, seconds: float = STOP_SECONDS) -> None:
        assert threading.current_thread() is threading.main_thread(), "threads inherit from it"
        self._seconds = seconds
        self._asked = threading.Event()
        self._stop: Callable[[], None] | None = None
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=self._wait, name="stop-signal", daemon=True).start()

    def tell(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
        """Calls `stop` on the loop when asked to end, at once if that was before."""

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # The loop has ended by itself meanwhile.
                loop.call_soon_threadsafe(stop)

        self._stop = tell
        if self._asked.is_set():
            tell()

    def _wait(self) -> None:
        signal.sigwait(_SIGNALS)
        began = time.monotonic()
        self._asked.set()
        if self._stop is not None:
            self._stop()
        # Logging may block for ever: nobody may be reading what this process says.
        threading.Thread(target=LOG.info, args=("stopping",), daemon=True).start()
        while (left := began + self._seconds - time.monotonic()) > 0:
            time.sleep(left)
        end_now(0, lambda: LOG.critical("stop_forced", extra={"seconds": self._seconds}))


def end_within(seconds: float, code: int) -> None:
    """For a process that ends by itself: it does so after this, whatever it waits for meanwhile."""

    def wait() -> None:
        time.sleep(seconds)
        end_now(code, lambda: LOG.critical("stop_forced", extra={"seconds": seconds}))

    threading.Thread(target=wait, name="end-within", daemon=True).start()


def end_now(code: int, say: Callable[[], None]) -> None:
    """Ends the process even when nobody reads what it says. What it has done is never lost."""
    saying = threading.Thread(target=say, daemon=True)
    saying.start()
    saying.join(SAY_SECONDS)
    os._exit(code)
