"""Follows the read side for the API: folds `{trial}:log` with the same `evolve`, live; disposable.

Nothing here is the truth: when Redis is emptied or rolled back, the owner of the partition repairs
it within a second or so; until then what was folded before is still the accepted chain and is kept.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from redis.exceptions import RedisError

from enrollment.answer import Answer
from enrollment.trial import Trial
from streams import keys
from streams.chain import EMPTY
from streams.follow_one import Follow
from streams.partition import partition_of
from streams.ports import Evolve, NewTrial
from streams.rebuild import Requests
from streams.record import Record, parse
from streams.redis_client import Client, redis_client
from streams.settings import Settings

PAGE = 500
LOOK_AFTER_SECONDS = 0.5
"""When an answer has not arrived by then, it is looked up: it may be an old one."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that a command was given, where it stands in the log, and the digest it had."""

    trial_id: str
    command_id: UUID
    sequence: int
    digest: str
    at: datetime
    answer: Answer

    @classmethod
    def of(cls, record: Record) -> "StoredAnswer":
        content = record.content
        return cls(
            content.trial,
            content.command_id,
            content.sequence,
            content.digest,
            content.at,
            content.answer,
        )


class TrialFollower:
    """Methods raise `RedisError` while Redis is away, except `trial` of a followed trial."""

    def __init__(self, settings: Settings, evolve: Evolve, new_trial: NewTrial) -> None:
        self._settings = settings
        self._evolve = evolve
        self._new_trial = new_trial
        self._redis: Client = redis_client(settings)
        self._follows: dict[str, Follow] = {}
        self._closed = False

    async def start(self) -> None:
        """Nothing is read before somebody asks; an unreachable Redis does not keep the API down."""

    async def stop(self) -> None:
        self._closed = True
        for follow in self._follows.values():
            await follow.stop()
        self._follows.clear()
        await self._redis.aclose()

    async def ready(self) -> bool:
        """Whether Redis answers now."""
        try:
            async with asyncio.timeout(2):
                await self._redis.execute_command("PING")
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def trial(self, trial_id: str) -> Trial | None:
        """The trial as folded from its log so far; none for a trial without a log."""
        follow = self._follows.get(trial_id)
        if follow is None:
            if not await self._redis.exists(keys.log(trial_id)):
                return None
            follow = self._follow(trial_id)
        await follow.caught_up()
        return follow.trial if follow.tip != EMPTY else None

    def sequence(self, trial_id: str) -> int:
        """Of the last record in the fold that `trial` gives; -1 while none is."""
        follow = self._follows.get(trial_id)
        return follow.tip.sequence if follow is not None else -1

    async def rebuilding(self, trial_id: str) -> bool:
        """Whether an operator has the read side of its partition built anew just now."""
        partition = partition_of(trial_id, self._settings.partitions)
        told = await Requests(self._redis).progress(partition)
        return told is not None and told.state == "running"

    async def answer(self, trial_id: str, command_id: UUID) -> StoredAnswer | None:
        """The stored answer of a command, none while it is not decided (or was without effect)."""
        follow = self._follows.get(trial_id)
        known = follow.recent.get(command_id) if follow is not None else None
        if known is not None:
            return StoredAnswer.of(known)
        sequence = await self._redis.hget(keys.answers(trial_id), str(command_id))
        if sequence is None:
            return None
        record = await self._record(trial_id, int(sequence))
        return StoredAnswer.of(record) if record is not None else None

    async def wait_for(
        self, trial_id: str, command_id: UUID, timeout: float
    ) -> StoredAnswer | None:
        """The answer as soon as it is published; none when `timeout` seconds pass without it.

        The fold that `trial` gives afterwards holds the decision.
        """
        follow = self._follow(trial_id)
        recent = follow.recent.get(command_id)
        if recent is not None:
            return StoredAnswer.of(recent)
        arrived = follow.expect(command_id)
        try:
            async with asyncio.timeout(timeout):
                done, _ = await asyncio.wait((arrived,), timeout=LOOK_AFTER_SECONDS)
                if not done:
                    known = await self.answer(trial_id, command_id)
                    if known is not None and follow.tip.sequence >= known.sequence:
                        return known
                return StoredAnswer.of(await arrived)
        except TimeoutError:
            return None
        finally:
            follow.forget(command_id, arrived)
            await self._drop_if_unknown(trial_id, follow)

    async def records(self, trial_id: str, after: int = -1, limit: int = PAGE) -> list[Record]:
        """Up to `limit` records with a sequence above `after`, in order."""
        start = f"({keys.entry_id(after)}" if after >= 0 else "-"
        entries = await self._redis.xrange(keys.log(trial_id), start, "+", count=limit)
        return [parse(fields[b"r"]) for _, fields in entries]

    async def subscribe(self, trial_id: str, after: int = -1) -> AsyncIterator[Record]:
        """Every record after `after`, and those to come; ends with the caller or with `stop`."""
        while not self._closed:
            changed = self._follow(trial_id).changed
            page = await self.records(trial_id, after)
            for record in page:
                yield record
                after = record.sequence
            if not page:
                await changed.wait()

    async def judged(self, trial_id: str, subject_id: str) -> Record | None:
        """The decision that holds a subject's latest verdict, as far as `trial` has folded."""
        follow = self._follows.get(trial_id)
        sequence = None if follow is None else follow.judged.get(subject_id)
        return None if sequence is None else await self._record(trial_id, sequence)

    async def list_trials(self) -> tuple[str, ...]:
        """Every trial that has a log, sorted."""
        pipeline = self._redis.pipeline(transaction=False)
        for partition in range(self._settings.partitions):
            pipeline.hkeys(keys.trials(partition))
        listed = await pipeline.execute()
        names = {name.decode() for names in listed for name in names}
        return tuple(sorted(name for name in names if not name.startswith("@")))

    async def _record(self, trial_id: str, sequence: int) -> Record | None:
        entry = keys.entry_id(sequence)
        entries = await self._redis.xrange(keys.log(trial_id), entry, entry)
        return parse(entries[0][1][b"r"]) if entries else None

    def _follow(self, trial_id: str) -> Follow:
        follow = self._follows.get(trial_id)
        if follow is None:
            follow = Follow(self._redis, trial_id, self._evolve, self._new_trial)
            self._follows[trial_id] = follow
        return follow

    async def _drop_if_unknown(self, trial_id: str, follow: Follow) -> None:
        """A trial that does not exist is not followed for ever because somebody asked once."""
        if follow.tip == EMPTY and not follow.is_expected:
            with contextlib.suppress(KeyError):
                del self._follows[trial_id]
            await follow.stop()
