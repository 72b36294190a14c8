"""The whole thread on real Kafka and Redis: form, wait, outcome, event; and how the API ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from services.local.places import free_port
from streams.settings import Settings
from streams.topics import create
from tests.services.live import tell
from tests.services.processes import ApiProcess
from tests.services.site import Site
from tests.streams.workers import ROOT, WorkerProcess


@pytest.fixture
async def streams(kafka_bootstrap: str, redis_url: str) -> Settings:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url)
    await create(settings)
    return settings


@pytest.fixture
async def site(processes: tuple[WorkerProcess, ApiProcess]) -> AsyncIterator[Site]:
    worker, api = processes
    await worker.ready()
    await api.ready()
    async with httpx2.AsyncClient(base_url=api.url, timeout=120) as http:
        yield Site(http, f"T-{uuid4().hex[:12]}")


async def lines_of(bootstrap: str, trial: str, count: int) -> list[str]:
    """What `examples/subscriber.py` says of a trial, up to a number of lines."""
    subscriber = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "examples" / "subscriber.py"),
        bootstrap,
        stdout=asyncio.subprocess.PIPE,
    )
    assert subscriber.stdout is not None
    found: list[str] = []
    async for line in subscriber.stdout:
        if line.decode().startswith(f"{trial}/"):
            found.append(line.decode().rstrip("\n"))
        if len(found) == count:
            break
    subscriber.kill()
    await subscriber.wait()
    return found


async def test_a_form_becomes_a_slot_and_a_published_event(site: Site, streams: Settings) -> None:
    await site.open()
    answer = await site.post("/forms", site.form("A"), key="k1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "slot_reserved"
    again = await site.post("/forms", site.form("A"), key="k1")
    assert again.json() == answer.json()
    other = await site.post("/forms", site.form("B"), key="k1")
    assert other.status_code == 422
    assert other.json()["first_digest"] == answer.json()["digest"]

    accepted = await site.post("/forms", site.form("B"), key="k2", wait=0)
    assert accepted.status_code in (200, 202)
    address = f"/v1/submissions/{accepted.json()['submission_id']}"
    headers = {"Authorization": "Bearer token-s1"}
    while (told := await site.http.get(address, headers=headers)).status_code == 202:
        await asyncio.sleep(0.05)
    assert told.json()["outcome"] == "slot_reserved"

    listed = await site.events()
    assert [event["type"].split(".", 2)[2] for event in listed] == [
        "protocol.adopted.v1",
        "site.activated.v1",
        "trial.opened.v1",
        "level.opened.v1",
        "slot.reserved.v1",
        "slot.reserved.v1",
    ]
    followed = await lines_of(streams.kafka_bootstrap, site.trial, len(listed))
    assert followed == [
        f"{event['id']} {event['type']} {json.dumps(event['data'], sort_keys=True)}"
        for event in listed
    ]


async def test_one_form_sent_at_once_by_many_is_decided_once(site: Site) -> None:
    await site.open()
    answers = await asyncio.gather(
        *(site.post("/forms", site.form("A"), key="same") for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    reserved = [event for event in await site.events() if "slot.reserved" in event["type"]]
    assert len(reserved) == 1


async def test_a_stop_ends_live_streams_and_the_process_with_them(
    site: Site, processes: tuple[WorkerProcess, ApiProcess]
) -> None:
    await site.open()
    _, api = processes
    headers = {"Authorization": "Bearer token-centre"}
    path = f"/v1/trials/{site.trial}/events/stream"
    board = f"/v1/trials/{site.trial}/board/stream"
    async with (
        site.http.stream("GET", path, headers=headers) as events,
        site.http.stream("GET", board, headers=headers) as boards,
    ):
        await anext(tell(events))
        first = await anext(tell(boards))
        assert json.loads(first.data)["trial_id"] == site.trial
        api.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            code = await asyncio.to_thread(api.process.wait)
    assert code in (0, -signal.SIGTERM)


async def test_the_api_is_up_and_says_so_while_kafka_and_redis_are_away(
    token_file: Path, tmp_path: Path
) -> None:
    nowhere = Settings(
        kafka_bootstrap=f"127.0.0.1:{free_port()}", redis_url=f"redis://127.0.0.1:{free_port()}/0"
    )
    api = ApiProcess(nowhere, token_file, tmp_path / "api.log", free_port()).start()
    try:
        async with httpx2.AsyncClient(base_url=api.url, timeout=120) as http:
            while True:
                assert api.process.poll() is None, api.log.read_text()
                try:
                    live = await http.get("/live")
                    break
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
            assert live.status_code == 200
            ready = await http.get("/ready")
            assert (ready.status_code, ready.json()["kafka"], ready.json()["redis"]) == (
                503,
                False,
                False,
            )
            assert (await http.get("/started")).status_code == 503
            answer = await Site(http, "T1").post("/suspension", {"reason": "x"}, "token-centre")
            assert answer.status_code == 503
    finally:
        api.kill()


def test_a_missing_setting_is_named_and_stops_the_start() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    ended = subprocess.run(
        [sys.executable, "-m", "services.api"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert ended.returncode == 78
    assert "HOLDFAST_KAFKA_BOOTSTRAP" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_api_process_never_loads_faust() -> None:
    code = "import services.api.__main__, sys; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=150).returncode == 0
