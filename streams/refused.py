"""Tells a refused login from an outage: waiting mends the one, only a setting mends the other."""

import asyncio
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from redis.exceptions import AuthenticationError, MovedError, NoPermissionError

from streams.redis_cluster import OF_A_CLUSTER, WrongModeError
from streams.settings import Settings

LOOK_SECONDS = 5.0


class RefusedError(Exception):
    """A server answers and does not let us in; the message names the setting."""


def refusal(error: BaseException, server: str) -> str | None:
    """Why `server` (redis or kafka) does not let us in, with the setting; none for an outage."""
    if isinstance(error, WrongModeError):
        return f"{server}: {error}"
    if isinstance(error, MovedError):  # Only by itself: the client of a cluster follows them.
        return f"{server}: {OF_A_CLUSTER}"
    for cause in _causes(error):
        says = _of_tls(cause, server) or _of_redis(cause) or _of_kafka(cause)
        if says is not None:
            return f"{server}: {says}"
    return None


async def kafka_refuses(settings: Settings) -> str | None:
    """Asks each broker itself: the client's own error only says that it could not connect."""
    try:
        client = settings.kafka_client()
    except OSError as error:  # Of TLS too: what is in the files is no certificate or key.
        return (
            f"kafka: a certificate or key cannot be read ({type(error).__name__}): see "
            "HOLDFAST_KAFKA_CA_FILE, HOLDFAST_KAFKA_CERT_FILE and HOLDFAST_KAFKA_KEY_FILE"
        )
    for address in client.pop("bootstrap_servers"):
        parts = urlsplit(f"//{address}")
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                connection = await create_conn(
                    parts.hostname, parts.port or 9092, request_timeout_ms=5000, **client
                )
                connection.close()
                return None
        except (KafkaError, OSError, TimeoutError) as error:
            if (why := refusal(error, "kafka")) is not None:
                return why
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, each once: errors can be made to lead back to themselves."""
    found: BaseException | None = error
    told: list[BaseException] = []
    while found is not None and not any(found is one for one in told):
        told.append(found)
        yield found
        found = found.__cause__ or found.__context__


def _of_tls(error: BaseException, server: str) -> str | None:
    name = f"HOLDFAST_{server.upper()}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): see {name}_CA_FILE"
    reason = getattr(error, "reason", None) or ""
    if isinstance(error, ssl.SSLError) and "ALERT" in reason:
        return f"it refused our certificate ({reason}): see {name}_CERT_FILE and {name}_KEY_FILE"
    return None


def _of_redis(error: BaseException) -> str | None:
    if isinstance(error, AuthenticationError):
        return "the login was refused: see HOLDFAST_REDIS_USERNAME and HOLDFAST_REDIS_PASSWORD"
    if isinstance(error, NoPermissionError):
        return "the user of HOLDFAST_REDIS_USERNAME may not do what is needed: see its ACL"
    return None


def _of_kafka(error: BaseException) -> str | None:
    match error:
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return (
                "the login was refused: see HOLDFAST_KAFKA_SASL_USERNAME and "
                "HOLDFAST_KAFKA_SASL_PASSWORD"
            )
        case (
            UnsupportedSaslMechanismError()
            | AuthenticationMethodNotSupported()
            | IllegalSaslStateError()
        ):
            return (
                "it does not take this kind of login: see HOLDFAST_KAFKA_SECURITY and "
                "HOLDFAST_KAFKA_SASL_MECHANISM"
            )
        case (
            TopicAuthorizationFailedError()
            | GroupAuthorizationFailedError()
            | ClusterAuthorizationFailedError()
        ):
            return (
                "the user of HOLDFAST_KAFKA_SASL_USERNAME may not do what is needed "
                f"({type(error).__name__}): see its access list"
            )
    return None
