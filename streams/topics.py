"""The topics: what each must be, how they are made, and the check before any worker starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.kafka import MAX_MESSAGE_BYTES
from streams.numbers import number_of
from streams.requests import REQUESTS
from streams.settings import Settings

COMMANDS = "trial.commands"
LOG = "trial.log"
EVENTS = "enrollment.events"
PARKED = "trial.parked"
WEB_RECORD = "web.record"
"""Accounts, rights, laboratories: what the web service keeps for ever, in one order."""
WEB_DRAFTS = "web.drafts"
"""Forms that are begun: the newest of each, until it is submitted or thrown away."""

_THIRTY_DAYS = {"cleanup.policy": "delete", "retention.ms": str(30 * 24 * 3600 * 1000)}
_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_KEPT: Mapping[str, Mapping[str, str]] = {
    # The sender's clock must not say when a request arrived.
    REQUESTS: {**_THIRTY_DAYS, "message.timestamp.type": "LogAppendTime"},
    COMMANDS: _THIRTY_DAYS,
    LOG: _FOR_EVER,
    EVENTS: _FOR_EVER,
    PARKED: _THIRTY_DAYS,
    WEB_RECORD: _FOR_EVER,
    WEB_DRAFTS: {"cleanup.policy": "compact", "delete.retention.ms": str(24 * 3600 * 1000)},
}
TOPICS = tuple(_KEPT)
_IN_ONE_ORDER = (WEB_RECORD, WEB_DRAFTS)
"""Of one partition, whatever the settings say: every web process folds them whole."""


class TopicsError(Exception):
    """The topics are not as they must be; the message names each with its mend."""


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as Kafka has it."""

    partitions: int
    config: Mapping[str, str]


def wanted(topic: str, settings: Settings) -> dict[str, str]:
    """The configuration that a topic must have under these settings."""
    config = {
        **_KEPT[topic],
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "min.insync.replicas": str(settings.min_insync_replicas),
        "unclean.leader.election.enable": "false",
    }
    if settings.flush_messages:
        config["flush.messages"] = "1"
    return config


async def create(settings: Settings) -> list[str]:
    """Makes what is missing, sets right what differs; says what it did, one sentence a topic.

    A partition count can never be set right: that raises `TopicsError`.
    """
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    try:
        found = await _find(admin)
        _refuse(_wrong_counts(found, settings))
        missing = [topic for topic in TOPICS if topic not in found]
        if missing:
            await admin.create_topics([_new(topic, settings) for topic in missing])
        said = [
            f"{topic}: created, {number_of(_count(topic, settings), 'partition')}"
            for topic in missing
        ]
        for topic in (topic for topic in TOPICS if topic in found):
            differing = _differing(topic, found[topic], settings)
            if differing:
                config = wanted(topic, settings)
                resource = ConfigResource(ConfigResourceType.TOPIC, topic, config)
                await admin.alter_configs([resource])
                said.append(f"{topic}: set {', '.join(sorted(differing))}")
            else:
                said.append(f"{topic}: as it should be")
        return said
    finally:
        await admin.close()


async def check(settings: Settings) -> None:
    """Raises `TopicsError` unless all topics are there and as they must be."""
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    try:
        found = await _find(admin)
    finally:
        await admin.close()
    problems = [
        f"{topic} does not exist: run `holdfast topics create`"
        for topic in TOPICS
        if topic not in found
    ]
    problems += _wrong_counts(found, settings)
    for topic, is_now in found.items():
        for key, value in sorted(_differing(topic, is_now, settings).items()):
            problems.append(
                f"{topic} has {key}={is_now.config.get(key)} instead of {value}: "
                "run `holdfast topics create`"
            )
    _refuse(problems)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise TopicsError("\n".join(problems))


def _count(topic: str, settings: Settings) -> int:
    return 1 if topic in _IN_ONE_ORDER else settings.partitions


def _wrong_counts(found: Mapping[str, Found], settings: Settings) -> list[str]:
    problems = []
    for topic, is_now in found.items():
        wanted_count = _count(topic, settings)
        if is_now.partitions != wanted_count:
            mend = (
                f"make {topic} anew with one partition"
                if topic in _IN_ONE_ORDER
                else f"set HOLDFAST_PARTITIONS={is_now.partitions}"
            )
            problems.append(
                f"{topic} has {is_now.partitions} partitions, the settings say {wanted_count}, and "
                f"the count is fixed for life: {mend}"
            )
    return problems


def _differing(topic: str, found: Found, settings: Settings) -> dict[str, str]:
    return {
        key: value
        for key, value in wanted(topic, settings).items()
        if found.config.get(key) != value
    }


def _new(topic: str, settings: Settings) -> NewTopic:
    return NewTopic(
        topic,
        num_partitions=_count(topic, settings),
        replication_factor=settings.replication,
        topic_configs=wanted(topic, settings),
    )


async def _find(admin: AIOKafkaAdminClient) -> dict[str, Found]:
    names = [topic for topic in await admin.list_topics() if topic in _KEPT]
    if not names:
        return {}
    described = await admin.describe_topics(names)
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
    configs: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for response in await admin.describe_configs(resources):
        for _, _, _, name, entries in response.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries}
    return {name: Found(counts[name], configs.get(name, {})) for name in names}
