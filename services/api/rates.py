"""How many writes an actor may send: a bucket of tokens each, in this process alone."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.commands import Actor
from services.api.problems import TOO_MANY_WRITES, Problem
from services.api.seldom import Seldom
from services.settings import ApiSettings

ACTORS_MAX = 10_000
"""More buckets than any token file has actors; a full bucket can be forgotten without a loss."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    told: Seldom


class WriteRates:
    """One for the process; `clock` gives seconds that never go back."""

    def __init__(self, settings: ApiSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = float(settings.writes_per_second)
        self._burst = float(settings.writes_burst)
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, actor: Actor) -> None:
        """Takes one of the actor's tokens, or raises a 429 that says when there is one again."""
        now = self._clock()
        bucket = self._buckets.get(actor.id)
        if bucket is None:
            bucket = self._new(actor.id, now)
        filled = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        if filled < 1.0:
            bucket.tokens = filled
            bucket.told.refused(now)
            raise self._too_many((1.0 - filled) / self._rate)
        bucket.tokens = filled - 1.0

    def _new(self, name: str, now: float) -> _Bucket:
        if len(self._buckets) >= ACTORS_MAX:
            full_after = self._burst / self._rate
            kept = {one: b for one, b in self._buckets.items() if now - b.at < full_after}
            self._buckets = kept
        made = self._buckets[name] = _Bucket(
            self._burst, now, Seldom("too many writes", actor=name)
        )
        return made

    def _too_many(self, seconds: float) -> Problem:
        limit = f"{self._rate:g} a second, {self._burst:g} at once"
        return Problem(
            TOO_MANY_WRITES,
            f"Nothing was written: one actor may send {limit}, to this process.",
            headers={"Retry-After": str(max(1, math.ceil(seconds)))},
        )
