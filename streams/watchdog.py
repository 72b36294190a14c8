"""Watches this process from a thread: ends it, by name, when it hangs; a supervisor restarts it."""

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from streams.pulse import Pulse
from streams.stopping import end_now
from streams.watch import Alarm, Limits, Sample, Watch

LOG = logging.getLogger(__name__)
EXIT_HUNG = 70
STEP_SECONDS = 0.5
STUCK_IN_C_SECONDS = 10.0
"""The most, of CPU time, without a turn of any Python thread: then SIGPROF ends the process."""

TakeSample = Callable[[int], Sample]
"""Called on the event loop with the number of the sample."""
PulseOf = Callable[[str], Pulse | None]


class Watchdog:
    """`run` belongs on the event loop and takes samples; a thread looks at them until `stop`."""

    def __init__(
        self, limits: Limits, take: TakeSample = Sample, pulse_of: PulseOf = lambda _: None
    ) -> None:
        self._watch = Watch(limits)
        self._stuck = min(STUCK_IN_C_SECONDS, limits.loop)
        self._take = take
        self._pulse_of = pulse_of
        self._sample = Sample(0)
        self._stopped = threading.Event()

    async def run(self) -> None:
        """For ever: the heart beat of the loop."""
        number = 0
        self._start()
        while True:
            number += 1
            self._sample = self._take(number)
            await asyncio.sleep(STEP_SECONDS / 2)

    def stop(self) -> None:
        """What ends in order is watched by `streams.stopping` instead."""
        self._stopped.set()
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _start(self) -> None:
        threading.Thread(target=self._look, name="watchdog", daemon=True).start()

    def _look(self) -> None:
        before = time.monotonic()
        while not self._stopped.wait(STEP_SECONDS):
            signal.setitimer(signal.ITIMER_PROF, self._stuck)
            now = time.monotonic()
            # Longer than that it did not run itself: the process was stopped, or the machine slept.
            step, before = min(now - before, 2 * STEP_SECONDS), now
            for alarm in self._watch.look(step, self._sample):
                if alarm.ends:
                    end_now(EXIT_HUNG, partial(self._say, alarm))
                self._say(alarm)
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _say(self, alarm: Alarm) -> None:
        pulse = self._pulse_of(alarm.stage)
        own = {
            "stage": alarm.stage,
            "partition": alarm.partition,
            "seconds": round(alarm.seconds, 1),
            "behind": alarm.behind,
            "where": _main_thread() if pulse is None else pulse.where(),
        }
        level = logging.CRITICAL if alarm.ends else logging.ERROR
        LOG.log(level, alarm.what, extra={k: v for k, v in own.items() if v is not None})


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Runs `work` while inside. It has no end of its own: if it raises, so does the process."""
    task = asyncio.create_task(work)
    task.add_done_callback(_must_go_on)
    try:
        yield
    finally:
        task.cancel()


def _must_go_on(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        error = task.exception()
        end_now(EXIT_HUNG, lambda: LOG.critical("the watchdog ends: %s", type(error).__name__))


def _main_thread() -> list[str]:
    """Where the event loop stands: file, line and function, outermost first."""
    found = []
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return found[::-1]
