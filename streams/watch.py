"""What a watchdog calls a hang: rules over samples of a process, without any clock or thread.

Time is what the watchdog itself lived through: a process that was stopped, or a machine that slept,
has not hung. While an unreachable Kafka or Redis is waited for nothing counts as hanging but an
event loop that is blocked.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

LOOKS: Final = 6
"""How many looks at the lag make its window; it grows if all newer ones are above all older."""
LARGE_LAG: Final = 1000
"""Below this many messages a lag that grows is traffic, unless nothing at all is done."""

Place = tuple[str, int]
"""A stage and a partition."""
What = Literal["loop_blocked", "hung_stage", "message_too_long", "lag_grows"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which each is said."""

    loop: float
    stage: float = 60.0
    message: float = 180.0


@dataclass(frozen=True, slots=True)
class Lag:
    """`done`: the offset up to which a partition is done; `behind`: how many messages wait."""

    done: int
    behind: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment, taken on its event loop. `number` grows with every sample."""

    number: int
    beats: Mapping[str, int] = field(default_factory=dict)
    oldest: Mapping[Place, tuple[int, int]] = field(default_factory=dict)
    """The oldest message in flight: the number of the ownership, and the offset."""
    looks: int = 0
    lags: Mapping[Place, Lag] = field(default_factory=dict)
    """As of look number `looks`."""
    waits: bool = False
    """For a Kafka or a Redis that cannot be reached."""
    recovering: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """`ends`: the process is worth nothing any more and has to be started again."""

    what: What
    stage: str
    partition: int | None
    seconds: float
    ends: bool = True
    behind: int | None = None


class Watch:
    """Compares each sample with the ones before it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._still: dict[Hashable, tuple[Hashable, float]] = {}
        self._looks = 0
        self._seconds = 0.0
        self._lags: dict[Place, deque[Lag]] = {}

    def look(self, step: float, sample: Sample) -> list[Alarm]:
        """`step`: the seconds since the last call that the watchdog lived through."""
        before = self._still
        self._still = {}

        def still(key: Hashable, value: Hashable, counts: bool = True) -> float:
            """For how long this has been the same, only counting when it is told to."""
            known, seconds = before.get(key, (None, 0.0))
            seconds = 0.0 if known != value else seconds + (step if counts else 0.0)
            self._still[key] = (value, seconds)
            return seconds

        self._seconds += step
        blocked = still("loop", sample.number)
        # A sample that is not new says nothing about the stages.
        counts = blocked == 0.0 and not sample.waits
        alarms = []
        if blocked > self._limits.loop:
            alarms.append(Alarm("loop_blocked", "event loop", None, blocked))
        for name, beats in sample.beats.items():
            seconds = still(name, beats, counts)
            if seconds > self._limits.stage:
                alarms.append(Alarm("hung_stage", name, None, seconds))
        counts = counts and not sample.recovering
        for (stage, partition), oldest in sample.oldest.items():
            seconds = still((stage, partition, "oldest"), oldest, counts)
            if seconds > self._limits.message:
                alarms.append(Alarm("message_too_long", stage, partition, seconds))
        for (stage, partition), lag in sample.lags.items():
            value = (lag.done, lag.behind > 0)
            seconds = still((stage, partition, "lag"), value, counts and lag.behind > 0)
            if seconds > self._limits.message:
                behind = lag.behind
                alarms.append(Alarm("message_too_long", stage, partition, seconds, behind=behind))
        return alarms + self._growing(sample)

    def _growing(self, sample: Sample) -> list[Alarm]:
        """At most once a window for each partition; nothing while Kafka or Redis is away."""
        if sample.looks == self._looks:
            return []
        self._looks = sample.looks
        if sample.waits or sample.recovering:
            self._lags = {}
        alarms = []
        seconds, self._seconds = self._seconds * (LOOKS - 1), 0.0
        kept = {place: self._lags.get(place, deque(maxlen=LOOKS)) for place in sample.lags}
        self._lags = kept
        for (stage, partition), lag in sample.lags.items():
            window = kept[stage, partition]
            window.append(lag)
            if len(window) == LOOKS and grows(tuple(window)):
                alarms.append(Alarm("lag_grows", stage, partition, seconds, False, lag.behind))
                window.clear()
        return alarms


def grows(window: tuple[Lag, ...]) -> bool:
    """Whether messages come faster than they are done: a large lag, or nothing done at all."""
    behind = [lag.behind for lag in window]
    half = len(window) // 2
    if min(behind[half:]) > max(behind[:half]) and behind[-1] >= LARGE_LAG:
        return True
    return behind[-1] > behind[0] > 0 and len({lag.done for lag in window}) == 1
