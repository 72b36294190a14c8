"""What we ask of Faust: hands over, acknowledges nothing, and its short cut cannot block."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from faust import Event
from faust.transport.drivers.aiokafka import Consumer
from faust.types.tuples import Message

from streams.direct_drain import DirectConsumer
from streams.faust_app import Stages, build_app
from streams.inbox import Inbox
from streams.pulse import Pulse
from streams.settings import Settings
from streams.topics import COMMANDS, LOG

SETTINGS = Settings(kafka_bootstrap="127.0.0.1:1", redis_url="redis://127.0.0.1:1")


class Still:
    """A stage that only has an inbox."""

    def __init__(self, name: str) -> None:
        self.inbox = Inbox(name, 10)

    async def run(self) -> None:
        await asyncio.Event().wait()

    def assigned(self, partitions: Iterable[int]) -> None:
        self.inbox.assigned(partitions)

    def revoked(self, partitions: Iterable[int]) -> None:
        self.inbox.revoked(partitions)


def test_the_settings_under_which_faust_loses_nothing() -> None:
    app = build_app(SETTINGS, Stages({COMMANDS: Still(COMMANDS)}), lambda: None, Pulse("commit"))
    conf = app.conf
    assert conf.agent_supervisor.__name__ == "CrashingSupervisor"
    assert (conf.topic_allow_declare, conf.topic_disable_leader) == (False, True)
    assert (conf.web_enabled, conf.stream_wait_empty) == (False, False)
    assert conf.processing_guarantee.value == "at_least_once"
    assert 6 <= conf.broker_session_timeout <= 10


def test_faust_itself_acknowledges_nothing() -> None:
    app = build_app(SETTINGS, Stages({COMMANDS: Still(COMMANDS)}), lambda: None, Pulse("commit"))
    agents = list(app.agents.values())
    assert [agent.name for agent in agents] == ["trial.commands.agent"]
    assert agents[0].concurrency == 1
    assert agents[0].channel.acks is False


async def test_faust_writes_nothing_where_the_worker_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = build_app(SETTINGS, Stages({COMMANDS: Still(COMMANDS)}), lambda: None, Pulse("commit"))
    await app.on_first_start()
    assert list(tmp_path.iterdir()) == []


class Flow:
    """As much of a consumer as the short cut looks at."""

    def __init__(self, *, suspended: bool = False, active: bool = True, full: bool = False) -> None:
        self.suspend_flow = asyncio.Event()
        if suspended:
            self.suspend_flow.set()
        self._stopped = asyncio.Event()
        self.app = type("App", (), {})()
        self.app.flow_control = type("Flow", (), {"is_active": lambda _: active})()
        queue = type("Queue", (), {"full": lambda _: full})()
        self.app.topics = [type("Topic", (), {"queue": queue})()]

    _cannot_block = DirectConsumer._cannot_block


@pytest.mark.parametrize(
    ("flow", "is_direct"),
    [
        ({}, True),
        ({"suspended": True}, False),
        ({"active": False}, False),
        ({"full": True}, False),
    ],
)
async def test_a_message_is_taken_directly_only_when_nothing_could_block_it(
    flow: dict[str, bool], is_direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    async def take() -> None:
        taken.append("message")

    async def faust_way(self: object, *coros: object, timeout: object = None) -> str:
        for coro in coros:
            coro.close()  # type: ignore[attr-defined]
        return "faust"

    monkeypatch.setattr(Consumer, "wait_first", faust_way)
    consumer = DirectConsumer.__new__(DirectConsumer)
    fake = Flow(**flow)
    for name in ("suspend_flow", "_stopped", "app"):
        consumer.__dict__[name] = getattr(fake, name)
    said = await consumer.wait_first(take(), fake.suspend_flow.wait())
    assert (taken == ["message"], said is None) == (is_direct, is_direct)


async def test_a_message_is_handed_on_as_it_came() -> None:
    app = build_app(SETTINGS, Stages({COMMANDS: Still(COMMANDS)}), lambda: None, Pulse("commit"))
    (agent,) = app.agents.values()
    for key, value in ((b"trial", b'{"a": 1}'), (None, b"\xff\x00"), (b"", None), (b"k", b"")):
        message = Message(COMMANDS, 3, 7, 0.5, 1, [], key, value, None)
        event = await agent.channel.decode(message, propagate=True)
        assert isinstance(event, Event)
        assert (event.key, event.value, event.message) == (key, value, message)


def test_each_topic_has_one_agent_and_one_task_that_drains_it() -> None:
    stages = Stages({COMMANDS: Still(COMMANDS), LOG: Still(LOG)})
    app = build_app(SETTINGS, stages, lambda: None, Pulse("commit"))
    assert sorted(agent.name for agent in app.agents.values()) == [
        "trial.commands.agent",
        "trial.log.agent",
    ]
