"""Follows the log of one trial in Redis: load it, then a blocking read, then look at the head."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from enrollment.trial import Trial
from streams import keys
from streams.cases import Case
from streams.chain import EMPTY
from streams.folded import Fold, NotTheChainError
from streams.ports import Evolve, NewTrial
from streams.read_side import WHOLE_SECONDS, ReadSide
from streams.record import Record
from streams.redis_client import Client
from streams.refused import refusal
from streams.snapshots import Snapshots, UnusableError

LOG = logging.getLogger(__name__)
BLOCK_MS = 1000
PAGE = 500
SLICE = 20
"""Records folded at one go: some ten milliseconds of work."""
PATIENCE = WHOLE_SECONDS + 2
"""How many looks a second apart Redis may be behind us, though it is said to have all, before we
fold anew: what is said of an older copy of Redis has expired by then."""
LONGEST_PAUSE = 10.0

Whole = Callable[[], Awaitable[bool]]
"""Whether the owner of the partition says now that Redis has all of it."""


class _NotWholeError(Exception):
    """The log ends before the head, or has none: it is being repaired."""


class Follow:
    """The fold of one trial. Starts its own task; whoever makes one stops it."""

    def __init__(
        self, redis: Client, trial_id: str, evolve: Evolve, new_trial: NewTrial, whole: Whole
    ) -> None:
        self._redis = redis
        self._trial_id = trial_id
        self._evolve = evolve
        self._new_trial = new_trial
        self._whole = whole
        self.fold = Fold(new_trial(trial_id))
        """The last that was whole: kept while Redis has less, or something else."""
        self._next: Fold | None = None
        """The one that takes its place as soon as it is whole."""
        self.changed = asyncio.Event()
        """Set and replaced whenever a record arrives."""
        self._loaded = asyncio.Event()
        self._behind = 0
        self._stopped = False
        self._waiters: dict[UUID, list[asyncio.Future[Record]]] = {}
        self._task = asyncio.create_task(self._run(), name=f"follow {trial_id}")

    @property
    def trial(self) -> Trial:
        return self.fold.trial

    async def stop(self) -> None:
        self._stopped = True
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.changed.set()

    async def caught_up(self) -> None:
        """Returns when what Redis held at the first look is folded."""
        await self._loaded.wait()

    @property
    def is_expected(self) -> bool:
        return bool(self._waiters)

    def expect(self, command_id: UUID) -> "asyncio.Future[Record]":
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(command_id, []).append(future)
        return future

    def forget(self, command_id: UUID, future: "asyncio.Future[Record]") -> None:
        waiting = self._waiters.get(command_id)
        if waiting is not None and future in waiting:
            waiting.remove(future)
            if not waiting:
                del self._waiters[command_id]

    async def _run(self) -> None:
        pause, anew = 0.05, True
        # The flag besides the cancellation: the client of a cluster may turn that into an error.
        while not self._stopped:
            try:
                if anew:
                    await self._begin()
                    anew = False
                while not self._stopped:
                    await self._read_on()
                    pause = 0.05
            except NotTheChainError as error:
                says = f"the log in Redis is not the chain that was folded: {error}"
                ids = {"case": Case.REDIS_DAMAGED.value, "trial": self._trial_id}
                LOG.error("%s; what was folded before is kept", says, extra=ids)
                self._next, anew, longest = None, True, LONGEST_PAUSE
            except _NotWholeError:
                LOG.warning("the log in Redis is not whole", extra={"trial": self._trial_id})
                longest = 1.0
            except (RedisError, OSError) as error:
                LOG.warning("Redis is away: %s", refusal(error, "redis") or type(error).__name__)
                longest = 1.0
            await asyncio.sleep(min(pause, longest) if not self._stopped else 0)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _begin(self) -> None:
        """A new fold, beside the one that is shown, which it replaces when it is whole."""
        if self._next is None:
            self._next = await self._from_snapshot() or Fold(self._new_trial(self._trial_id))
        fold = self._next
        while not await self._is_end(fold):
            start = f"({keys.entry_id(fold.tip.sequence)}" if fold.tip != EMPTY else "-"
            page = await self._redis.xrange(keys.log(self._trial_id), start, "+", count=PAGE)
            if not page:
                raise _NotWholeError
            await self._apply_all(fold, page)
        self.fold, self._next, self._behind = fold, None, 0
        self._loaded.set()
        self._tell(list(fold.recent.values()))

    async def _from_snapshot(self) -> Fold | None:
        """Where the owner's snapshot ends, if it is of the chain that Redis shows."""
        snapshots, read_side = Snapshots(self._redis), ReadSide(self._redis)
        try:
            found = await snapshots.read(self._trial_id, read_side, decisions=False)
        except UnusableError as error:
            ids = {"case": Case.SNAPSHOT_UNUSABLE.value, "trial": self._trial_id}
            LOG.warning("a snapshot is not used: %s", error, extra=ids)
            return None
        return None if found is None else Fold.at(found)

    async def _is_end(self, fold: Fold) -> bool:
        """Whether it has all that the head tells of; a head that has less is not to be trusted."""
        said = await self._redis.hmget(keys.head(self._trial_id), "sequence", "hash")
        if None in said:
            if fold.tip == self.fold.tip == EMPTY and not await self._has_log():
                return True
            raise _NotWholeError
        if int(said[0]) > fold.tip.sequence:
            return False
        if said[1].decode("ascii", "replace") != fold.tip.hash:
            raise NotTheChainError("its head is another record")
        return True

    async def _read_on(self) -> None:
        tip = self.fold.tip
        after = keys.entry_id(tip.sequence) if tip != EMPTY else "0-0"
        streams = await self._redis.xread({keys.log(self._trial_id): after}, PAGE, BLOCK_MS)
        if streams:
            await self._apply_all(self.fold, streams[0][1])
        else:
            await self._look_at_head()

    async def _apply_all(self, fold: Fold, entries: list[Any]) -> None:
        """A few at a time: whoever waits for Redis meanwhile must not run out of time."""
        for first in range(0, len(entries), SLICE):
            taken = []
            try:
                for entry, fields in entries[first : first + SLICE]:
                    taken.append(fold.take(entry, fields, self._evolve))
            finally:
                if fold is self.fold:
                    self._tell([record for record in taken if record is not None])
            await asyncio.sleep(0)

    def _tell(self, records: list[Record]) -> None:
        for record in records:
            for future in self._waiters.pop(record.content.command_id, ()):
                if not future.done():
                    future.set_result(record)
        self.changed.set()
        self.changed = asyncio.Event()

    async def _has_log(self) -> bool:
        return bool(await self._redis.exists(keys.log(self._trial_id)))

    async def _look_at_head(self) -> None:
        """Behind us for long, or another record where ours was: then ours is not to be kept."""
        if self.fold.tip == EMPTY:
            return
        entry = keys.entry_id(self.fold.tip.sequence)
        there = await self._redis.xrange(keys.log(self._trial_id), entry, entry)
        if there:
            self._behind = 0
            if not self.fold.stands(there[0][1]):
                raise NotTheChainError("another record stands where its last one was")
            return
        # Redis lost it: its owner brings it back, and ours is right meanwhile.
        said_to_be_whole = await self._has_log() and await self._whole()
        self._behind = self._behind + 1 if said_to_be_whole else 0
        if self._behind > PATIENCE:
            raise NotTheChainError("it ends before what was folded")
