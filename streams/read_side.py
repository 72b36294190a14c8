"""The owner's side of Redis: publishes by `publish.lua`, reads heads and logs for recovery."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from redis.exceptions import ResponseError

from streams import keys
from streams.chain import EMPTY, Tip
from streams.redis_client import Client

FUNCTION = "holdfast_publish_1"
PLACE = "holdfast_place_1"
LIBRARY = files("streams").joinpath("publish.lua").read_text(encoding="utf-8")
PAGE = 200
TrialKeys = Callable[[str], tuple[str, str, str, str]]
THROUGH = b"@through"
WHOLE_SECONDS = 10
"""How long it is believed that Redis has all of a partition after its owner has looked."""


class Reply(StrEnum):
    """What `publish.lua` says; all but `OK` mean that nothing was written."""

    OK = "OK"
    GAP = "GAP"
    OTHER = "OTHER"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Held:
    """One record as `{trial}:log` holds it."""

    sequence: int
    hash: str
    offset: int
    stored: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to be published."""

    sequence: int
    hash: str
    previous: str
    offset: int
    command_id: str
    adopts: bool
    stored: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """Records of one trial that follow the one with the hash `before`; none only moves the head."""

    trial_id: str
    before: str
    through: int
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The tip of a trial in Redis, where it stands in `trial.log`, and how far that was read."""

    sequence: int
    hash: str
    offset: int
    through: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What Redis shows of the trials of one partition."""

    heads: Mapping[str, Head | None]
    adopted: Mapping[str, int]
    """The sequence that `{trial}:protocol` holds, -1 for none."""
    listed: frozenset[str] | None
    """The list of trials; none where it does not say that it is complete."""


