"""Says in the log what is refused in masses: at once, then once a minute, and how often since."""

import logging
import math
from typing import Any

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 60.0


class Seldom:
    """Of one thing that is refused; the caller tells the time, in seconds that never go back."""

    def __init__(self, says: str, **ids: Any) -> None:
        self._says = says
        self._ids = ids
        self._told = -math.inf
        self._refused = 0

    def refused(self, now: float) -> None:
        self._refused += 1
        if now - self._told >= EVERY_SECONDS:
            LOG.warning(self._says, extra={"refused": self._refused, **self._ids})
            self._told, self._refused = now, 0
