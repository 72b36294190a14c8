"""What the watchdog of a worker looks at: its stages, what is in flight, and how far it is behind.

How far behind is asked of Kafka apart from Faust, so that a consumer that silently stands is seen.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiokafka.errors import KafkaError

from streams.health import Health
from streams.inbox import Inbox
from streams.log_reader import LogReader
from streams.pulse import Pulse
from streams.watch import LOOKS, Lag, Place, Sample

LOG = logging.getLogger(__name__)
Committed = Callable[[str, int], int | None]
"""The committed offset of a topic and partition, as the consumer knows it."""


class Watched:
    """One worker. Before `stages` are told there is only its event loop to be watched."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._stages: Mapping[str, Inbox] = {}
        self._pulses: dict[str, Pulse] = {}
        self._looks = 0
        self._lags: dict[Place, Lag] = {}

    def stages(self, stages: Mapping[str, Inbox], others: tuple[Pulse, ...]) -> None:
        """Topic -> inbox of its stage, and the pulses of tasks that have none."""
        self._stages = stages
        pulses = (*(inbox.pulse for inbox in stages.values()), *others)
        self._pulses = {pulse.name: pulse for pulse in pulses}

    def pulse(self, name: str) -> Pulse | None:
        return self._pulses.get(name)

    def sample(self, number: int) -> Sample:
        return Sample(
            number=number,
            beats={name: pulse.beats for name, pulse in self._pulses.items() if pulse.beats},
            oldest={
                (topic, partition): oldest
                for topic, inbox in self._stages.items()
                for partition, oldest in inbox.oldest().items()
            },
            looks=self._looks,
            lags=self._lags,
            waits=self._health.waits,
            recovering=not self._health.recovered,
        )

    async def look_at_lag(self, reader: LogReader, committed: Committed, window: float) -> None:
        """For ever: so often that `LOOKS` of them make the window, in seconds."""
        while True:
            await asyncio.sleep(window / LOOKS)
            try:
                self._lags = {
                    (topic, partition): Lag(done, max(0, end - done))
                    for topic, inbox in self._stages.items()
                    for partition, end in (await reader.ends(topic, inbox.owned)).items()
                    if (done := _done(topic, inbox, partition, committed)) is not None
                }
            except (KafkaError, OSError, TimeoutError):
                continue  # The stages say that Kafka is away.
            self._looks += 1


def _done(topic: str, inbox: Inbox, partition: int, committed: Committed) -> int | None:
    """Up to where the partition is done; none when it is not ours any more or not known yet."""
    if inbox.epoch(partition) is None:
        return None
    done = inbox.done_up_to(partition)
    return committed(topic, partition) if done is None else done
