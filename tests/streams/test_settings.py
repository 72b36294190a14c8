"""Settings of Kafka and Redis: security is said in full or refused, secrets are not shown."""

from typing import Any

import pytest
from pydantic import ValidationError

from streams.partition import partition_of
from streams.settings import Settings

PLACES: dict[str, Any] = {"kafka_bootstrap": "a:1,b:2", "redis_url": "redis://c:3"}


def test_sasl_without_a_user_is_refused_with_the_mend() -> None:
    with pytest.raises(ValidationError, match="HOLDFAST_KAFKA_SASL_USERNAME"):
        Settings(**PLACES, kafka_security="SASL_PLAINTEXT")


def test_a_password_is_not_told_when_the_settings_are_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**PLACES, kafka_security="SASL_SSL", kafka_sasl_password="hush")
    assert "hush" not in str(refused.value)


def test_sasl_is_given_to_every_client() -> None:
    settings = Settings(
        **PLACES,
        kafka_security="SASL_SSL",
        kafka_sasl_username="holdfast",
        kafka_sasl_password="secret",
        redis_username="holdfast",
        redis_password="other",
    )
    client = settings.kafka_client()
    assert client.pop("ssl_context") is settings.kafka_ssl
    assert client == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "holdfast",
        "sasl_plain_password": "secret",
    }
    assert settings.redis_client() == {"username": "holdfast", "password": "other"}
    assert "secret" not in repr(settings)
    assert "other" not in repr(settings)


def test_topics_are_flushed_for_every_message_only_where_one_replica_acknowledges_alone() -> None:
    assert Settings(**PLACES).flush_messages
    assert not Settings(**PLACES, replication=3, min_insync_replicas=2).flush_messages
    assert not Settings(**PLACES, flush_every_message=False).flush_messages


def test_more_replicas_in_sync_than_there_are_is_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be above replication"):
        Settings(**PLACES, min_insync_replicas=2)


@pytest.mark.parametrize(
    ("trial", "partitions", "partition"),
    [("NCT00825734", 8, 6), ("NCT00825734", 1, 0), ("demo", 8, 0), ("T-1", 8, 3)],
)
def test_a_trial_lives_in_the_same_partition_for_ever(
    trial: str, partitions: int, partition: int
) -> None:
    assert partition_of(trial, partitions) == partition
