"""The Faust app: what Faust does for us, and the settings under which it loses nothing.

Faust consumes and shares partitions out. It decodes, produces and acknowledges nothing:
messages go as raw bytes into the inbox of their stage, one task a stage drains it, and what is done
is committed from there. An exception in a task or an agent ends the worker.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import faust
from faust.types.tuples import TP
from mode.supervisors import CrashingSupervisor

from streams.crash import crash_point
from streams.direct_drain import AsItCame, use_direct_drain
from streams.inbox import GapError, Inbox
from streams.pulse import Pulse, beat
from streams.settings import Settings

LOG = logging.getLogger(__name__)
COMMIT_SECONDS = 0.5


class Stage(Protocol):
    """A stage as Faust drives it."""

    inbox: Inbox

    async def run(self) -> None: ...

    def assigned(self, partitions: Iterable[int]) -> None: ...

    def revoked(self, partitions: Iterable[int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Stages:
    """Topic -> the stage that consumes it."""

    by_topic: Mapping[str, Stage]


class _App(faust.App):  # type: ignore[misc]  # Faust has no types
    """Has no tables, so there is nothing to keep where the worker is started."""

    async def on_first_start(self) -> None:
        """Faust would make a folder for tables, and end where it may not."""


def build_app(
    settings: Settings, stages: Stages, started: Callable[[], None], commits: Pulse
) -> faust.App:
    """An app of its own for every worker: nothing of it lives in a module."""
    app = _App(
        settings.group,
        broker=[f"kafka://{host}" for host in settings.kafka_bootstrap.split(",")],
        broker_credentials=_credentials(settings),
        value_serializer="raw",
        key_serializer="raw",
        agent_supervisor=CrashingSupervisor,
        consumer_auto_offset_reset="earliest",
        # Nothing is waited for at a rebalance: what is half done is dropped and comes again.
        stream_wait_empty=False,
        stream_buffer_maxsize=8192,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 4,
        # The longest that a rebalance waits for a worker that was killed while it joined.
        broker_rebalance_timeout=2 * settings.session_timeout_seconds,
        broker_commit_livelock_soft_timeout=3600.0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    use_direct_drain(app)
    for topic, stage in stages.by_topic.items():
        _consume(app, topic, stage)
    _own(app, stages)
    _commit(app, stages, commits)

    async def mark_started() -> None:
        started()

    app.task(mark_started)
    return app


def _consume(app: faust.App, topic: str, stage: Stage) -> None:
    """The agent only hands over; the task decides."""
    channel = app.topic(topic, schema=AsItCame(), acks=False)
    inbox = stage.inbox

    async def hand_over(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            if inbox.first_of(message.partition):
                await _refuse_gap(app, TP(topic, message.partition), message.offset)
            await inbox.put(
                message.partition,
                message.offset,
                message.timestamp * 1000,
                message.key,
                message.value,
            )

    app.agent(channel, name=f"{topic}.agent", concurrency=1)(hand_over)

    async def drain() -> None:
        inbox.pulse.begin()
        await stage.run()

    app.task(drain)


async def _refuse_gap(app: faust.App, partition: TP, offset: int) -> None:
    """The first message of an ownership is the committed one, unless retention took that away."""
    committed = app.consumer._committed_offset.get(partition)
    if committed is None or offset <= committed:
        return
    earliest = (await app.consumer.earliest_offsets(partition))[partition]
    if earliest < offset:
        raise GapError(f"{partition}: {offset} came first, {committed} was due")
    LOG.critical("messages were deleted before they were handled: %s %d", partition, committed)


def _own(app: faust.App, stages: Stages) -> None:
    async def on_assigned(_: faust.App, assigned: set[TP], **__: Any) -> None:
        for topic, stage in stages.by_topic.items():
            stage.assigned(sorted(tp.partition for tp in assigned if tp.topic == topic))
        LOG.info("assigned", extra={"partitions": len(assigned)})

    async def on_revoked(_: faust.App, revoked: set[TP], **__: Any) -> None:
        await commit_done(app, stages)
        for topic, stage in stages.by_topic.items():
            stage.revoked(sorted(tp.partition for tp in revoked if tp.topic == topic))
        LOG.info("revoked", extra={"partitions": len(revoked)})

    app.on_partitions_assigned.connect(on_assigned, weak=False)
    app.on_partitions_revoked.connect(on_revoked, weak=False)


def _commit(app: faust.App, stages: Stages, pulse: Pulse) -> None:
    async def commit_often() -> None:
        pulse.begin()
        while not app.should_stop:
            await asyncio.sleep(COMMIT_SECONDS)
            beat()
            await commit_done(app, stages)

    app.task(commit_often)

    async def on_shutdown(_: faust.App, **__: Any) -> None:
        await commit_done(app, stages)

    app.on_before_shutdown.connect(on_shutdown, weak=False)


async def commit_done(app: faust.App, stages: Stages) -> None:
    """Commits the contiguous prefix of every partition that moved."""
    offsets: dict[TP, int] = {}
    moved: list[tuple[Inbox, dict[int, int]]] = []
    for topic, stage in stages.by_topic.items():
        done = stage.inbox.to_commit()
        moved.append((stage.inbox, done))
        offsets.update({TP(topic, partition): offset for partition, offset in done.items()})
    if not offsets:
        return
    if await app.consumer._commit(offsets):
        for inbox, done in moved:
            inbox.committed(done)
        crash_point("acknowledged")


def committed(app: faust.App, topic: str, partition: int) -> int | None:
    """As the consumer knows it; none before it was assigned."""
    found: int | None = app.consumer._committed_offset.get(TP(topic, partition))
    return found


def _credentials(settings: Settings) -> Any:
    if settings.kafka_security == "PLAINTEXT":
        return None
    if settings.kafka_security == "SSL":
        return faust.SSLCredentials(context=settings.kafka_ssl)
    assert settings.kafka_sasl_password is not None, "checked when the settings were read"
    return faust.SASLCredentials(
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        ssl_context=settings.kafka_ssl,
    )
