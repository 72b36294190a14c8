"""The stage `announce`: accepted records of `trial.log` become public events. Void ones never do.

To know which are accepted after a takeover, each trial is first folded from Redis up to the record at
hand; where Redis cannot say, the partition is read again from its beginning.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from enrollment.trial import Trial
from streams.chain import Link
from streams.health import Health, patiently
from streams.inbox import Inbox, Item
from streams.kafka import Outgoing, Producer
from streams.ledger import Ledger, TrialLedger, fold
from streams.log_reader import LogReader
from streams.ports import Rules
from streams.read_side import ReadSide
from streams.record import Record, UnreadableRecordError, parse
from streams.topics import EVENTS
from streams.topics import LOG as LOG_TOPIC

LOG = logging.getLogger(__name__)
MOST = 256
LOOKS = 40
LOOK_SECONDS = 0.05
"""How often, and how far apart, Redis is asked whether it has the record at hand."""

EventsOf = Callable[[Record, Trial], Sequence[bytes]]
"""The public events of a record as CloudEvents in JSON, given the trial before it."""


class AnnounceStage:
    """One task runs `run`. Acknowledges a record when its public events are in Kafka."""

    def __init__(
        self,
        rules: Rules,
        events_of: EventsOf,
        producer: Producer,
        read_side: ReadSide,
        reader: LogReader,
        health: Health,
    ) -> None:
        self.inbox = Inbox(LOG_TOPIC, limit=4 * MOST)
        self._rules = rules
        self._events_of = events_of
        self._producer = producer
        self._read_side = read_side
        self._reader = reader
        self._health = health
        self._ledgers: dict[int, Ledger] = {}

    def assigned(self, partitions: Iterable[int]) -> None:
        self.revoked(partitions)
        self.inbox.assigned(partitions)

    def revoked(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._ledgers.pop(partition, None)
        self.inbox.revoked(partitions)

    async def run(self) -> None:
        while True:
            items = await self.inbox.take(1.0, MOST)
            await self.handle([item for item in items if self.inbox.is_current(item)])

    async def handle(self, items: Sequence[Item]) -> None:
        """Returns when the public events of these are in Kafka, each trial's in order."""
        outgoing: list[Outgoing] = []
        for item in items:
            outgoing += await self._public(item)
        if outgoing:
            await self._producer.send_all(outgoing)
        self.inbox.done(items)

    async def _public(self, item: Item) -> list[Outgoing]:
        try:
            record = parse(item.value or b"")
        except UnreadableRecordError:
            LOG.error("void: unreadable record", extra={"offset": item.offset})
            return []
        ledger = self._ledgers.setdefault(item.partition, Ledger(item.partition))
        if record.trial_id not in ledger.trials:
            known = await self._before(record, item)
            if known is None or not self.inbox.is_current(item):
                return []
            ledger.trials[record.trial_id] = known
        trial = ledger.trials[record.trial_id].trial
        joined = ledger.read(record, item.offset, self._rules)
        if joined is not Link.ACCEPTED:
            LOG.error("%s record", joined.value, extra={"offset": item.offset})
            return []
        key = record.trial_id.encode()
        return [
            Outgoing(EVENTS, item.partition, key, event)
            for event in self._events_of(record, trial)
        ]

    async def _before(self, record: Record, item: Item) -> TrialLedger | None:
        """The trial as its accepted records below this offset leave it."""
        found = await patiently(
            lambda: self._before_or_none(record, item),
            self._health,
            "redis",
            lambda: self.inbox.is_current(item),
        )
        return found

    async def _before_or_none(self, record: Record, item: Item) -> TrialLedger:
        for _ in range(LOOKS):
            heads = await self._read_side.heads((record.trial_id,))
            head = heads[0]
            if head is not None and max(head.offset, head.through) >= item.offset:
                return await self._from_redis(record.trial_id, item.offset)
            await asyncio.sleep(LOOK_SECONDS)
        return await self._from_log(record.trial_id, item)

    async def _from_redis(self, trial_id: str, offset: int) -> TrialLedger:
        known = TrialLedger(self._rules.new_trial(trial_id))
        async for held in self._read_side.entries(trial_id):
            if held.offset >= offset:
                break
            fold(known, parse(held.stored), held.offset, self._rules)
        return known

    async def _from_log(self, trial_id: str, item: Item) -> TrialLedger:
        LOG.warning("Redis does not show the record: reading trial.log from its beginning")
        ledger = Ledger(item.partition)
        async for offset, stored in self._reader.read(LOG_TOPIC, item.partition, 0, item.offset):
            try:
                record = parse(stored)
            except UnreadableRecordError:
                continue
            if record.trial_id == trial_id:
                ledger.read(record, offset, self._rules)
        return ledger.of(trial_id, self._rules)
