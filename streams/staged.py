"""Logs of trials that are built in Redis under names of their own, and swapped in whole.

Nobody reads them before: so they are written without what guards a log that others see, and
several round trips are under way at once.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from streams import keys
from streams.chain import Tip
from streams.read_side import ReadSide, Reply
from streams.redis_client import Client

FUNCTION = "holdfast_append_1"
STAGING = ":rebuilt"
"""At the end of the keys of a trial that is being built."""
UNDER_WAY = 3
"""Round trips at once: Redis has the next one before it is done with the one before."""


class NotStagedError(Exception):
    """Redis does not have what was written to it: somebody else builds the same trial."""


@dataclass(slots=True)
class Piece:
    """Records of one trial that follow each other, as `append` in `publish.lua` takes them."""

    trial_id: str
    first: int
    arguments: list[bytes] = field(default_factory=list)

    def add(self, own_hash: str, offset: int, command_id: bytes, stored: bytes) -> None:
        # Bytes: the library would encode each of them with far more ado.
        self.arguments += (own_hash.encode(), b"%d" % offset, command_id, stored)


@dataclass(frozen=True, slots=True)
class Last:
    """Where the log of a trial ends, and what else its head and its protocol say."""

    tip: Tip
    offset: int
    through: int
    adopted: int | None


@dataclass(slots=True)
class Staged:
    """One at a time for each trial. Every method may raise `RedisError`."""

    redis: Client
    _connection: Any = None
    """One of our own: over two of them one round trip could overtake the other."""
    _under_way: deque["asyncio.Task[list[bytes]]"] = field(default_factory=deque)
    _writes: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reads: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, trial_ids: Iterable[str]) -> None:
        """Takes away what an earlier one may have left. Whoever begins gives up at last."""
        await ReadSide(self.redis).load_functions()
        for trial_id in trial_ids:
            await self.redis.unlink(*_staged(trial_id))
        if isinstance(self.redis, Redis):
            pool: Any = self.redis.connection_pool
            self._connection = await pool.get_connection()

    async def send(self, pieces: list[Piece]) -> None:
        """One round trip, which goes on behind this call; raises for an earlier one."""
        while len(self._under_way) >= (1 if self._connection is None else UNDER_WAY):
            await self._settle()
        self._under_way.append(asyncio.create_task(self._append(pieces)))

    async def settle(self) -> None:
        """Returns when all that was sent is there."""
        while self._under_way:
            await self._settle()

    async def give_up(self) -> None:
        """Returns when nothing is under way any more. What was written stays, until it is swapped
        in or another one begins."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect()  # Replies may still come there.
            await self.redis.connection_pool.release(connection)

    async def _settle(self) -> None:
        if any(reply != Reply.OK.encode() for reply in await self._under_way.popleft()):
            raise NotStagedError("Redis refused a record: is another rebuild under way?")

    async def _append(self, pieces: list[Piece]) -> list[bytes]:
        commands = []
        for piece in pieces:
            _, log, answers, _ = _staged(piece.trial_id)
            commands.append(("FCALL", FUNCTION, 2, log, answers, piece.first, *piece.arguments))
        if self._connection is None:
            pipeline = self.redis.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            replies: list[bytes] = await pipeline.execute()
            return replies
        packed = self._connection.pack_commands(commands)
        async with self._writes:
            await self._connection.send_packed_command(packed)
        async with self._reads:
            return [await self._connection.read_response() for _ in commands]

    async def swap(self, trial_id: str, last: Last) -> None:
        """All keys of the trial at once; whoever reads sees the old ones or the new ones.

        The old ones are freed behind that: Redis would serve nobody while it frees a large log.
        """
        head, _, _, protocol = _staged(trial_id)
        fields: dict[str | bytes, Any] = {
            "sequence": last.tip.sequence,
            "hash": last.tip.hash,
            "offset": last.offset,
            "through": last.through,
        }
        pipeline = self.redis.pipeline(transaction=True)
        pipeline.hset(head, mapping=fields)
        if last.adopted is not None:
            pipeline.set(protocol, last.adopted)
        # Neither `unlink` nor `rename`: pipelines of a cluster forget the one and refuse the other,
        # though all these keys are in one slot.
        pipeline.execute_command("UNLINK", *keys.of_trial(trial_id))
        for key, fresh in zip(keys.of_trial(trial_id), _staged(trial_id), strict=True):
            if fresh != protocol or last.adopted is not None:
                pipeline.execute_command("RENAME", fresh, key)
        await pipeline.execute()


def _staged(trial_id: str) -> tuple[str, str, str, str]:
    head, log, answers, protocol = keys.of_trial(trial_id)
    return head + STAGING, log + STAGING, answers + STAGING, protocol + STAGING
