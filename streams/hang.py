"""A fault hook for tests: hangs the worker at a named point of a batch. Inert by default.

`HOLDFAST_HANG_AT=decided:await` waits there for ever; `sleep` blocks the event loop, `spin` blocks
every thread of the process, in C. The points are those of `streams.crash`.
"""

import asyncio
import itertools
import os
import time

from streams.crash import Point

_point, _, _how = os.environ.get("HOLDFAST_HANG_AT", "").partition(":")


async def hang_point(point: Point) -> None:
    """Returns at once, without a turn of the loop, unless the environment names this point."""
    if point != _point:
        return
    if _how == "sleep":
        time.sleep(1_000_000)
    elif _how == "spin":
        sum(itertools.repeat(1))
    else:
        await asyncio.Event().wait()