class ReadSide:
    """Never retries by itself; every method may raise `RedisError`."""

    def __init__(self, redis: Client, names: TrialKeys = keys.of_trial) -> None:
        """`names` gives the keys of a trial: a rebuild publishes to others at first."""
        self._redis = redis
        self._names = names

    async def load_functions(self) -> None:
        await self._redis.function_load(LIBRARY, replace=True)

    async def publish(
        self, publications: Sequence[Publication], partition_of_new: Iterable[tuple[int, str]] = ()
    ) -> list[Reply]:
        """One round trip; one atomic script for each trial. Safe to send again."""
        replies = await self._publish_once(publications, partition_of_new)
        if any(isinstance(reply, ResponseError) for reply in replies):
            for reply in replies:
                if isinstance(reply, ResponseError) and not _is_missing(reply):
                    raise reply
            await self.load_functions()
            replies = await self._publish_once(publications, partition_of_new)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return [Reply(reply.decode()) for reply in replies[: len(publications)]]

    async def _publish_once(
        self, publications: Sequence[Publication], new: Iterable[tuple[int, str]]
    ) -> list[bytes]:
        pipeline = self._redis.pipeline(transaction=False)
        for publication in publications:
            arguments: list[str | bytes | int] = [
                publication.trial_id,
                publication.through,
                publication.before,
            ]
            for entry in publication.entries:
                arguments += [entry.sequence, entry.hash, entry.offset, entry.command_id]
                arguments += ["1" if entry.adopts else "0", entry.stored]
            names = self._names(publication.trial_id)
            pipeline.fcall(FUNCTION, len(names), *names, *arguments)
        for partition, trial_id in new:
            pipeline.hset(keys.trials(partition), trial_id, "1")
        replies: list[bytes] = await pipeline.execute(raise_on_error=False)
        return replies

    async def listed(self, partition: int) -> tuple[tuple[str, ...], int]:
        """The trials of a partition, and the offset through which that list is complete."""
        found = await self._redis.hgetall(keys.trials(partition))
        through = int(found.pop(THROUGH, b"-1"))
        return tuple(sorted(name.decode() for name in found)), through

    async def list_all(self, partition: int, trial_ids: Iterable[str], through: int) -> None:
        """Says that these are all the trials of a partition through an offset, and all shown."""
        mapping: dict[str | bytes, str | int] = dict.fromkeys(trial_ids, "1")
        mapping[THROUGH] = through
        await self._redis.hset(keys.trials(partition), mapping=mapping)
        await self.vouch((partition,))

    async def vouch(self, whole: Iterable[int], other: Iterable[int] = ()) -> None:
        """Tells readers that Redis has all of some partitions, and of others that it may not."""
        pipeline = self._redis.pipeline(transaction=False)
        for partition in whole:
            pipeline.set(keys.whole(partition), "1", ex=WHOLE_SECONDS)
        for partition in other:
            pipeline.delete(keys.whole(partition))
        await pipeline.execute()

    async def heads(self, trial_ids: Sequence[str]) -> list[Head | None]:
        """None for a trial that has none, or whose log or answers do not hold what it says."""
        pipeline = self._redis.pipeline(transaction=False)
        for trial_id in trial_ids:
            _ask_head(pipeline, trial_id)
        said = iter(await pipeline.execute())
        return [_head(*each) for each in zip(said, said, said, strict=True)]

    async def shown(self, trial_ids: Mapping[int, Sequence[str]]) -> dict[int, Shown]:
        """For each partition what is shown of these trials; one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for partition, names in trial_ids.items():
            pipeline.hkeys(keys.trials(partition))
            for trial_id in names:
                _ask_head(pipeline, trial_id)
                pipeline.get(keys.protocol(trial_id))
        said = iter(await pipeline.execute())
        found = {}
        for partition, names in trial_ids.items():
            listed = {name.decode() for name in next(said)}
            complete = THROUGH.decode() in listed
            heads, adopted = {}, {}
            for trial_id in names:
                heads[trial_id] = _head(next(said), next(said), next(said))
                adopted[trial_id] = _whole_number(next(said))
            found[partition] = Shown(heads, adopted, frozenset(listed) if complete else None)
        return found

    async def set_adopted(self, trial_id: str, sequence: int) -> None:
        """Puts right which record adopted the protocol in force; -1 where none did."""
        if sequence < 0:
            await self._redis.delete(keys.protocol(trial_id))
        else:
            await self._redis.set(keys.protocol(trial_id), sequence)

    async def back_from(self, trial_id: str, sequence: int, count: int) -> list[Held]:
        """Up to `count` records from a sequence on backwards."""
        end = keys.entry_id(sequence)
        page = await self._redis.xrevrange(keys.log(trial_id), end, "-", count=count)
        return [_held(entry, fields) for entry, fields in page]

    async def answered(self, trial_id: str, command_ids: Sequence[str]) -> list[int]:
        """Where the answers of these commands are said to stand, -1 for nowhere."""
        found = await self._redis.hmget(keys.answers(trial_id), command_ids)
        return [_whole_number(one) for one in found]

    async def entries(self, trial_id: str, after: int = -1) -> AsyncIterator[Held]:
        """The log of a trial above a sequence, in order."""
        while True:
            start = f"({keys.entry_id(after)}" if after >= 0 else "-"
            page = await self._redis.xrange(keys.log(trial_id), start, "+", count=PAGE)
            if not page:
                return
            for entry, fields in page:
                after = keys.sequence_of(entry)
                yield _held(entry, fields)

    async def tip_before(self, trial_id: str, offset: int) -> Tip:
        """The last record of a trial that stands below an offset in `trial.log`."""
        end = "+"
        while True:
            page = await self._redis.xrevrange(keys.log(trial_id), end, "-", count=PAGE)
            for entry, fields in page:
                if int(fields[b"o"]) < offset:
                    return Tip(keys.sequence_of(entry), fields[b"h"].decode())
            if not page:
                return EMPTY
            end = f"({page[-1][0].decode()}"

    async def adopted(self, trial_ids: Sequence[str]) -> list[int | None]:
        """For each trial the sequence of the record that adopted its protocol in force."""
        pipeline = self._redis.pipeline(transaction=False)
        for trial_id in trial_ids:
            pipeline.get(keys.protocol(trial_id))
        return [None if found is None else int(found) for found in await pipeline.execute()]

    async def record(self, trial_id: str, sequence: int) -> bytes | None:
        entry = keys.entry_id(sequence)
        found = await self._redis.xrange(keys.log(trial_id), entry, entry)
        return found[0][1][b"r"] if found else None

    async def place(self, trial_id: str, tip: Tip, offset: int, through: int) -> Reply:
        """After `trial.log` was read from its beginning: its offsets may not be what they were.

        Refused unless the tip still is the end of the log in Redis: a head that says more than its
        log holds would hide records from the next recovery.
        """
        names = keys.of_trial(trial_id)
        arguments = (PLACE, len(names), *names, tip.hash, offset, through)
        try:
            reply = await self._redis.fcall(*arguments)
        except ResponseError as error:
            if not _is_missing(error):
                raise
            await self.load_functions()
            reply = await self._redis.fcall(*arguments)
        return Reply(reply.decode())

    async def quarantine(self, partition: int, trial_id: str) -> str:
        """Renames what Redis has of a trial, never deletes it; returns the tag of the copy.

        First the list of trials ceases to be complete: whoever recovers the partition now, or
        after a crash in the midst of this, reads `trial.log` from its beginning.
        """
        tag = f"quarantine:{time.time_ns()}"
        await self._redis.hdel(keys.trials(partition), trial_id, THROUGH)
        for key in keys.of_trial(trial_id):
            if await self._redis.exists(key):
                await self._redis.renamenx(key, f"{key}:{tag}")
        return tag


def _is_missing(error: ResponseError) -> bool:
    """Redis was emptied or put back to before our functions were loaded."""
    return "unction not found" in str(error)


def _ask_head(pipeline: Client, trial_id: str) -> None:
    pipeline.hmget(keys.head(trial_id), "sequence", "hash", "offset", "through")
    pipeline.xlen(keys.log(trial_id))
    pipeline.hlen(keys.answers(trial_id))


def _held(entry: bytes, fields: dict[bytes, bytes]) -> Held:
    """Whoever reads it compares hash and bytes: a field that is missing never fits."""
    own_hash = fields.get(b"h", b"").decode("ascii", "replace")
    offset = _whole_number(fields.get(b"o"))
    return Held(keys.sequence_of(entry), own_hash, offset, fields.get(b"r", b""))


def _whole_number(found: bytes | None) -> int:
    """-1 for nothing, and for what nobody of ours wrote."""
    return int(found) if found is not None and found.isdigit() else -1


def _head(fields: list[bytes | None], records: int, answers: int) -> Head | None:
    sequence, own_hash, offset, through = fields
    if sequence is None or own_hash is None:
        return None
    if (records, answers) != (int(sequence) + 1, int(sequence) + 1):
        return None
    return Head(int(sequence), own_hash.decode(), int(offset or b"-1"), int(through or b"-1"))
