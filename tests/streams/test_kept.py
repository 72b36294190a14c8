"""A topic that every web process folds whole: the same order and the same outcomes everywhere."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.kept import KeptTopic
from streams.settings import Settings


class Names:
    """The first who asks for a name has it; nobody else gets it until it is taken back."""

    def __init__(self) -> None:
        self.owner: dict[str, bytes] = {}
        self.seen = 0

    def apply(self, key: str, value: bytes | None) -> bool:
        self.seen += 1
        if value is None:
            return self.owner.pop(key, None) is not None
        return self.owner.setdefault(key, value) == value


async def ready(kept: KeptTopic) -> None:
    async with asyncio.timeout(30):
        while not kept.ready():
            await asyncio.sleep(0.02)


@pytest.fixture
async def topic(settings: Settings) -> str:
    name = f"kept-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    await admin.close()
    return name


@pytest.fixture
async def process(
    settings: Settings, topic: str
) -> AsyncIterator[Callable[[], tuple[KeptTopic, Names]]]:
    """Each call is another process's view of the topic, not started yet."""
    made: list[KeptTopic] = []

    def make() -> tuple[KeptTopic, Names]:
        names = Names()
        kept = KeptTopic(settings, topic, names.apply)
        made.append(kept)
        return kept, names

    yield make
    for kept in made:
        await kept.stop()


Process = Callable[[], tuple[KeptTopic, Names]]


async def test_two_processes_who_want_one_name_agree_on_who_has_it(process: Process) -> None:
    (one, names_one), (two, names_two) = process(), process()
    for kept in (one, two):
        await kept.start()
        await ready(kept)
    outcomes = await asyncio.gather(one.append("nurse", b"one"), two.append("nurse", b"two"))
    assert sorted(outcomes) == [False, True]
    winner = b"one" if outcomes[0] else b"two"
    async with asyncio.timeout(30):
        while (names_one.seen, names_two.seen) != (2, 2):
            await asyncio.sleep(0.02)
    assert names_one.owner == names_two.owner == {"nurse": winner}


async def test_a_process_that_starts_later_has_all_of_it_before_it_is_ready(
    process: Process,
) -> None:
    one, _ = process()
    await one.start()
    for number in range(50):
        assert await one.append(f"n{number}", b"x")
    assert await one.append("n7", None)
    assert not await one.append("n7", None)

    late, names = process()
    assert not late.ready()
    await late.start()
    await ready(late)
    assert set(names.owner) == {f"n{number}" for number in range(50)} - {"n7"}


async def test_a_message_that_cannot_be_understood_ends_readiness_and_is_never_skipped(
    settings: Settings, topic: str, process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    def only_text(key: str, value: bytes | None) -> bool:
        assert value is not None
        value.decode()
        return True

    good, _ = process()
    await good.start()
    assert await good.append("a", b"\xff")
    strict = KeptTopic(settings, topic, only_text)
    await strict.start()
    said = f"{topic} cannot be read: UnicodeDecodeError"
    async with asyncio.timeout(30):
        while caplog.messages.count(said) < 2:  # Tried again, and not skipped then either.
            await asyncio.sleep(0.02)
    assert not strict.ready()
    await strict.stop()
