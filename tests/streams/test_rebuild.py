"""`holdfast rebuild`: the owner builds the read side beside the old one and swaps them whole."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams import keys
from streams.cases import Case
from streams.rebuild import ALL, Asked, Progress
from streams.settings import Settings
from tests.streams.conftest import NewOwner
from tests.streams.counting import command_id, request
from tests.streams.stage import Owner, numbers_decided
from tests.streams.workers import Client, WorkerProcess, form


async def begun(new_owner: NewOwner, trial: str) -> Owner:
    owner = await new_owner()
    owner.own(trial)
    await owner.put([request(trial, n) for n in range(5)])
    await owner.handle()
    return owner


async def rebuilt(owner: Owner, trial: str, of: str) -> Progress:
    assert owner.stage._recovery.rebuild is not None
    requests = owner.stage._recovery.rebuild.requests
    await requests.ask(owner.partition(trial), Asked("R1", of))
    await owner.stage._tick()
    told = await requests.progress(owner.partition(trial))
    assert told is not None
    assert await requests.asked((owner.partition(trial),)) == {}
    return told


@pytest.mark.parametrize("of", ["the trial", "all"])
async def test_what_was_wrong_inside_the_log_is_right_again(
    new_owner: NewOwner, trial: str, of: str
) -> None:
    """Bytes that no head tells of: the probe cannot see them, a rebuild replaces them."""
    owner = await begun(new_owner, trial)
    await owner.redis.delete(keys.answers(trial))
    before = await owner.redis.xrange(keys.log(trial))
    told = await rebuilt(owner, trial, trial if of == "the trial" else ALL)
    assert (told.state, told.request_id) == ("done", "R1")
    assert told.trials >= 1
    assert told.read == told.end
    assert await owner.redis.xrange(keys.log(trial)) == before
    assert await owner.redis.hlen(keys.answers(trial)) == 5
    assert not await owner.redis.keys(f"{{{trial}}}*:rebuilt")
    assert Case.REBUILT in owner.health.cases.counts()
    await owner.put([request(trial, n) for n in (4, 5)])
    await owner.handle()
    assert await numbers_decided(owner, trial, 6) == [0, 1, 2, 3, 4, 5]


async def test_readers_see_the_old_log_until_the_new_one_is_whole(
    new_owner: NewOwner, trial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await begun(new_owner, trial)
    rebuild = owner.stage._recovery.rebuild
    assert rebuild is not None
    seen = []

    async def look(partition: int, progress: Progress) -> None:
        seen.append((progress.state, await owner.redis.xlen(keys.log(trial))))

    monkeypatch.setattr(type(rebuild.requests), "tell", lambda _, p, progress: look(p, progress))
    await rebuild.requests.ask(owner.partition(trial), Asked("R1", trial))
    await owner.stage._tick()
    assert [state for state, _ in seen][-1] == "done"
    assert {length for _, length in seen} == {5}
    await owner.redis.delete(keys.rebuild(owner.partition(trial)))


async def test_a_log_that_comes_to_another_tip_is_not_swapped_in(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await begun(new_owner, trial)
    rebuild = owner.stage._recovery.rebuild
    ledger = owner.stage.ledger(owner.partition(trial))
    assert rebuild is not None
    assert ledger is not None
    ledger.last_offset -= 1
    await rebuild.requests.ask(ledger.partition, Asked("R2", trial))
    await rebuild.run(ledger)
    told = await rebuild.requests.progress(ledger.partition)
    assert told is not None
    assert told.state == "failed"
    assert told.says == "trial.log gives other tips than its owner knows"
    assert await owner.redis.xlen(keys.log(trial)) == 5


async def test_an_owner_that_remembers_decisions_otherwise_than_the_log_swaps_nothing_in(
    new_owner: NewOwner, trial: str
) -> None:
    """Its memory may come from a snapshot in Redis, and Redis is what is doubted."""
    owner = await begun(new_owner, trial)
    rebuild = owner.stage._recovery.rebuild
    ledger = owner.stage.ledger(owner.partition(trial))
    assert rebuild is not None
    assert ledger is not None
    decided = ledger.trials[trial].decided
    one, other = command_id(trial, 1).bytes, command_id(trial, 2).bytes
    decided[one], decided[other] = decided[other], decided[one]
    await rebuild.requests.ask(ledger.partition, Asked("R3", trial))
    await rebuild.run(ledger)
    told = await rebuild.requests.progress(ledger.partition)
    assert told is not None
    assert (told.state, told.says) == (
        "failed",
        "trial.log has a decision that its owner does not know",
    )
    assert await owner.redis.xlen(keys.log(trial)) == 5


async def test_the_command_waits_for_the_worker_and_says_what_was_done(
    settings: Settings, tmp_path: Path, trial: str
) -> None:
    worker = WorkerProcess(settings, tmp_path / "worker.log").start()
    client = await Client(settings, trial).start()
    await client.open()
    await client.ask("form P-1", form("P-1"))
    told = await asyncio.to_thread(holdfast, settings, "rebuild", trial)
    assert told.returncode == 0, told.stderr
    assert "Trials rebuilt: 1, from" in told.stdout
    assert (await client.ask("form P-2", form("P-2"))).answer.outcome == "slot_reserved"
    none = await asyncio.to_thread(holdfast, settings, "rebuild", "T-nobody")
    assert none.returncode == 1
    assert "no trial T-nobody" in none.stderr
    await client.stop()
    worker.kill()
    alone = await asyncio.to_thread(holdfast, settings, "rebuild", trial, "--patience", "1")
    assert alone.returncode == 1
    assert "no worker rebuilt partition" in alone.stderr


def holdfast(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    told = {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
    }
    command = [sys.executable, "-m", "services.cli.main", *words]
    return subprocess.run(command, env=os.environ | told, capture_output=True, text=True)
