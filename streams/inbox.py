"""The bounded queue between a Faust agent and the one task that drains it, and what it may commit.

Faust's own acknowledging is not used: under rebalances it can commit past a message that it
skipped. Here the committed offset of a partition is the end of the contiguous prefix that is done.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.pulse import Pulse, beat

LOG = logging.getLogger(__name__)


class GapError(Exception):
    """Faust handed over a message without the one before it: only a restart can be sure of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message, of one ownership (`epoch`) of its partition."""

    partition: int
    epoch: int
    offset: int
    timestamp_ms: float
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class _Owned:
    epoch: int
    first: int | None = None
    expected: int | None = None
    done: int | None = None
    committed: int | None = None


class Inbox:
    """Holds at most `limit` messages; `put` waits while it is full."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.pulse = Pulse(name)
        self._limit = limit
        self._items: deque[Item] = deque()
        self._owned: dict[int, _Owned] = {}
        self._epochs = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def assigned(self, partitions: Iterable[int]) -> None:
        """A new ownership of these partitions; nothing of an older one counts any more."""
        for partition in partitions:
            self._epochs += 1
            self._owned[partition] = _Owned(self._epochs)
        self._drop_stale()

    def revoked(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._owned.pop(partition, None)
        self._drop_stale()

    @property
    def owned(self) -> tuple[int, ...]:
        return tuple(sorted(self._owned))

    def epoch(self, partition: int) -> int | None:
        owned = self._owned.get(partition)
        return None if owned is None else owned.epoch

    def is_current(self, item: Item) -> bool:
        return self.epoch(item.partition) == item.epoch

    async def put(
        self,
        partition: int,
        offset: int,
        timestamp_ms: float,
        key: bytes | None,
        value: bytes | None,
    ) -> None:
        """Takes the next message of a partition; one not owned or seen already is dropped."""
        owned = self._owned.get(partition)
        if owned is None:
            return
        if owned.expected is not None and offset < owned.expected:
            return
        if owned.expected is not None and offset > owned.expected:
            raise GapError(f"{self.name} {partition}: {offset} came, {owned.expected} is due")
        if owned.first is None:
            owned.first = offset
        owned.expected = offset + 1
        item = Item(partition, owned.epoch, offset, timestamp_ms, key, value)
        while len(self._items) >= self._limit:
            self._room.clear()
            await self._room.wait()
        if self.is_current(item):
            self._items.append(item)
            self._arrived.set()

    def first_of(self, partition: int) -> bool:
        """Whether nothing of this ownership has come yet."""
        owned = self._owned.get(partition)
        return owned is not None and owned.expected is None

    async def take(self, timeout: float, most: int) -> list[Item]:
        """All that waits, in order, up to `most`; after `timeout` seconds whatever there is."""
        beat()
        if not self._items:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
        taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
        self._room.set()
        return taken

    def done(self, items: Sequence[Item]) -> None:
        """These are durable, in order; of an older ownership they are ignored."""
        for item in items:
            owned = self._owned.get(item.partition)
            if owned is None or owned.epoch != item.epoch:
                continue
            assert owned.done is None or item.offset == owned.done, "only a contiguous prefix"
            owned.done = item.offset + 1

    def to_commit(self) -> dict[int, int]:
        """Partition -> offset, for those that moved since `committed` was told."""
        return {
            partition: owned.done
            for partition, owned in self._owned.items()
            if owned.done is not None and owned.done != owned.committed
        }

    def committed(self, offsets: dict[int, int]) -> None:
        for partition, offset in offsets.items():
            owned = self._owned.get(partition)
            if owned is not None:
                owned.committed = offset

    @property
    def waiting(self) -> int:
        return len(self._items)

    def done_up_to(self, partition: int) -> int | None:
        """The oldest offset that is not done; none before anything came of this ownership."""
        owned = self._owned.get(partition)
        if owned is None:
            return None
        return owned.first if owned.done is None else owned.done

    def oldest(self) -> dict[int, tuple[int, int]]:
        """Of each partition with a message that came and is not done: its epoch and offset."""
        found = {}
        for partition, owned in self._owned.items():
            at = owned.first if owned.done is None else owned.done
            if at is not None and owned.expected is not None and at < owned.expected:
                found[partition] = (owned.epoch, at)
        return found

    def _drop_stale(self) -> None:
        self._items = deque(item for item in self._items if self.is_current(item))
        self._room.set()
        self._arrived.set()
