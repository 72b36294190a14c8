"""The ports of one life of a worker: each call is a step that waits until the scheduler lets it go.

Between two steps a worker runs alone. What never changes once it is there (a record at its offset)
is read without a step.
"""

from collections.abc import AsyncIterator, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaConnectionError
from redis.exceptions import ConnectionError as RedisConnectionError

from streams.chain import Tip
from streams.kafka import Outgoing, SendFailedError
from streams.read_side import Entry, Head, Held, Publication, Reply, Shown
from streams.topics import LOG
from tests.streams.world import RedisState, Sent, World

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """What a worker does next, and which shared things that reads and changes."""

    name: str
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self)


@dataclass(slots=True)
class Landing:
    """Waits until all that was sent has landed."""

    sent: Sent

    def __await__(self) -> Generator[Any, Any, Any]:
        while not self.sent.landed:
            yield self.sent


READ_LOG = Step("reads where trial.log ends", frozenset({"log"}))
READ_PARKED = Step("reads where trial.parked ends", frozenset({"parked"}))
HEAR_KAFKA = Step("hears from Kafka")
HEAR_REDIS = Step("hears from Redis")
READ_LIST = Step("reads the list of trials", frozenset({"redis"}))
READ_HEADS = Step("reads the heads", frozenset({"redis"}))
READ_ENTRIES = Step("reads a trial in Redis", frozenset({"redis"}))
PUBLISH = Step("publishes", NOTHING, frozenset({"redis"}))
LIST = Step("writes the list of trials", NOTHING, frozenset({"redis"}))
PLACE = Step("places a head", NOTHING, frozenset({"redis"}))
LOST, UNHEARD = "lost", "unheard"
FAILURES: dict[Step, type[Exception]] = {
    READ_LOG: KafkaConnectionError,
    READ_PARKED: KafkaConnectionError,
    HEAR_KAFKA: SendFailedError,
    **dict.fromkeys((READ_LIST, READ_HEADS, READ_ENTRIES), RedisConnectionError),
    **dict.fromkeys((PUBLISH, LIST, PLACE), RedisConnectionError),
}
"""What a step fails with when its words are lost. Not hearing of what was sent ends a worker."""


@dataclass(slots=True)
class Wire:
    """What a life says and hears, in order: `heard` together with the memory at its start tells
    everything that the code in between can know.

    `late`: replies of writes are a step of their own. A step that the scheduler lets go with the
    word `lost` fails before it has any effect, with `unheard` after it.
    """

    world: World
    life: int
    late: bool = False
    heard: list[object] = field(default_factory=list)

    async def step(self, step: Step) -> str | None:
        word: str | None = await step
        self.heard.append((step.name, word))
        if word == LOST:
            raise FAILURES[step]("lost on its way")
        return word

    async def reply(self, step: Step, word: str | None) -> None:
        if word == UNHEARD:
            raise RedisConnectionError("done, and the reply was lost")
        if self.late:
            await self.step(step)

    def told(self, answer: object) -> None:
        self.heard.append(answer)


@dataclass(slots=True)
class MemoryKafka:
    """Producer and reader of one life."""

    wire: Wire

    async def send_all(self, messages: Sequence[Outgoing]) -> list[int]:
        sent = Sent(len(messages))
        flying = [(message.topic, message.value, sent) for message in messages]
        self.wire.world.flying.setdefault(self.wire.life, []).extend(flying)
        await Landing(sent)
        self.wire.told(tuple(sent.offsets))
        if self.wire.late:
            await self.wire.step(HEAR_KAFKA)
        return list(sent.offsets)

    async def end(self, topic: str, partition: int) -> int:
        await self.wire.step(READ_LOG if topic == LOG else READ_PARKED)
        end = len(self.wire.world.topics[topic])
        self.wire.told(end)
        return end

    async def ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        return {partition: await self.end(topic, partition) for partition in partitions}

    async def read(
        self, topic: str, partition: int, start: int, end: int
    ) -> AsyncIterator[tuple[int, bytes]]:
        for offset in range(start, end):
            yield offset, self.wire.world.topics[topic][offset]

    async def at(self, topic: str, partition: int, offset: int, end: int) -> bytes | None:
        return self.wire.world.topics[topic][offset] if 0 <= offset < end else None


