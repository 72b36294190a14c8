"""`holdfast topics`: makes and checks the topics of Kafka."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from rich.console import Console

from services.cli.operator_settings import operator_settings, run
from streams import topics as streams_topics

T = TypeVar("T")


@click.group("topics")
def topics() -> None:
    """The topics of Kafka (settings: HOLDFAST_KAFKA_BOOTSTRAP and others)."""


@topics.command("create")
def create() -> None:
    """Makes what is missing and sets right what differs; says what it did."""
    for sentence in _run(streams_topics.create(operator_settings())):
        Console().print(sentence, highlight=False, soft_wrap=True)


@topics.command("check")
def check() -> None:
    """Says whether a worker could start on the topics as they are."""
    _run(streams_topics.check(operator_settings()))
    Console().print("All topics are as they should be.")


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return run(work)
    except streams_topics.TopicsError as error:
        raise click.ClickException(str(error)) from None
