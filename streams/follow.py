"""Follows the read side for the API: folds `{trial}:log` with the same `evolve`, live; disposable.

Nothing here is the truth: when Redis is emptied or rolled back, the owner of the partition repairs
it within a second or so; until then what was folded before is still the accepted chain and is kept.
What cannot be known or shown meanwhile is an error, `NotShownError`: never an empty answer.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from redis.exceptions import RedisError

from enrollment.answer import Answer
from enrollment.trial import Trial
from streams import keys
from streams.cases import Case
from streams.chain import EMPTY
from streams.folded import NotTheChainError, checked
from streams.follow_one import Follow
from streams.partition import partition_of
from streams.ports import Evolve, NewTrial
from streams.read_side import THROUGH
from streams.rebuild import Requests
from streams.record import Record
from streams.redis_client import Client, check_redis, redis_client
from streams.refused import refusal
from streams.settings import Settings

PAGE = 500
LOG = logging.getLogger(__name__)
LOOK_AFTER_SECONDS = 0.5
"""When an answer has not arrived by then, it is looked up: it may be an old one."""


class NotShownError(Exception):
    """Redis does not show now what it must, or nobody says that it does; the message says what."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The trials that are known; `complete` when an owner says of each partition that all are."""

    trial_ids: tuple[str, ...]
    complete: bool


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
        self.refused: str | None = None
        """Why Redis does not let us in, with the setting, as found by the last `ready`."""

    async def start(self) -> None:
        """Nothing is read before somebody asks; an unreachable Redis does not keep the API down."""

    async def stop(self) -> None:
        self._closed = True
        for follow in self._follows.values():
            await follow.stop()
        self._follows.clear()
        await self._redis.aclose()

    async def ready(self) -> bool:
        """Whether Redis answers now, and lets us read."""
        try:
            async with asyncio.timeout(2):
                await check_redis(self._redis, self._settings)
        except (RedisError, OSError, TimeoutError) as error:
            found = refusal(error, "redis")
            if found is not None and found != self.refused:
                LOG.error("waiting for %s", found)
            self.refused = found
            return False
        self.refused = None
        return True

    async def trial(self, trial_id: str) -> Trial | None:
        """The trial as folded from its log so far; none where it is known that there is no such.

        Raises `NotShownError` where that is not known, as while Redis is being built anew.
        """
        follow = self._follows.get(trial_id)
        if follow is None:
            if not await self._is_there(trial_id):
                return None
            follow = self._follow(trial_id)
        await follow.caught_up()
        if follow.fold.tip == EMPTY:
            if await self._is_there(trial_id):
                raise NotShownError("the log of the trial is still being read")
            return None
        return follow.trial

    async def _is_there(self, trial_id: str) -> bool:
        """Whether Redis has a trial; known only where its partition is whole."""
        partition = partition_of(trial_id, self._settings.partitions)
        trials, whole = keys.trials(partition), keys.whole(partition)
        pipeline = self._redis.pipeline(transaction=False)
        # In this order: whatever is lost in the midst of it is missed by the last one.
        pipeline.exists(whole)
        pipeline.exists(keys.log(trial_id))
        pipeline.hexists(trials, trial_id)
        pipeline.hexists(trials, THROUGH)
        pipeline.exists(whole)
        before, logged, listed, complete, after = await pipeline.execute()
        if logged and listed and complete:
            return True
        if logged or listed or not complete:
            raise NotShownError("Redis is being built anew from trial.log")
        if not (before and after):
            raise NotShownError("no worker says just now that Redis knows all trials")
        return False

    async def whole(self, trial_id: str) -> bool:
        """Whether the owner of the trial's partition says now that Redis has all of it."""
        partition = partition_of(trial_id, self._settings.partitions)
        return bool(await self._redis.exists(keys.whole(partition)))

    def sequence(self, trial_id: str) -> int:
        """Of the last record in the fold that `trial` gives; -1 while none is."""
        follow = self._follows.get(trial_id)
        return follow.fold.tip.sequence if follow is not None else -1

    async def rebuilding(self, trial_id: str) -> bool:
        """Whether an operator has the read side of its partition built anew just now."""
        partition = partition_of(trial_id, self._settings.partitions)
        told = await Requests(self._redis).progress(partition)
        return told is not None and told.state == "running"

    async def answer(self, trial_id: str, command_id: UUID) -> StoredAnswer | None:
        """The stored answer of a command, none while it is not decided (or was without effect)."""
        follow = self._follows.get(trial_id)
        known = follow.fold.recent.get(command_id) if follow is not None else None
        if known is not None:
            return StoredAnswer.of(known)
        sequence = await self._redis.hget(keys.answers(trial_id), str(command_id))
        if sequence is None:
            return None
        record = await self._record(trial_id, int(sequence) if sequence.isdigit() else -1)
        if record is None or record.content.command_id != command_id:
            return None  # Who sends it again gets the answer from the one who decided it.
        return StoredAnswer.of(record)

    async def wait_for(
        self, trial_id: str, command_id: UUID, timeout: float
    ) -> StoredAnswer | None:
        """The answer as soon as it is published; none when `timeout` seconds pass without it.

        The fold that `trial` gives afterwards holds the decision.
        """
        follow = self._follow(trial_id)
        recent = follow.fold.recent.get(command_id)
        if recent is not None:
            return StoredAnswer.of(recent)
        arrived = follow.expect(command_id)
        try:
            async with asyncio.timeout(timeout):
                done, _ = await asyncio.wait((arrived,), timeout=LOOK_AFTER_SECONDS)
                if not done:
                    known = await self.answer(trial_id, command_id)
                    if known is not None and follow.fold.tip.sequence >= known.sequence:
                        return known
                return StoredAnswer.of(await arrived)
        except TimeoutError:
            return None
        finally:
            follow.forget(command_id, arrived)
            await self._drop_if_unknown(trial_id, follow)

    async def records(self, trial_id: str, after: int = -1, limit: int = PAGE) -> list[Record]:
        """Up to `limit` records with a sequence above `after`, in order and without a hole.

        Raises `NotShownError` where Redis lacks one that was folded, or holds other bytes.
        """
        folded = self.sequence(trial_id)  # First: the log only grows.
        start = f"({keys.entry_id(after)}" if after >= 0 else "-"
        entries = await self._redis.xrange(keys.log(trial_id), start, "+", count=limit)
        found = [self._checked(trial_id, entry, fields) for entry, fields in entries]
        upcoming = after
        for record in found:
            if record.sequence != upcoming + 1:
                raise NotShownError("the log of the trial has a hole")
            upcoming += 1
        if len(found) < limit and upcoming < folded:
            raise NotShownError("the log of the trial is not whole")
        return found

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
        sequence = None if follow is None else follow.fold.judged.get(subject_id)
        if sequence is None:
            return None
        record = await self._record(trial_id, sequence)
        if record is None:
            raise NotShownError("the log of the trial is not whole")
        return record

    async def list_trials(self) -> Listed:
        """Every trial that has a log, sorted.

        Raises `NotShownError` while a partition has no list that was complete once.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for partition in range(self._settings.partitions):
            pipeline.hkeys(keys.trials(partition))
            pipeline.exists(keys.whole(partition))
        said = await pipeline.execute()
        lists, whole = said[::2], said[1::2]
        if not all(THROUGH in names for names in lists):
            raise NotShownError("the list of the trials is being written anew")
        names = {name.decode() for names in lists for name in names if not name.startswith(b"@")}
        return Listed(tuple(sorted(names)), all(whole))

    async def _record(self, trial_id: str, sequence: int) -> Record | None:
        if sequence < 0:
            return None
        entry = keys.entry_id(sequence)
        entries = await self._redis.xrange(keys.log(trial_id), entry, entry)
        return self._checked(trial_id, *entries[0]) if entries else None

    def _checked(self, trial_id: str, entry: bytes, fields: Mapping[bytes, bytes]) -> Record:
        try:
            return checked(trial_id, entry, fields)
        except NotTheChainError as error:
            ids = {"case": Case.REDIS_DAMAGED.value, "trial": trial_id}
            LOG.error("not shown: %s", error, extra=ids)
            raise NotShownError("what Redis holds is not what was decided") from error

    def _follow(self, trial_id: str) -> Follow:
        follow = self._follows.get(trial_id)
        if follow is None:
            whole = partial(self.whole, trial_id)
            follow = Follow(self._redis, trial_id, self._evolve, self._new_trial, whole)
            self._follows[trial_id] = follow
        return follow

    async def _drop_if_unknown(self, trial_id: str, follow: Follow) -> None:
        """A trial that does not exist is not followed for ever because somebody asked once."""
        if follow.fold.tip == EMPTY and not follow.is_expected:
            with contextlib.suppress(KeyError):
                del self._follows[trial_id]
            await follow.stop()
