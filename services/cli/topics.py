"""`holdfast topics`: makes and checks the topics of Kafka, and lets a halted trial go on."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import click
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console

from streams import topics as streams_topics
from streams.kafka import Producer
from streams.parked import Resume, marker
from streams.partition import partition_of
from streams.settings import Settings


@click.group("topics")
def topics() -> None:
    """The topics of Kafka (settings: HOLDFAST_KAFKA_BOOTSTRAP and others)."""


@topics.command("create")
def create() -> None:
    """Makes what is missing and sets right what differs; says what it did."""
    for sentence in _run(streams_topics.create(_settings())):
        Console().print(sentence, highlight=False, soft_wrap=True)


@topics.command("check")
def check() -> None:
    """Says whether a worker could start on the topics as they are."""
    _run(streams_topics.check(_settings()))
    Console().print("All topics are as they should be.")


@topics.command("resume")
@click.argument("trial_id")
def resume(trial_id: str) -> None:
    """Lets a trial that an error of ours halted go on; what was parked is decided first.

    Only after every worker runs a version in which the error is mended.
    """
    _run(_resume(_settings(), trial_id))
    Console().print(f"{trial_id} goes on within a second or two.", highlight=False)


async def _resume(settings: Settings, trial_id: str) -> None:
    producer = Producer(settings)
    await producer.start()
    try:
        partition = partition_of(trial_id, settings.partitions)
        await producer.send_all((marker(Resume(trial=trial_id), partition),))
    finally:
        await producer.stop()


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = ", ".join(
            f"HOLDFAST_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        )
        raise click.ClickException(f"the settings are not complete: {wrong}") from None


def _run(work: "Coroutine[Any, Any, Any]") -> Any:
    try:
        return asyncio.run(work)
    except streams_topics.TopicsError as error:
        raise click.ClickException(str(error)) from None
    except (KafkaError, OSError) as error:
        raise click.ClickException(
            f"Kafka does not answer ({type(error).__name__}): "
            "check HOLDFAST_KAFKA_BOOTSTRAP, or start it with `make up`"
        ) from None
