"""Where Kafka and Redis are and how to reach them: only what differs between deployments."""

import ssl
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from aiokafka.helpers import create_ssl_context
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Settings(BaseSettings):
    """Read from the environment, prefix `HOLDFAST_`. Documented in `docs/operations.md`."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    kafka_bootstrap: str
    """`host:port`, several separated by commas."""
    redis_url: str
    """`redis://host:port/db`, `rediss://` for TLS, `unix://path` for a socket."""
    redis_cluster: bool = False
    """Redis Cluster: the address may name several nodes, `redis://a:6379,b:6379`."""

    kafka_security: SecurityProtocol = "PLAINTEXT"
    kafka_ca_file: Path | None = None
    kafka_cert_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None

    redis_username: str | None = None
    redis_password: SecretStr | None = None
    redis_ca_file: Path | None = None
    redis_cert_file: Path | None = None
    redis_key_file: Path | None = None

    partitions: int = Field(default=8, ge=1, le=1024)
    """Of every topic, fixed for life: a trial stays in its partition."""
    replication: int = Field(default=1, ge=1, le=9)
    min_insync_replicas: int = Field(default=1, ge=1, le=9)
    flush_every_message: bool | None = None
    """By default on with one replica, where an acknowledgement may rest on the page cache alone."""

    group: str = Field(default="holdfast", pattern=r"^[a-z0-9][a-z0-9-]{0,48}$")
    """The consumer group of the workers. All workers of one installation share it."""
    session_timeout_seconds: float = Field(default=8.0, ge=6.0, le=10.0)
    """How long after its death a worker's partitions stay with it."""
    send_timeout_seconds: float = Field(default=30.0, gt=0)
    """After this the worker exits: what it sent may still land, so its memory is worth nothing."""
    loop_blocked_seconds: float = Field(default=20.0, ge=1)
    """An event loop that has not turned for so long has hung; the same for the web service."""
    stage_hung_seconds: float = Field(default=60.0, ge=1)
    """A stage that got nowhere for so long has hung: above `send_timeout_seconds` by 10 or more."""
    message_seconds: float = Field(default=180.0, ge=1)
    """How long one message may be in flight while Kafka and Redis answer."""
    lag_window_seconds: float = Field(default=60.0, ge=1)
    """Over what time the lag of a partition is looked at."""
    status_port: int | None = Field(default=None, ge=0, le=65535)
    status_host: str = "127.0.0.1"

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if self.kafka_security.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError(
                "kafka_security asks for SASL: set HOLDFAST_KAFKA_SASL_USERNAME and "
                "HOLDFAST_KAFKA_SASL_PASSWORD"
            )
        if self.min_insync_replicas > self.replication:
            raise ValueError("min_insync_replicas cannot be above replication")
        if self.redis_cluster:
            _refuse_what_no_cluster_has(self.redis_url)
        return self

    @property
    def flush_messages(self) -> bool:
        if self.flush_every_message is not None:
            return self.flush_every_message
        return self.replication == 1

    @cached_property
    def kafka_ssl(self) -> ssl.SSLContext | None:
        if not self.kafka_security.endswith("SSL"):
            return None
        context: ssl.SSLContext = create_ssl_context(
            cafile=_text(self.kafka_ca_file),
            certfile=_text(self.kafka_cert_file),
            keyfile=_text(self.kafka_key_file),
        )
        return context

    def kafka_client(self) -> dict[str, Any]:
        """The arguments that every client of Kafka takes."""
        client: dict[str, Any] = {
            "bootstrap_servers": self.kafka_bootstrap.split(","),
            "security_protocol": self.kafka_security,
        }
        if self.kafka_ssl is not None:
            client["ssl_context"] = self.kafka_ssl
        if self.kafka_security.startswith("SASL"):
            assert self.kafka_sasl_password is not None, "checked when the settings were read"
            client["sasl_mechanism"] = self.kafka_sasl_mechanism
            client["sasl_plain_username"] = self.kafka_sasl_username
            client["sasl_plain_password"] = self.kafka_sasl_password.get_secret_value()
        return client

    def redis_client(self) -> dict[str, Any]:
        """The arguments that every client of Redis takes besides the address."""
        client: dict[str, Any] = {}
        if self.redis_username:
            client["username"] = self.redis_username
        if self.redis_password:
            client["password"] = self.redis_password.get_secret_value()
        if self.redis_url.startswith("rediss://"):
            client["ssl_ca_certs"] = _text(self.redis_ca_file)
            client["ssl_certfile"] = _text(self.redis_cert_file)
            client["ssl_keyfile"] = _text(self.redis_key_file)
        return client


def wrong_settings(error: ValidationError) -> str:
    """Names, and what is said of several together; never what was given, which may be secret."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    names = ", ".join(f"HOLDFAST_{str(e['loc'][0]).upper()}" for e in found if e["loc"])
    more = [e["msg"].removeprefix("Value error, ") for e in found if not e["loc"]]
    first = f"Set these in the environment, see docs/operations.md: {names}"
    return "; ".join([*([first] if names else []), *more])


def _refuse_what_no_cluster_has(redis_url: str) -> None:
    address = urlsplit(redis_url)
    if address.scheme == "unix" or address.path.strip("/") not in ("", "0"):
        raise ValueError(
            "redis_cluster: a cluster has database 0 only and no sockets: set HOLDFAST_REDIS_URL "
            "to redis:// or rediss://, with one node or several separated by commas"
        )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
