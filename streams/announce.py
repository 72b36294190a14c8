"""The stage `announce`: accepted records of `trial.log` become public events. Void ones never do.

To know which are accepted after a takeover, the tip of each trial below the record at hand is read
from Redis; where Redis cannot say, the partition is read again from its beginning.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from streams.chain import EMPTY, Link, Tip, link
from streams.health import Health, patiently
from streams.inbox import Inbox, Item
from streams.kafka import Outgoing, Producer
from streams.lately import Lately
from streams.log_reader import LogReader
from streams.read_side import ReadSide
from streams.record import Record, UnreadableRecordError, parse, parse_without_forms
from streams.topics import EVENTS
from streams.topics import LOG as LOG_TOPIC

LOG = logging.getLogger(__name__)
MOST = 256
LOOKS = 200
LOOK_SECONDS = 0.01
"""How often, and how far apart, Redis is asked whether it has the record at hand."""

EventsOf = Callable[[Record], Sequence[bytes]]
"""The public events of a record as CloudEvents in JSON."""


class AnnounceStage:
    """One task runs `run`. Acknowledges a record when its public events are in Kafka."""

    def __init__(
        self,
        events_of: EventsOf,
        producer: Producer,
        read_side: ReadSide,
        reader: LogReader,
        health: Health,
        lately: Lately | None = None,
    ) -> None:
        self.inbox = Inbox(LOG_TOPIC, limit=4 * MOST)
        self._events_of = events_of
        self._producer = producer
        self._read_side = read_side
        self._reader = reader
        self._health = health
        self._lately = lately or Lately(0)
        self._tips: dict[int, dict[str, Tip]] = {}

    def assigned(self, partitions: Iterable[int]) -> None:
        self._forget(partitions)
        self.inbox.assigned(partitions)

    def revoked(self, partitions: Iterable[int]) -> None:
        self._forget(partitions)
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
        stored = item.value or b""
        try:
            known = self._lately.take(item.partition, item.offset, stored)
            record = known or parse_without_forms(stored)
        except UnreadableRecordError:
            LOG.error("void: unreadable record", extra={"offset": item.offset})
            return []
        tips = self._tips.setdefault(item.partition, {})
        tip = tips.get(record.trial_id)
        if tip is None:
            tip = await self._tip_before(record.trial_id, item)
        if tip is None:
            return []
        joined = link(tip, record.sequence, record.content.previous, record.hash)
        if joined is not Link.ACCEPTED:
            LOG.error("%s record", joined.value, extra={"offset": item.offset})
            tips[record.trial_id] = tip
            return []
        tips[record.trial_id] = Tip(record.sequence, record.hash)
        key = record.trial_id.encode()
        return [Outgoing(EVENTS, item.partition, key, event) for event in self._events_of(record)]

    async def _tip_before(self, trial_id: str, item: Item) -> Tip | None:
        """The trial's last accepted record below this one; none when that is not ours any more."""
        return await patiently(
            lambda: self._look(trial_id, item),
            self._health,
            "redis",
            lambda: self.inbox.is_current(item),
        )

    async def _look(self, trial_id: str, item: Item) -> Tip:
        for _ in range(LOOKS):
            head = (await self._read_side.heads((trial_id,)))[0]
            if head is not None and max(head.offset, head.through) >= item.offset:
                return await self._read_side.tip_before(trial_id, item.offset)
            await asyncio.sleep(LOOK_SECONDS)
        LOG.warning("Redis does not show the record: reading trial.log from its beginning")
        return await self._from_log(trial_id, item)

    async def _from_log(self, trial_id: str, item: Item) -> Tip:
        tip = EMPTY
        async for _, stored in self._reader.read(LOG_TOPIC, item.partition, 0, item.offset):
            try:
                record = parse(stored)
            except UnreadableRecordError:
                continue
            content = record.content
            if content.trial != trial_id:
                continue
            if link(tip, content.sequence, content.previous, record.hash) is Link.ACCEPTED:
                tip = Tip(content.sequence, record.hash)
        return tip

    def _forget(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._tips.pop(partition, None)
