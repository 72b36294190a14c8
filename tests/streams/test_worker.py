"""The worker as a process: from a request to a public event, through crashes and takeovers."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from streams.kafka import Outgoing
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.read_side import ReadSide
from streams.redis_client import redis_client
from streams.settings import Settings
from streams.topics import PARKED
from tests.streams.conftest import NewWorker
from tests.streams.stage import accepted, published
from tests.streams.workers import ROOT, Client, form, public_events


@pytest.fixture
async def reader(settings: Settings) -> AsyncIterator[LogReader]:
    reader = LogReader(settings)
    await reader.start()
    yield reader
    await reader.stop()


async def agreed(client: Client, reader: LogReader) -> list[str]:
    """The ids of the commands in the accepted chain, in order; Redis shows the very same chain."""
    partition = partition_of(client.trial, client.settings.partitions)
    chain = await accepted(reader, partition, client.trial)
    redis = redis_client(client.settings)
    assert await published(ReadSide(redis), client.trial) == [record.stored for record in chain]
    await redis.aclose()
    ids = [str(record.content.command_id) for record in chain]
    assert len(ids) == len(set(ids)), "a command was decided twice"
    return ids


async def test_one_form_becomes_one_slot_and_public_events(
    new_worker: NewWorker, client: Client, reader: LogReader
) -> None:
    worker = new_worker()
    await client.open()
    answer = await client.ask("form P-1", form("P-1"))
    assert (answer.answer.outcome, answer.sequence) == ("slot_reserved", 3)
    while len(events := await public_events(client, reader)) < 5:
        await asyncio.sleep(0.05)
    assert await worker.stop() == 0
    assert [event["sequence"] for event in events] == [f"{n:020d}" for n in range(len(events))]
    assert [event["id"] for event in events] == [f"{client.trial}/{n}" for n in range(len(events))]
    assert [event["type"] for event in events] == [
        "org.holdfast.protocol.adopted.v1",
        "org.holdfast.site.activated.v1",
        "org.holdfast.trial.opened.v1",
        "org.holdfast.level.opened.v1",
        "org.holdfast.slot.reserved.v1",
    ]
    assert events[-1]["subject"] == "P-1"
    assert len(await agreed(client, reader)) == 4


@pytest.mark.parametrize("point", ["decided", "sent", "published", "acknowledged"])
async def test_a_worker_killed_at_any_step_of_a_batch_loses_and_doubles_nothing(
    new_worker: NewWorker, client: Client, reader: LogReader, point: str
) -> None:
    sent = await client.send_opening()
    sent += [await client.send(f"form {n}", form(f"P-{n}")) for n in range(12)]
    dying = new_worker(CRASH_AT=f"{point}:1")
    assert await dying.ended() == -9
    sent += [await client.send(f"form {n}", form(f"P-{n}")) for n in range(12, 15)]
    heir = new_worker()
    for command_id in sent:
        assert await client.follower.wait_for(client.trial, command_id, 150) is not None
    while len(sequences := {str(e["sequence"]) for e in await public_events(client, reader)}) < 19:
        await asyncio.sleep(0.1)
    assert sorted(sequences) == [f"{n:020d}" for n in range(4 + 15)]
    assert await heir.stop() == 0
    assert await agreed(client, reader) == [str(command_id) for command_id in sent]


async def test_two_workers_share_the_partitions_and_one_takes_over_when_the_other_dies(
    new_worker: NewWorker, client: Client, reader: LogReader
) -> None:
    one, other = new_worker(), new_worker()
    await client.open()
    await one.ready()
    await other.ready()
    sent = [await client.send(f"form {n}", form(f"P-{n}")) for n in range(20)]
    one.kill()
    sent += [await client.send(f"form {n}", form(f"P-{n}")) for n in range(20, 40)]
    for command_id in sent:
        assert await client.follower.wait_for(client.trial, command_id, 150) is not None
    await other.stop()
    assert (await agreed(client, reader))[3:] == [str(command_id) for command_id in sent]


async def test_an_unreadable_request_is_parked_with_its_place_and_the_rest_goes_on(
    new_worker: NewWorker, client: Client, reader: LogReader
) -> None:
    new_worker()
    await client.open()
    partition = partition_of(client.trial, client.settings.partitions)
    nonsense = b'{"format":1,"nonsense":' + uuid4().bytes.hex().encode() + b"}"
    message = Outgoing("trial.requests", partition, client.trial.encode(), nonsense)
    offset = (await client.writer._producer.send_all([message]))[0]
    assert (await client.ask("form P-1", form("P-1"))).answer.outcome == "slot_reserved"
    end = await reader.end(PARKED, partition)
    # Resumptions of other trials may stand there too, and these have no source.
    found = [json.loads(v) async for _, v in reader.read(PARKED, partition, 0, end)]
    assert [
        message["reason"]
        for message in found
        if message.get("source")
        == {"topic": "trial.requests", "partition": partition, "offset": offset}
    ] == ["unreadable"]


async def test_a_conflict_keeps_the_first_answer(new_worker: NewWorker, client: Client) -> None:
    new_worker()
    await client.open()
    first = await client.ask("the form", form("P-1"))
    again = await client.ask("the form", form("P-2"))
    assert again == first
    fold = await client.follower.trial(client.trial)
    assert fold is not None
    assert "P-2" not in fold.subjects


def test_a_worker_that_is_not_told_where_things_are_names_the_setting_alone() -> None:
    """Exit code 78, and a last line that an operator can act on."""
    environment = {key: value for key, value in os.environ.items() if "HOLDFAST" not in key}
    ended = subprocess.run(
        [sys.executable, "-m", "streams.worker"],
        cwd=ROOT,
        env=environment | {"HOLDFAST_REDIS_URL": "redis://:hush@127.0.0.1:1/0"},
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 78
    told = orjson.loads(ended.stderr.splitlines()[-1])["message"]
    assert told.endswith("see docs/operations.md: HOLDFAST_KAFKA_BOOTSTRAP")
    assert b"hush" not in ended.stderr


def test_a_worker_without_assertions_refuses_to_start(settings: Settings) -> None:
    environment = dict(os.environ) | {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
    }
    ended = subprocess.run(
        [sys.executable, "-O", "-m", "streams.worker"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 78
    assert b"without -O" in ended.stderr


async def test_a_worker_with_the_wrong_partition_count_says_what_to_set(
    new_worker: NewWorker, settings: Settings, tmp_path: Path
) -> None:
    environment = dict(os.environ) | {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
        "HOLDFAST_PARTITIONS": "3",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "streams.worker"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 78
    assert b"set HOLDFAST_PARTITIONS=8" in ended.stderr
