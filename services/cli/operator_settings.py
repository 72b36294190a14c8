"""The settings of an operator's command: of the environment, else of what runs on this machine."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.local.places import LOOPBACK, home_folder
from services.local.run_state import read_state
from streams.settings import Settings

T = TypeVar("T")


def operator_settings() -> Settings:
    """`HOLDFAST_...` where any address is set, else the Kafka and Redis that `holdfast up` started.

    Raises `click.ClickException` that names what is missing.
    """
    try:
        return Settings(**_local_addresses())
    except ValidationError as error:
        wrong = ", ".join(
            f"HOLDFAST_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        )
        raise click.ClickException(
            f"the settings are not complete: {wrong}. Set them, or start a stack with `make up`"
        ) from None


def _local_addresses() -> dict[str, Any]:
    if {"HOLDFAST_KAFKA_BOOTSTRAP", "HOLDFAST_REDIS_URL"} & os.environ.keys():
        return {}
    state = read_state(home_folder())
    kafka, redis = state.running("kafka"), state.running("redis")
    if kafka is None or redis is None:
        return {}
    return {
        "kafka_bootstrap": f"{LOOPBACK}:{kafka.port}",
        "redis_url": f"redis://{LOOPBACK}:{redis.port}/0",
    }


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs it; a server that does not answer becomes one sentence with its mend."""
    try:
        return asyncio.run(work)
    except (KafkaError, RedisError, OSError) as error:
        server = "Redis" if isinstance(error, RedisError) else "Kafka"
        raise click.ClickException(
            f"{server} does not answer ({type(error).__name__}): check the settings "
            "HOLDFAST_KAFKA_BOOTSTRAP and HOLDFAST_REDIS_URL, or start both with `make up`"
        ) from None
