"""The inbox: bounded, one ownership at a time, commits only the contiguous prefix."""

import asyncio

import pytest

from streams.inbox import GapError, Inbox, Item


async def put(inbox: Inbox, offset: int, partition: int = 0) -> None:
    await inbox.put(partition, offset, 0.0, b"T", b"value")


async def take(inbox: Inbox) -> list[Item]:
    return await inbox.take(5, 100)


async def test_all_that_waits_is_taken_in_order() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0, 1])
    for offset in range(3):
        await put(inbox, offset, 0)
        await put(inbox, offset + 7, 1)
    taken = [(item.partition, item.offset) for item in await take(inbox)]
    assert taken == [(0, 0), (1, 7), (0, 1), (1, 8), (0, 2), (1, 9)]


async def test_only_what_is_done_is_committed_and_only_once() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0])
    for offset in range(5, 9):
        await put(inbox, offset)
    items = await take(inbox)
    assert inbox.to_commit() == {}
    inbox.done(items[:3])
    assert inbox.to_commit() == {0: 8}
    inbox.committed({0: 8})
    assert inbox.to_commit() == {}


async def test_nothing_may_be_done_before_what_came_before_it() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0])
    for offset in range(3):
        await put(inbox, offset)
    items = await take(inbox)
    inbox.done(items[:1])
    with pytest.raises(AssertionError, match="contiguous"):
        inbox.done(items[2:])


async def test_a_message_that_faust_skipped_is_noticed() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0])
    await put(inbox, 4)
    with pytest.raises(GapError, match="6 came, 5 is due"):
        await put(inbox, 6)


async def test_a_message_that_comes_twice_is_taken_once() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0])
    await put(inbox, 4)
    await put(inbox, 4)
    assert [item.offset for item in await take(inbox)] == [4]


async def test_a_revoked_partition_is_dropped_from_the_queue_and_from_what_is_committed() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0, 1])
    await put(inbox, 0, 0)
    items = await take(inbox)
    inbox.done(items)
    await put(inbox, 1, 0)
    await put(inbox, 0, 1)
    inbox.revoked([0])
    assert inbox.to_commit() == {}
    assert [item.partition for item in await take(inbox)] == [1]
    await put(inbox, 2, 0)
    assert inbox.waiting == 0


async def test_what_was_taken_before_a_revocation_counts_for_nothing_after_it() -> None:
    inbox = Inbox("t", 10)
    inbox.assigned([0])
    await put(inbox, 9)
    stale = await take(inbox)
    inbox.revoked([0])
    inbox.assigned([0])
    assert not inbox.is_current(stale[0])
    inbox.done(stale)
    assert inbox.to_commit() == {}
    await put(inbox, 3)
    assert [item.offset for item in await take(inbox)] == [3]


async def test_a_full_inbox_makes_its_agent_wait_and_a_revocation_frees_it() -> None:
    inbox = Inbox("t", 1)
    inbox.assigned([0])
    await put(inbox, 0)
    blocked = asyncio.create_task(put(inbox, 1))
    await asyncio.sleep(0)
    assert not blocked.done()
    inbox.revoked([0])
    inbox.assigned([0])
    await blocked
    assert inbox.waiting == 0
    await put(inbox, 0)
    assert [item.offset for item in await take(inbox)] == [0]
