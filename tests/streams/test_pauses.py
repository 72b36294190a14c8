"""What has come to stay is walked no more; what is garbage is found all the same."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from streams import pauses
from streams.pauses import set_aside_all, short_pauses


class Node:
    """Refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_all_that_lives_is_set_aside_and_new_garbage_is_collected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pauses, "EVERY_SECONDS", 0.01)
    async with short_pauses():
        node = Node()
        gone = weakref.ref(node)
        del node
        while gone() is not None:  # The time limit of the test suite ends a wait in vain.
            await asyncio.sleep(0.01)
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < gc.get_freeze_count()


def test_garbage_that_was_set_aside_while_it_lived_is_found_when_all_is_walked() -> None:
    node = Node()
    gone = weakref.ref(node)
    set_aside_all()
    del node
    gc.collect()
    assert gone() is not None
    set_aside_all()
    assert gone() is None


async def test_it_ends_with_its_context(monkeypatch: pytest.MonkeyPatch) -> None:
    before = asyncio.all_tasks()
    async with short_pauses():
        assert len(asyncio.all_tasks() - before) == 1
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
