"""A fault hook for tests: ends the worker as `kill -9` does at a named point. Inert by default.

`HOLDFAST_CRASH_AT=sent:3` kills the process when it has passed the point `sent` for the third time.
The points are the steps of a batch of `decide`: decided, sent, published, acknowledged.
"""

import os
import signal
from typing import Literal

Point = Literal["decided", "sent", "published", "acknowledged"]

_point, _, _times = os.environ.get("HOLDFAST_CRASH_AT", "").partition(":")
_left = int(_times or "1")


def crash_point(point: Point) -> None:
    """Returns at once unless this is the point, and the time, that the environment names."""
    global _left
    if point == _point:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
