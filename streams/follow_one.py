"""Follows the log of one trial in Redis: load it, then a blocking read, then look at the head."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from enrollment.events import FormJudged
from streams import keys
from streams.chain import EMPTY, Link, Tip, link
from streams.ports import Evolve, NewTrial
from streams.record import Record, UnreadableRecordError, parse
from streams.redis_client import Client

LOG = logging.getLogger(__name__)
BLOCK_MS = 1000
PAGE = 500
SLICE = 20
"""Records folded at one go: some ten milliseconds of work."""
RECENT = 2048
PATIENCE = 5
"""How many looks a second apart the head may be behind us before we fold anew."""


class _OtherChainError(Exception):
    """Redis holds another chain than the one folded here."""


class Follow:
    """The fold of one trial. Starts its own task; whoever makes one stops it."""

    def __init__(self, redis: Client, trial_id: str, evolve: Evolve, new_trial: NewTrial) -> None:
        self._redis = redis
        self._trial_id = trial_id
        self._evolve = evolve
        self._new_trial = new_trial
        self.trial = new_trial(trial_id)
        self.tip: Tip = EMPTY
        self.recent: OrderedDict[UUID, Record] = OrderedDict()
        self.judged: dict[str, int] = {}
        """Subject -> the sequence at which its latest verdict stands."""
        self.changed = asyncio.Event()
        """Set and replaced whenever a record arrives."""
        self._loaded = asyncio.Event()
        self._behind = 0
        self._stopped = False
        self._waiters: dict[UUID, list[asyncio.Future[Record]]] = {}
        self._task = asyncio.create_task(self._run(), name=f"follow {trial_id}")

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
        pause = 0.05
        # The flag besides the cancellation: the client of a cluster may turn that into an error.
        while not self._stopped:
            try:
                await self._load()
                self._loaded.set()
                while not self._stopped:
                    await self._read_on()
                    pause = 0.05
            except _OtherChainError:
                LOG.warning("the log in Redis is another chain: folding anew")
                self._reset()
            except (RedisError, OSError) as error:
                LOG.warning("Redis is away: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)

    def _reset(self) -> None:
        self.trial = self._new_trial(self._trial_id)
        self.tip = EMPTY
        self.recent.clear()
        self.judged.clear()
        self._behind = 0

    async def _load(self) -> None:
        while True:
            start = f"({keys.entry_id(self.tip.sequence)}" if self.tip != EMPTY else "-"
            page = await self._redis.xrange(keys.log(self._trial_id), start, "+", count=PAGE)
            if not page:
                return
            await self._apply_all(page)

    async def _read_on(self) -> None:
        after = keys.entry_id(self.tip.sequence) if self.tip != EMPTY else "0-0"
        streams = await self._redis.xread({keys.log(self._trial_id): after}, PAGE, BLOCK_MS)
        if streams:
            await self._apply_all(streams[0][1])
        else:
            await self._look_at_head()

    async def _apply_all(self, entries: list[Any]) -> None:
        """A few at a time: whoever waits for Redis meanwhile must not run out of time."""
        for first in range(0, len(entries), SLICE):
            self._apply(entries[first : first + SLICE])
            await asyncio.sleep(0)

    def _apply(self, entries: list[Any]) -> None:
        for _, fields in entries:
            try:
                record = parse(fields[b"r"])
            except UnreadableRecordError as error:
                raise _OtherChainError from error
            content = record.content
            joined = link(self.tip, content.sequence, content.previous, record.hash)
            if joined is Link.DUPLICATE:
                continue
            if joined is Link.VOID:
                raise _OtherChainError
            self.trial = self._evolve(self.trial, content.at, content.events)
            self.tip = Tip(content.sequence, record.hash)
            for event in content.events:
                if isinstance(event, FormJudged):
                    self.judged[event.subject_id] = content.sequence
            self._remember(record)
        self.changed.set()
        self.changed = asyncio.Event()

    def _remember(self, record: Record) -> None:
        """Without what holds forms: those of two thousand records would fill a memory."""
        command_id = record.content.command_id
        content = record.content.model_copy(update={"events": (), "command": {}})
        record = Record(content, b"", record.hash)
        self.recent[command_id] = record
        if len(self.recent) > RECENT:
            self.recent.popitem(last=False)
        for future in self._waiters.pop(command_id, ()):
            if not future.done():
                future.set_result(record)

    async def _look_at_head(self) -> None:
        """Behind us for long, or another record where ours was: then ours is not to be kept."""
        if self.tip == EMPTY:
            return
        entry = keys.entry_id(self.tip.sequence)
        there = await self._redis.xrange(keys.log(self._trial_id), entry, entry)
        if not there:
            if not await self._redis.exists(keys.log(self._trial_id)):
                # Redis lost all of it: its owner brings it back, and ours is right meanwhile.
                return
            self._behind += 1
            if self._behind > PATIENCE:
                raise _OtherChainError
            return
        self._behind = 0
        if there[0][1][b"h"].decode() != self.tip.hash:
            raise _OtherChainError
