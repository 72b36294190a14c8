"""The real port to Kafka, over writers of the test: what became of a request, said exactly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import pytest

from enrollment.commands import Actor, Request, SuspendAssignment
from services.api import adapters
from services.api.adapters import KafkaRequests
from services.api.identity import Submission
from services.api.intake import Intake
from services.api.ports import NotSentError, UnavailableError
from services.api.problems import Problem
from streams.kafka import SendFailedError
from streams.requests import RequestWriter, WrongCountError
from tests.services.memory import NOW, Memory, MemoryTrials

CENTRE = Actor(id="centre", role="coordinator", sites=("*",))


@dataclass
class Writer:
    """Hangs, fails, or cannot start, as the test wants it."""

    cannot_start: Exception | None = None
    fails: bool = False
    arrived: list[Request] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        if self.cannot_start is not None:
            raise self.cannot_start

    async def stop(self) -> None:
        self.released.set()

    async def send(self, request: Request) -> None:
        self.arrived.append(request)
        if self.fails:
            raise SendFailedError("Kafka did not acknowledge")
        await self.released.wait()


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def requests(writer: Writer) -> AsyncIterator[KafkaRequests]:
    async def ask() -> str | None:
        return None

    requests = KafkaRequests(lambda: cast("RequestWriter", writer), ask)
    yield requests
    writer.released.set()
    await requests.stop()


async def connected(requests: KafkaRequests) -> None:
    if not requests.started():
        await requests.start()
    while not requests.ready():
        await asyncio.sleep(0)


def request(number: int) -> Request:
    return Request(
        trial_id="T1",
        command_id=UUID(int=number),
        digest="0" * 64,
        at=datetime(2027, 2, 22, tzinfo=UTC),
        actor=CENTRE,
        command=SuspendAssignment(reason="x"),
    )


async def detail(requests: KafkaRequests, key: str) -> str:
    """What a caller is told of a write that did not get through."""
    memory = Memory()
    ports = memory.ports()
    intake = Intake(type(ports)(requests, MemoryTrials(memory), ports.now))
    with pytest.raises(Problem) as raised:
        await intake.submit(
            CENTRE, Submission("T1", None, key), SuspendAssignment(reason="x"), NOW, 0
        )
    assert raised.value.kind.name == "server.unavailable"
    assert raised.value.headers == {"Retry-After": "2"}
    return raised.value.detail


async def test_one_write_more_than_may_wait_is_told_that_nothing_was_written(
    requests: KafkaRequests, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "SENDING_MAX", 3)
    await connected(requests)
    waiting = [asyncio.create_task(requests.send(request(n))) for n in range(3)]
    while len(writer.arrived) < 3:
        await asyncio.sleep(0)
    with pytest.raises(NotSentError):
        await requests.send(request(3))
    said = await detail(requests, "k")
    assert said == "Nothing was written: too many requests wait for Kafka already."
    assert len(writer.arrived) == 3
    writer.released.set()
    await asyncio.gather(*waiting)
    await requests.send(request(4))
    assert len(writer.arrived) == 4


async def test_a_write_while_kafka_is_not_connected_is_told_that_nothing_was_written(
    requests: KafkaRequests, writer: Writer
) -> None:
    writer.cannot_start = OSError("away")
    await requests.start()
    assert await detail(requests, "k") == "Nothing was written: Kafka is not connected."
    assert writer.arrived == []
    assert requests.refused() is None


async def test_a_write_that_kafka_did_not_acknowledge_is_told_that_it_is_not_known(
    requests: KafkaRequests, writer: Writer
) -> None:
    await connected(requests)
    writer.fails = True
    with pytest.raises(UnavailableError) as raised:
        await requests.send(request(0))
    assert not isinstance(raised.value, NotSentError)
    await connected(requests)
    said = await detail(requests, "k")
    assert said == "Kafka has not acknowledged the request; whether it arrived is not known."


async def test_a_wrong_number_of_partitions_is_named_until_it_is_right(
    requests: KafkaRequests, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "PAUSE_SECONDS", 0.001)
    writer.cannot_start = WrongCountError("set HOLDFAST_PARTITIONS=4")
    await requests.start()
    while requests.refused() is None:
        await asyncio.sleep(0)
    assert requests.refused() == "kafka: set HOLDFAST_PARTITIONS=4"
    assert not requests.ready()
    writer.cannot_start = None
    while not requests.ready():
        await asyncio.sleep(0)
    assert requests.refused() is None
