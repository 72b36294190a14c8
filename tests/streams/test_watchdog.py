"""A worker or web service that hangs says so by name and ends; asked to end, it ends in time."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from services.local.places import free_port
from streams.partition import partition_of
from streams.settings import Settings
from tests.streams.conftest import NewWorker
from tests.streams.workers import ROOT, Client, WorkerProcess, as_environment, form

WITHIN = 30.0
"""How long a process may take to end: twice what is promised, for a machine that is busy."""


def said(worker: WorkerProcess, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line[:1] == "{"]
    return [line for line in lines if line["message"] == message]


async def ended(process: "subprocess.Popen[bytes]") -> int:
    return await asyncio.to_thread(process.wait, WITHIN)


async def test_a_stage_that_waits_for_ever_is_named_and_the_worker_ends(
    new_worker: NewWorker, client: Client
) -> None:
    worker = new_worker(HANG_AT="decided:await", STAGE_HUNG_SECONDS="8", LAG_WINDOW_SECONDS="2")
    await client.send_opening()
    sent = 0
    async with asyncio.timeout(90):
        while worker.process.poll() is None:
            await client.send(f"form {sent}", form(f"P-{sent}"))
            sent += 1
            await asyncio.sleep(0.1)
    assert worker.process.returncode == 70
    growing = said(worker, "lag_grows")[0]
    partition = partition_of(client.trial, client.settings.partitions)
    assert (growing["level"], growing["stage"]) == ("error", "trial.commands")
    assert growing["partition"] == partition
    (line,) = said(worker, "hung_stage")
    assert (line["level"], line["stage"]) == ("critical", "trial.commands")
    assert line["where"][-1].endswith(" wait")
    assert any(frame.endswith(" hang_point") for frame in line["where"])
    heir = new_worker()
    assert await client.follower.wait_for(client.trial, client.command_id("form 0"), 60) is not None
    assert heir.process.poll() is None


async def test_a_blocked_event_loop_is_named_with_the_place_where_it_stands(
    new_worker: NewWorker, client: Client
) -> None:
    worker = new_worker(HANG_AT="decided:sleep", LOOP_BLOCKED_SECONDS="2")
    await client.send_opening()
    assert await ended(worker.process) == 70
    (line,) = said(worker, "loop_blocked")
    assert line["where"][-1].endswith(" hang_point")


async def test_a_worker_stuck_in_c_with_every_thread_is_ended_by_the_system(
    new_worker: NewWorker, client: Client
) -> None:
    worker = new_worker(HANG_AT="decided:spin", LOOP_BLOCKED_SECONDS="2")
    await client.send_opening()
    assert await ended(worker.process) == -signal.SIGPROF


async def test_a_worker_that_was_stopped_longer_than_every_limit_goes_on(
    new_worker: NewWorker, client: Client
) -> None:
    worker = new_worker(LOOP_BLOCKED_SECONDS="2", STAGE_HUNG_SECONDS="3", MESSAGE_SECONDS="3")
    await client.open()
    worker.process.send_signal(signal.SIGSTOP)
    # What is tried is that time goes by: there is nothing else to wait for.
    await asyncio.sleep(4)
    worker.process.send_signal(signal.SIGCONT)
    assert (await client.ask("form P-1", form("P-1"))).answer.outcome == "slot_reserved"
    assert worker.process.poll() is None
    assert await worker.stop() == 0


async def test_a_hung_worker_that_is_asked_to_end_ends_in_time(
    new_worker: NewWorker, client: Client
) -> None:
    worker = new_worker(HANG_AT="decided:sleep", LOOP_BLOCKED_SECONDS="600")
    await client.send_opening()
    while await asyncio.to_thread(worker.status, "/live") == 200 or not said(worker, "started"):
        await asyncio.sleep(0.1)
    worker.process.send_signal(signal.SIGTERM)
    assert await ended(worker.process) == 0
    assert said(worker, "stop_forced")


CRASHES_AND_CANNOT_STOP = """
import asyncio
from faust.app.base import App
from streams import worker
from streams.announce import AnnounceStage
from streams.kafka import SendFailedError

async def fail(self):
    raise SendFailedError("of the test")

async def wait_for_kafka(self):
    await asyncio.Event().wait()

AnnounceStage.run, App.stop = fail, wait_for_kafka
worker.CRASH_SECONDS = 1.0
worker.main()
"""


async def test_a_worker_whose_stage_failed_ends_though_it_cannot_leave_its_group(
    settings: Settings, tmp_path: Path
) -> None:
    """As when Kafka is away for longer: the watchdog alone ended it, after a minute."""
    told = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", CRASHES_AND_CANNOT_STOP],
            cwd=ROOT,
            env=told | as_environment(settings),
            stderr=file,
        )
        try:
            assert await ended(process) == 70, log.read_text()
        finally:
            process.kill()
    assert "stop_forced" in log.read_text()
    assert "hung_stage" not in log.read_text()


async def test_worker_and_web_with_a_live_viewer_end_when_asked_to(
    new_worker: NewWorker, client: Client, settings: Settings, tmp_path: Path
) -> None:
    worker = new_worker()
    await client.open()
    port = free_port()
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"t" * 40: {"id": "v", "role": "auditor", "sites": ["*"]}}))
    told = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")} | {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
        "HOLDFAST_TOKEN_FILE": str(tokens),
        "HOLDFAST_API_PORT": str(port),
    }
    web = subprocess.Popen([sys.executable, "-m", "services.api"], cwd=ROOT, env=told)
    try:
        viewer = await asyncio.to_thread(_viewer, web, port, client.trial)
        assert await asyncio.to_thread(viewer.readline) == b"retry: 1000\n"
        web.send_signal(signal.SIGTERM)
        worker.process.send_signal(signal.SIGTERM)
        assert (await ended(web), await ended(worker.process)) == (0, 0)
        assert not said(worker, "stop_forced")
    finally:
        web.kill()
        web.wait()


def _viewer(web: "subprocess.Popen[bytes]", port: int, trial: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/trials/{trial}/board/stream",
        headers={"Authorization": f"Bearer {'t' * 40}"},
    )
    while True:
        try:
            return urllib.request.urlopen(request, timeout=WITHIN)
        except OSError:
            assert web.poll() is None, "the web service ended"
