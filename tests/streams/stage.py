"""One owner of partitions without Faust: the real stage on real Kafka and Redis, fed by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from enrollment.commands import JudgedRequest
from streams.chain import Link, Tip, link
from streams.decide import DecideStage
from streams.health import Health
from streams.kafka import Outgoing, Producer
from streams.log_reader import LogReader
from streams.parked import ENTRY, ParkedMessage
from streams.partition import partition_of
from streams.ports import Rules
from streams.read_side import ReadSide
from streams.rebuild import Rebuild, Requests
from streams.record import Record, UnreadableRecordError, parse
from streams.recovery import Recovery
from streams.redis_client import Client, redis_client
from streams.settings import Settings
from streams.snapshots import Snapshots
from streams.topics import LOG, PARKED
from tests.streams.counting import AT, COUNTING, command_id, request


@dataclass
class Owner:
    """Owns what it is told to own and decides what it is handed, when `handle` is called."""

    settings: Settings
    rules: Rules = COUNTING
    offset: int = 0
    health: Health = field(default_factory=Health)

    async def start(self) -> "Owner":
        self.producer = Producer(self.settings)
        self.redis: Client = redis_client(self.settings)
        self.read_side = ReadSide(self.redis)
        self.snapshots = Snapshots(self.redis)
        self.reader = LogReader(self.settings)
        self.parked = LogReader(self.settings)
        await self.producer.start()
        await self.reader.start()
        await self.parked.start()
        self.stage = DecideStage(
            self.settings,
            self.rules,
            self.producer,
            self.read_side,
            Recovery(
                self.reader,
                self.read_side,
                self.rules,
                self._append,
                self.health.cases,
                self.snapshots,
                Rebuild(self.reader, self.redis, Requests(self.redis), self.health.cases),
            ),
            self.parked,
            self.health,
        )
        return self

    async def stop(self) -> None:
        await self.producer.stop()
        await self.reader.stop()
        await self.parked.stop()
        await self.redis.aclose()

    def own(self, trial_id: str) -> None:
        self.stage.assigned([self.partition(trial_id)])

    def partition(self, trial_id: str) -> int:
        return partition_of(trial_id, self.settings.partitions)

    async def put(self, requests: Sequence[JudgedRequest], at: datetime = AT) -> None:
        for one in requests:
            await self.put_raw(one.trial_id, one.model_dump_json().encode(), at)

    async def put_raw(self, trial_id: str, value: bytes, at: datetime = AT) -> None:
        partition = self.partition(trial_id)
        await self.stage.inbox.put(
            partition, self.offset, at.timestamp() * 1000, trial_id.encode(), value
        )
        self.offset += 1

    async def decide(self, requests: Sequence[JudgedRequest]) -> None:
        """Is handed these, and decides all that waits."""
        await self.put(requests)
        await self.handle()

    async def handle(self) -> None:
        """Decides all that waits, as the task of the stage does."""
        await self.stage.handle(await self.stage.inbox.take(0, 1000))

    def acknowledged(self, trial_id: str) -> int:
        """The offset that it would commit."""
        return self.stage.inbox.to_commit().get(self.partition(trial_id), 0)

    async def _append(self, partition: int, trial_id: str, records: list[bytes]) -> list[int]:
        return await self.producer.send_all(
            [Outgoing(LOG, partition, trial_id.encode(), stored) for stored in records]
        )


async def accepted(reader: LogReader, partition: int, trial_id: str) -> list[Record]:
    """The accepted chain of a trial, read from `trial.log` by the chain rule alone."""
    tip, chain = Tip(), []
    end = await reader.end(LOG, partition)
    async for _, stored in reader.read(LOG, partition, 0, end):
        try:
            record = parse(stored)
        except UnreadableRecordError:
            continue
        content = record.content
        if content.trial != trial_id:
            continue
        if link(tip, content.sequence, content.previous, record.hash) is Link.ACCEPTED:
            tip = Tip(content.sequence, record.hash)
            chain.append(record)
    return chain


async def published(read_side: ReadSide, trial_id: str) -> list[bytes]:
    return [held.stored async for held in read_side.entries(trial_id)]


async def parked(reader: LogReader, partition: int, trial_id: str) -> list[ParkedMessage]:
    end = await reader.end(PARKED, partition)
    entries = [ENTRY.validate_json(v) async for _, v in reader.read(PARKED, partition, 0, end)]
    return [e for e in entries if isinstance(e, ParkedMessage) and e.trial == trial_id]


async def decided(owner: Owner, trial: str, up_to: int) -> list[int]:
    """The numbers of the commands in the accepted chain, in order."""
    chain = await accepted(owner.reader, owner.partition(trial), trial)
    by_id = {command_id(trial, number): number for number in range(up_to)}
    return [by_id[record.content.command_id] for record in chain]


async def numbers_decided(owner: Owner, trial: str, up_to: int) -> list[int]:
    """The same; Redis must show the very same chain."""
    chain = await accepted(owner.reader, owner.partition(trial), trial)
    assert await published(owner.read_side, trial) == [record.stored for record in chain]
    assert [record.sequence for record in chain] == list(range(len(chain)))
    return await decided(owner, trial, up_to)


async def halted(owner: Owner, trial: str) -> None:
    """Command 1 raises; 2 and 3 come behind it."""
    owner.own(trial)
    await owner.decide([request(trial, 0), request(trial, 1, "boom"), request(trial, 2)])
    await owner.decide([request(trial, 3)])
