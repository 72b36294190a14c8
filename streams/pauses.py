"""Keeps the pauses of Python's garbage collector out of decisions and of answers.

A full collection walks every object that lives. With the trials in memory that takes 100 ms and
more, in the middle of a batch. So what has come to stay is set aside (`gc.freeze`): it is freed as
ever when nothing refers to it any more, but it is not walked again.
"""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LOG = logging.getLogger(__name__)
THRESHOLDS = (20_000, 20, 10_000)
"""Young objects before the first and the second generation are walked; the third one never is."""
EVERY_SECONDS = 2.0
ALL_SECONDS = 3600.0
"""How often all is walked: an object set aside may be garbage that only a walk can find."""
LONGEST_SECONDS = 3 * ALL_SECONDS
"""The longest that a busy process puts that off."""


def set_aside_all() -> None:
    """Once a process has started: what it consists of is alive and stays."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


@asynccontextmanager
async def short_pauses(idle: Callable[[], bool] = lambda: True) -> AsyncIterator[None]:
    """While inside: sets aside what has come to stay; walks all when `idle`, once an hour."""
    task = asyncio.create_task(_keep_short(idle))
    try:
        yield
    finally:
        task.cancel()


async def _keep_short(idle: Callable[[], bool]) -> None:
    set_aside_all()
    walked = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        since = time.monotonic() - walked
        if since > LONGEST_SECONDS or (since > ALL_SECONDS and idle()):
            began = time.monotonic()
            set_aside_all()
            walked = time.monotonic()
            LOG.info("all objects walked", extra={"seconds": round(walked - began, 3)})
        else:
            # Under load the older generations had no garbage, and walking them cost a sixth of all.
            gc.collect(0)
            gc.freeze()
