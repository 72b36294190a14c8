"""Export, restore and export again, on real servers: the same bytes, the same trial, once."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from enrollment import commands as c
from streams.export import NoSuchTrialError, NotWrittenError, export, write
from streams.kafka import Outgoing, Producer
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.record import Record
from streams.restore import NotRestoredError, restore
from streams.settings import Settings
from streams.topics import LOG, create
from streams.verify import verify
from tests.protocols.build import protocol_text
from tests.servers import KafkaProcess, RedisProcess
from tests.streams.told import Recorded
from tests.streams.workers import AT, CENTRE, Client, WorkerProcess, form, public_events, site


def nothing(_: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def new_worker(tmp_path: Path) -> Iterator[Callable[[Settings], WorkerProcess]]:
    started: list[WorkerProcess] = []

    def start(of: Settings) -> WorkerProcess:
        started.append(WorkerProcess(of, tmp_path / f"worker-{len(started)}.log").start())
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


@asynccontextmanager
async def following(settings: Settings, trial: str) -> AsyncIterator[tuple[Client, LogReader]]:
    client, reader = await Client(settings, trial).start(), LogReader(settings)
    await reader.start()
    yield client, reader
    await client.stop()
    await reader.stop()


@pytest.mark.timeout(240)
async def test_a_trial_is_the_same_after_export_and_restore_into_an_empty_installation(
    settings: Settings,
    new_worker: Callable[[Settings], WorkerProcess],
    kafka_process: Callable[[], KafkaProcess],
    redis_process: Callable[[], RedisProcess],
    tmp_path: Path,
) -> None:
    trial, first, second = f"T-{uuid4()}", tmp_path / "first", tmp_path / "second"
    worker = new_worker(settings)
    async with following(settings, trial) as (client, reader):
        await client.open()
        for name in ("P-1", "P-2", "P-3", "P-4"):
            await client.ask(f"form {name}", form(name))
        said = await client.ask(
            "dose", c.AuthoriseFirstDose(subject_id="P-9", planned_on=AT.date())
        )
        assert said.answer.outcome == "rejected"
        while len(events := await public_events(client, reader)) < 8:
            await asyncio.sleep(0.05)
        told = await client.follower.trial(trial)
        await export(settings, trial, first, nothing, nothing)
    assert await worker.stop() == 0
    report = verify(first)
    assert (report.faults, report.derived, report.assignments) == ([], 8, 3)

    empty = Settings(kafka_bootstrap=kafka_process().bootstrap, redis_url=redis_process().url)
    await create(empty)
    # It owns the partitions before anything is there, and must notice by itself.
    await new_worker(empty).ready()
    assert await restore(empty, first, trial, False, nothing) == 8
    async with following(empty, trial) as (client, reader):
        answered = await client.follower.wait_for(trial, client.command_id("dose"), 60)
        assert answered == said
        assert await client.follower.trial(trial) == told
        while await public_events(client, reader) != events:
            await asyncio.sleep(0.05)
        await export(empty, trial, second, nothing, nothing)
        assert second.read_bytes() == first.read_bytes()
        answer = await client.ask("form P-5", form("P-5"))
        assert (answer.answer.outcome, answer.sequence) == ("waitlisted", 8)


@pytest.fixture
def recorded(trial: str) -> tuple[Record, ...]:
    recorded = Recorded(trial)
    text = protocol_text(protocol_id=trial[:40])
    recorded.decide(CENTRE, AT, c.AdoptProtocol(text=text, clock="simulated", meaning="I do."))
    recorded.decide(CENTRE, AT, site("S1"))
    recorded.decide(CENTRE, AT, c.ActivateTrial(meaning="I open it."))
    return tuple(recorded.records)


async def send(settings: Settings, records: tuple[Record, ...]) -> None:
    producer = Producer(settings)
    await producer.start()
    trial = records[0].trial_id
    partition = partition_of(trial, settings.partitions)
    await producer.send_all(
        [Outgoing(LOG, partition, trial.encode(), record.stored) for record in records]
    )
    await producer.stop()


async def test_a_trial_that_is_there_is_never_restored_over(
    settings: Settings, recorded: tuple[Record, ...], tmp_path: Path
) -> None:
    trial, file = recorded[0].trial_id, tmp_path / "export"
    write(file, trial, recorded)
    await send(settings, recorded[:1])
    with pytest.raises(NotRestoredError, match=f"has 1 record of {trial} already"):
        await restore(settings, file, trial, False, nothing)
    again = tmp_path / "again"
    assert (await export(settings, trial, again, nothing, nothing)).count == 1


async def test_an_interrupted_restore_goes_on_where_it_ended_and_only_once(
    settings: Settings, recorded: tuple[Record, ...], tmp_path: Path
) -> None:
    trial, file = recorded[0].trial_id, tmp_path / "export"
    write(file, trial, recorded)
    await send(settings, recorded[:2])
    assert await restore(settings, file, trial, True, nothing) == 1
    assert await restore(settings, file, trial, True, nothing) == 0
    await export(settings, trial, tmp_path / "again", nothing, nothing)
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


async def test_a_log_with_another_history_of_the_trial_is_left_as_it_is(
    settings: Settings, recorded: tuple[Record, ...], tmp_path: Path
) -> None:
    trial, file = recorded[0].trial_id, tmp_path / "export"
    write(file, trial, recorded)
    other = Recorded(trial)
    other.decide(CENTRE, AT, site("S2"))
    await send(settings, tuple(other.records))
    with pytest.raises(NotRestoredError, match="other records"):
        await restore(settings, file, trial, True, nothing)


async def test_an_export_leaves_out_what_the_chain_rule_does_not_accept(
    settings: Settings, recorded: tuple[Record, ...], tmp_path: Path
) -> None:
    trial = recorded[0].trial_id
    stale = Recorded(trial)
    stale.decide(CENTRE, AT, site("S2"))
    await send(settings, (recorded[0], *stale.records, recorded[1], recorded[1], recorded[2]))
    await export(settings, trial, tmp_path / "export", nothing, nothing)
    write(tmp_path / "wanted", trial, recorded)
    assert (tmp_path / "export").read_bytes() == (tmp_path / "wanted").read_bytes()


async def test_a_trial_that_is_not_there_gives_no_file(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoSuchTrialError):
        await export(settings, f"T-{uuid4()}", tmp_path / "none", nothing, nothing)
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_named_and_leaves_the_older_file_as_it_was(
    settings: Settings,
    recorded: tuple[Record, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await send(settings, recorded)
    file = tmp_path / "export"
    file.write_bytes(b"older")

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(NotWrittenError, match="No space left on device"):
        await export(settings, recorded[0].trial_id, file, nothing, nothing)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("export", b"older")]
