"""A refused login is no outage: it is named with its setting, at start it ends the process."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import errors as kafka
from redis import Redis
from redis import exceptions as redis
from redis._parsers.base import BaseParser

from streams.health import Health, patiently
from streams.redis_cluster import WrongModeError
from streams.refused import refusal
from streams.settings import Settings
from tests.servers import RedisProcess
from tests.streams.workers import ROOT


def said_by_redis(says: str) -> Exception:
    """The client's error for an answer of Redis, in Redis's own words."""
    error: Exception = BaseParser.parse_error(says)  # type: ignore[no-untyped-call]
    return error


def behind(cause: Exception) -> Exception:
    """As a client raises it while it handles the real one."""
    try:
        try:
            raise cause
        except type(cause):
            raise redis.ConnectionError("Error 1 connecting")  # noqa: B904
    except redis.ConnectionError as error:
        return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        (said_by_redis("WRONGPASS invalid username-password pair"), "HOLDFAST_REDIS_PASSWORD"),
        (said_by_redis("NOAUTH Authentication required."), "HOLDFAST_REDIS_PASSWORD"),
        (said_by_redis("NOPERM User w has no permissions"), "HOLDFAST_REDIS_USERNAME"),
        (behind(untrusted()), "HOLDFAST_REDIS_CA_FILE"),
        (said_by_redis("MOVED 3999 127.0.0.1:6381"), "HOLDFAST_REDIS_CLUSTER=true"),
        (WrongModeError("unset HOLDFAST_REDIS_CLUSTER"), "unset HOLDFAST_REDIS_CLUSTER"),
    ],
)
def test_a_refusal_of_redis_names_its_setting(error: Exception, setting: str) -> None:
    assert setting in (refusal(error, "redis") or "")


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        (kafka.SaslAuthenticationFailed(), "HOLDFAST_KAFKA_SASL_PASSWORD"),
        (kafka.UnsupportedSaslMechanismError(), "HOLDFAST_KAFKA_SASL_MECHANISM"),
        (kafka.TopicAuthorizationFailedError(), "access list"),
        (untrusted(), "HOLDFAST_KAFKA_CA_FILE"),
    ],
)
def test_a_refusal_of_kafka_names_its_setting(error: Exception, setting: str) -> None:
    assert setting in (refusal(error, "kafka") or "")


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("Error 111 connecting"),
        redis.TimeoutError("Timeout reading"),
        said_by_redis("LOADING Redis is loading the dataset in memory"),
        kafka.KafkaConnectionError("Unable to bootstrap"),
        ConnectionRefusedError(111, "refused"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    ],
)
def test_an_outage_is_no_refusal(error: Exception) -> None:
    assert refusal(error, "redis") is None


def test_errors_that_lead_back_to_themselves_come_to_an_end() -> None:
    first, second = ConnectionError("one"), ConnectionError("other")
    first.__cause__, second.__cause__ = second, first
    assert refusal(first, "redis") is None


async def test_a_password_that_changes_under_a_running_worker_is_named_and_waited_for() -> None:
    health = Health()
    errors = [said_by_redis("WRONGPASS invalid username-password pair"), ConnectionError()]
    seen = []

    async def attempt() -> int:
        seen.append(health.report()["waiting_for"])
        if errors:
            raise errors.pop(0)
        return 42

    assert await patiently(attempt, health, "redis") == 42
    named = "redis: the login was refused: see HOLDFAST_REDIS_USERNAME and HOLDFAST_REDIS_PASSWORD"
    assert seen == [[], [named], ["redis"]]
    assert health.report()["waiting_for"] == []


@pytest.mark.parametrize("module", ["streams.worker", "services.api"])
async def test_a_process_with_a_wrong_password_ends_at_once_and_says_which(
    module: str,
    settings: Settings,
    redis_process: Callable[[], RedisProcess],
    tmp_path: Path,
) -> None:
    server = redis_process()
    Redis.from_url(server.url).config_set("requirepass", "right")
    wrong = {"HOLDFAST_REDIS_URL": server.url, "HOLDFAST_REDIS_PASSWORD": "wrong"}
    ended = await run_to_its_end(module, settings, tmp_path, **wrong)
    assert ended.returncode == 78
    assert b"HOLDFAST_REDIS_PASSWORD" in ended.stderr


async def run_to_its_end(
    module: str, settings: Settings, folder: Path, *options: str, **more: str
) -> "subprocess.CompletedProcess[bytes]":
    tokens = folder / "tokens.json"
    tokens.write_text(json.dumps({"t" * 40: {"id": "v", "role": "auditor", "sites": ["*"]}}))
    environment = dict(os.environ) | {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
        "HOLDFAST_TOKEN_FILE": str(tokens),
        **more,
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *options, "-m", module],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=150,
        check=False,
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"HOLDFAST_REDIS_CLUSTER": "true"}, b"unset HOLDFAST_REDIS_CLUSTER"),
        ({"HOLDFAST_KAFKA_SECURITY": "SASL_SSL"}, b"HOLDFAST_KAFKA_SASL_USERNAME"),
        (
            {"HOLDFAST_KAFKA_SECURITY": "SSL", "HOLDFAST_KAFKA_CA_FILE": __file__},
            b"HOLDFAST_KAFKA_CA_FILE",
        ),
        (
            {"HOLDFAST_KAFKA_SECURITY": "SSL", "HOLDFAST_KAFKA_CA_FILE": "/there/is/none"},
            b"HOLDFAST_KAFKA_CA_FILE",
        ),
        ({"HOLDFAST_REDIS_URL": "http://127.0.0.1"}, b"redis://"),
    ],
    ids=["redis is no cluster", "no user", "no certificate", "no file", "no address"],
)
@pytest.mark.parametrize("module", ["streams.worker", "services.api"])
async def test_whatever_is_set_up_wrongly_ends_worker_and_web_alike(
    module: str, wrong: dict[str, str], said: bytes, settings: Settings, tmp_path: Path
) -> None:
    ended = await run_to_its_end(module, settings, tmp_path, **wrong)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (78, False), ended.stderr
    assert said in ended.stderr


@pytest.mark.parametrize("module", ["streams.worker", "services.api"])
async def test_a_process_without_assertions_and_one_with_other_partitions_end_too(
    module: str, settings: Settings, tmp_path: Path
) -> None:
    ended = await run_to_its_end(module, settings, tmp_path, "-O")
    assert (ended.returncode, b"without -O" in ended.stderr) == (78, True), ended.stderr
    ended = await run_to_its_end(module, settings, tmp_path, HOLDFAST_PARTITIONS="5")
    assert (ended.returncode, b"partitions" in ended.stderr) == (78, True), ended.stderr


async def test_a_broken_token_file_ends_the_web(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    ended = await run_to_its_end(
        "services.api", settings, tmp_path, HOLDFAST_TOKEN_FILE=str(broken)
    )
    assert (ended.returncode, b"broken.json" in ended.stderr) == (78, True), ended.stderr