@dataclass(slots=True)
class MemoryRedis:
    """The contract of `publish.lua` and of the reads, one round trip a step."""

    wire: Wire

    @property
    def _state(self) -> RedisState:
        return self.wire.world.redis

    async def publish(
        self, publications: Sequence[Publication], new: Iterable[tuple[int, str]] = ()
    ) -> list[Reply]:
        word = await self.wire.step(PUBLISH)
        replies = [self._publish(publication) for publication in publications]
        self._state.listed |= {trial_id for _, trial_id in new}
        self.wire.world.show()
        self.wire.told(tuple(replies))
        await self.wire.reply(HEAR_REDIS, word)
        return replies

    def _publish(self, publication: Publication) -> Reply:
        state, trial_id = self._state, publication.trial_id
        log = state.logs.get(trial_id, ())
        tail, last = (log[-1].hash if log else ""), publication.before
        new: list[Entry] = []
        for entry in publication.entries:
            if entry.sequence < len(log):
                if log[entry.sequence].hash != entry.hash:
                    return Reply.OTHER
            elif new:
                new.append(entry)
            elif entry.sequence != len(log):
                return Reply.GAP
            elif last != tail:
                return Reply.OTHER
            else:
                new.append(entry)
            last = entry.hash
        if not publication.entries and publication.before != tail:
            return Reply.OTHER
        if new:
            self.append(trial_id, new)
        if publication.entries or log:
            known = state.through.get(trial_id, -1)
            state.through[trial_id] = max(publication.through, known)
        return Reply.OK

    def append(self, trial_id: str, entries: Sequence[Entry]) -> None:
        added = [Held(e.sequence, e.hash, e.offset, e.stored) for e in entries]
        self._state.logs[trial_id] = (*self._state.logs.get(trial_id, ()), *added)
        self._state.offset[trial_id] = entries[-1].offset
        self._state.through.setdefault(trial_id, -1)

    async def listed(self, partition: int) -> tuple[tuple[str, ...], int]:
        await self.wire.step(READ_LIST)
        answer = tuple(sorted(self._state.listed)), self._state.listed_through
        self.wire.told(answer)
        return answer

    async def list_all(self, partition: int, trial_ids: Iterable[str], through: int) -> None:
        word = await self.wire.step(LIST)
        self._state.listed |= set(trial_ids)
        self._state.listed_through = through
        await self.wire.reply(HEAR_REDIS, word)

    async def heads(self, trial_ids: Sequence[str]) -> list[Head | None]:
        await self.wire.step(READ_HEADS)
        state = self._state
        heads = [
            Head(log[-1].sequence, log[-1].hash, state.offset[trial_id], state.through[trial_id])
            if (log := state.logs.get(trial_id))
            else None
            for trial_id in trial_ids
        ]
        self.wire.told(tuple(heads))
        return heads

    async def shown(self, trial_ids: Mapping[int, Sequence[str]]) -> dict[int, Shown]:
        """No protocol is adopted here; the list is read with the heads."""
        ((partition, names),) = trial_ids.items()
        heads = dict(zip(names, await self.heads(names), strict=True))
        complete = self._state.listed_through >= 0 or not names
        self.wire.told((self._state.listed, complete))
        listed = self._state.listed if complete else None
        return {partition: Shown(heads, dict.fromkeys(names, -1), listed)}

    async def vouch(self, whole: Iterable[int], other: Iterable[int] = ()) -> None:
        """For readers, of whom there are none here."""

    async def back_from(self, trial_id: str, sequence: int, count: int) -> list[Held]:
        """Nobody changes bytes here: nothing is shown to whoever looks for that."""
        return []

    async def entries(self, trial_id: str, after: int = -1) -> AsyncIterator[Held]:
        await self.wire.step(READ_ENTRIES)
        found = self._state.logs.get(trial_id, ())[after + 1 :]
        self.wire.told(tuple((held.hash, held.offset) for held in found))
        for held in found:
            yield held

    async def place(self, trial_id: str, tip: Tip, offset: int, through: int) -> Reply:
        word = await self.wire.step(PLACE)
        log = self._state.logs.get(trial_id)
        if not log or log[-1].hash != tip.hash:
            reply = Reply.OTHER
        else:
            self._state.offset[trial_id] = offset
            self._state.through[trial_id] = through
            reply = Reply.OK
        self.wire.told(reply)
        await self.wire.reply(HEAR_REDIS, word)
        return reply

    async def quarantine(self, partition: int, trial_id: str) -> str:
        raise AssertionError("Redis shows what was never accepted")
