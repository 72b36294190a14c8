"""A Kafka and a Redis in memory whose every answer comes when a seeded scheduler lets it.

One partition, two workers with the real stage, ledger and recovery. Records of a worker that is
gone or no longer the owner may land at any later time, in the order in which they were sent.
"""

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from enrollment.answer import Answer
from enrollment.commands import JudgedRequest
from enrollment.trial import Trial
from streams.chain import EMPTY, Link, Tip, link
from streams.decide import DecideStage
from streams.health import Health
from streams.kafka import Outgoing
from streams.partition import partition_of
from streams.ports import Rules
from streams.read_side import Entry, Head, Held, Publication, Reply
from streams.record import Record, parse
from streams.recovery import Recovery
from streams.settings import Settings
from streams.topics import LOG
from tests.streams.counting import AT, COUNTING, Counted, count

SETTINGS = Settings(kafka_bootstrap="none:1", redis_url="redis://none", partitions=1)


@dataclass
class RedisState:
    """What `publish.lua` keeps, per trial: records, and how far its head says it was read."""

    logs: dict[str, list[Held]] = field(default_factory=dict)
    through: dict[str, int] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    listed_through: int = -1


@dataclass
class World:
    """The shared parts, and the waiting steps of both workers that the scheduler chooses from."""

    chance: random.Random
    commands: Sequence[JudgedRequest]
    log: list[bytes] = field(default_factory=list)
    redis: RedisState = field(default_factory=RedisState)
    committed: int = 0
    lives: int = 0
    owner: int = 0
    frozen: tuple[str, int] | None = None
    """What the scheduler leaves alone for a while: a worker's steps, or what it sent."""
    gates: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)
    in_flight: dict[int, list[tuple[bytes, asyncio.Future[int]]]] = field(default_factory=dict)

    async def gate(self, worker: int) -> None:
        """A step of a worker: goes on when the scheduler says so."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gates.append((worker, future))
        await future

    def accepted(self) -> dict[str, list[Record]]:
        chains: dict[str, list[Record]] = {}
        for stored in self.log:
            record = parse(stored)
            chain = chains.setdefault(record.trial_id, [])
            tip = Tip(chain[-1].sequence, chain[-1].hash) if chain else EMPTY
            content = record.content
            if link(tip, content.sequence, content.previous, record.hash) is Link.ACCEPTED:
                chain.append(record)
        return chains


@dataclass
class MemoryKafka:
    """Producer and reader of one worker."""

    world: World
    worker: int

    async def send_all(self, messages: Sequence[Outgoing]) -> list[int]:
        assert all(message.topic == LOG for message in messages)
        loop = asyncio.get_running_loop()
        sent = [(message.value, loop.create_future()) for message in messages]
        self.world.in_flight.setdefault(self.worker, []).extend(sent)
        offsets = [await future for _, future in sent]
        await self.world.gate(self.worker)
        return offsets

    async def end(self, topic: str, partition: int) -> int:
        await self.world.gate(self.worker)
        return len(self.world.log) if topic == LOG else 0

    async def ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        return {partition: await self.end(topic, partition) for partition in partitions}

    async def read(
        self, topic: str, partition: int, start: int, end: int
    ) -> AsyncIterator[tuple[int, bytes]]:
        for offset in range(start, end):
            yield offset, self.world.log[offset]

    async def at(self, topic: str, partition: int, offset: int, end: int) -> bytes | None:
        await self.world.gate(self.worker)
        return self.world.log[offset] if 0 <= offset < end else None


@dataclass
class MemoryRedis:
    """The contract of `publish.lua` and of the reads, one round trip a step."""

    world: World
    worker: int

    async def publish(
        self, publications: Sequence[Publication], new: Iterable[tuple[int, str]] = ()
    ) -> list[Reply]:
        await self.world.gate(self.worker)
        replies = [self._publish(publication) for publication in publications]
        self.world.redis.listed.update(trial_id for _, trial_id in new)
        await self.world.gate(self.worker)
        return replies

    def _publish(self, publication: Publication) -> Reply:
        state, trial_id = self.world.redis, publication.trial_id
        log = state.logs.get(trial_id, [])
        new: list[Entry] = []
        for entry in publication.entries:
            if entry.sequence < len(log):
                if log[entry.sequence].hash != entry.hash:
                    return Reply.OTHER
            else:
                new.append(entry)
        tail = log[-1].hash if log else ""
        if new and new[0].sequence != len(log):
            return Reply.GAP
        if (new and new[0].previous != tail) or (
            not publication.entries and publication.before != tail
        ):
            return Reply.OTHER
        if new:
            added = [Held(e.sequence, e.hash, e.offset, e.stored) for e in new]
            state.logs[trial_id] = [*log, *added]
        if publication.entries or log:
            known = state.through.get(trial_id, -1)
            state.through[trial_id] = max(publication.through, known)
        return Reply.OK

    async def listed(self, partition: int) -> tuple[tuple[str, ...], int]:
        await self.world.gate(self.worker)
        return tuple(sorted(self.world.redis.listed)), self.world.redis.listed_through

    async def list_all(self, partition: int, trial_ids: Iterable[str], through: int) -> None:
        await self.world.gate(self.worker)
        self.world.redis.listed.update(trial_ids)
        self.world.redis.listed_through = through

    async def heads(self, trial_ids: Sequence[str]) -> list[Head | None]:
        await self.world.gate(self.worker)
        state = self.world.redis
        return [
            Head(log[-1].sequence, log[-1].hash, log[-1].offset, state.through[trial_id])
            if (log := state.logs.get(trial_id))
            else None
            for trial_id in trial_ids
        ]

    async def entries(self, trial_id: str, after: int = -1) -> AsyncIterator[Held]:
        await self.world.gate(self.worker)
        for held in self.world.redis.logs.get(trial_id, [])[after + 1 :]:
            yield held

    async def place(self, trial_id: str, tip: Tip, offset: int, through: int) -> Reply:
        await self.world.gate(self.worker)
        log = self.world.redis.logs.get(trial_id)
        if not log or log[-1].hash != tip.hash:
            return Reply.OTHER
        self.world.redis.through[trial_id] = through
        return Reply.OK

    async def quarantine(self, partition: int, trial_id: str) -> str:
        raise AssertionError("Redis shows what was never accepted")


def of_another_version(number: int) -> Rules:
    """Decides the same command to other bytes, as another version of the rules may do.

    With equal deciders two owners write equal records, which hides most of what can go wrong.
    """

    def decide(trial: Trial, request: JudgedRequest) -> Counted:
        counted = count(trial, request)
        return Counted(counted.events, Answer(outcome="recorded", sentence=f"version {number}"))

    return replace(COUNTING, decide=decide)


class Life:
    """One life of a worker: from taking over (or believing to own) until it is stopped."""

    def __init__(self, world: World, worker: int) -> None:
        self.world = world
        self.worker = worker
        kafka, redis = MemoryKafka(world, worker), MemoryRedis(world, worker)
        world.lives += 1
        rules = of_another_version(world.lives)
        recovery = Recovery(kafka, redis, rules, self._append)  # type: ignore[arg-type]
        self.stage = DecideStage(
            SETTINGS,
            rules,
            kafka,  # type: ignore[arg-type]
            redis,  # type: ignore[arg-type]
            recovery,
            kafka,  # type: ignore[arg-type]
            Health(),
        )
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.stage.assigned([0])
        at = self.world.committed
        while True:
            most = self.world.chance.randint(1, 3)
            for offset in range(at, min(at + most, len(self.world.commands))):
                request = self.world.commands[offset]
                assert partition_of(request.trial_id, 1) == 0
                value = request.model_dump_json().encode()
                await self.stage.inbox.put(0, offset, AT.timestamp() * 1000, b"", value)
            items = await self.stage.inbox.take(0, 10)
            await self.world.gate(self.worker)
            await self.stage._recover_owned()
            await self.stage.handle(items)
            await self.stage._tick()
            done = self.stage.inbox.to_commit().get(0)
            if done is not None and self.world.owner == self.worker:
                # A stale worker's commit is refused by the group.
                self.world.committed = max(self.world.committed, done)
            at = done if done is not None else at

    async def _append(self, partition: int, trial_id: str, records: list[bytes]) -> list[int]:
        raise AssertionError("Redis had more than trial.log")


def snapshot(state: RedisState) -> RedisState:
    return copy.deepcopy(state)
