"""Halted trials as the owner handles them: mark them after a recovery, see when one may go on."""

import base64
import logging
import time
from collections.abc import Mapping

from streams.halts import Halt, fold, halts_of
from streams.inbox import Item
from streams.kafka import Outgoing, Producer
from streams.ledger import Ledger
from streams.log_reader import LogReader
from streams.parked import Resumed, kept, marker
from streams.ports import Rules
from streams.topics import PARKED

LOG = logging.getLogger(__name__)
KEEP_MS = 10 * 24 * 3600 * 1000
"""A third of the time after which Kafka forgets them: two more attempts fit in."""
KEPT_AT_ONCE = 100
KEEP_LOOK_SECONDS = 600.0


class Resuming:
    """Remembers how far `trial.parked` was read, for each partition."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._seen: dict[int, tuple[int, dict[str, Halt]]] = {}
        self._looked: dict[int, float] = {}

    async def halt(self, ledger: Ledger, rules: Rules) -> Mapping[str, Halt]:
        """Halts in the ledger what is halted; returns all halts, those to be resumed included."""
        halts, end = await halts_of(self._reader, ledger.partition)
        self._seen[ledger.partition] = (end, halts)
        halts_now = {trial_id: halt for trial_id, halt in halts.items() if not halt.over}
        for trial_id, halt in halts_now.items():
            ledger.of(trial_id, rules).halted = not halt.resumed
        return halts_now

    async def asked(self, ledger: Ledger) -> bool:
        """Whether an operator has asked to resume a trial since; free while none is halted."""
        if not any(known.halted for known in ledger.trials.values()):
            return False
        start, halts = self._seen[ledger.partition]
        end = await self._reader.end(PARKED, ledger.partition)
        async for _, stored in self._reader.read(PARKED, ledger.partition, start, end):
            fold(halts, stored)
        self._seen[ledger.partition] = (end, halts)
        return any(halt.resumed for halt in halts.values())

    def may_age(self, partition: int) -> bool:
        """Once in a while: whether it is time to look at how old the parked messages are."""
        now = time.monotonic()
        if now - self._looked.setdefault(partition, now) < KEEP_LOOK_SECONDS:
            return False
        self._looked[partition] = now
        return True

    async def keep(self, ledger: Ledger, producer: Producer, now_ms: int) -> None:
        """Sends what is parked of a halted trial again, before Kafka forgets it.

        `trial.parked` is kept for 30 days, and a trial may be halted for longer.
        """
        _, halts = self._seen[ledger.partition]
        for trial_id, halt in halts.items():
            if halt.over or halt.resumed or now_ms - halt.oldest_ms() < KEEP_MS:
                continue
            messages = halt.in_order()
            for start in range(0, len(messages), KEPT_AT_ONCE):
                chunk = enumerate(messages[start : start + KEPT_AT_ONCE], start)
                await producer.send_all([kept(m, now_ms, place) for place, m in chunk])
            LOG.warning("parked kept", extra={"trial": trial_id, "records": len(messages)})

    def items(self, partition: int, halt: Halt) -> list[Item]:
        """The parked commands as they came, belonging to no ownership: nothing to acknowledge."""
        return [
            Item(
                partition=partition,
                epoch=0,
                offset=message.source.offset,
                timestamp_ms=message.timestamp_ms,
                key=None,
                value=base64.b64decode(message.payload),
            )
            for message in halt.in_order()
        ]

    def mark(self, trial_id: str, partition: int) -> Outgoing:
        return marker(Resumed(trial=trial_id), partition)
