"""What readers are told when Redis loses all, a key, or a few bytes: what is right, or nothing."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from inspect import getmembers, isfunction
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from streams import keys
from streams.follow import NotShownError, TrialFollower
from streams.ledger import Ledger, fold
from streams.partition import partition_of
from streams.rebuild import Asked, Requests
from streams.redis_client import Client, redis_client
from streams.rules import RULES
from streams.settings import Settings
from streams.snapshots import Snapshots, Taken, name
from streams.topics import create
from tests.servers import RedisProcess
from tests.services.processes import ApiProcess
from tests.services.site import Site
from tests.streams.workers import WorkerProcess


@dataclass
class Service:
    """A worker and a web process on a Redis that the test may spoil, with one trial in it."""

    worker: WorkerProcess
    api: ApiProcess
    settings: Settings
    redis: Client
    site: Site

    @property
    def trial(self) -> str:
        return self.site.trial

    @property
    def partition(self) -> int:
        return partition_of(self.trial, self.settings.partitions)

    async def get(self, path: str, trial: str | None = None) -> httpx2.Response:
        headers = {"Authorization": "Bearer token-centre"}
        where = f"/v1/trials/{trial or self.trial}{path}"
        return await self.site.http.get(where, headers=headers)

    async def shown(self) -> list[Any]:
        """Everything that is read of the trial; what is not shown now is left out."""
        paths = ("/board", "/log?limit=500", "/events?limit=500", "/subjects/P-1/verdict")
        answers = [await self.get(path) for path in paths]
        for answer in answers:
            assert answer.status_code in (200, 503), answer.text
        return [answer.json() if answer.status_code == 200 else None for answer in answers]

    async def shown_again(self, right: list[Any]) -> None:
        """Waits until all is shown; what is shown meanwhile is right or nothing."""
        while (found := await self.shown()) != right:
            for now, then in zip(found, right, strict=True):
                assert now is None or now == then
            await asyncio.sleep(0.1)

    def cases(self) -> dict[str, int]:
        url = f"http://127.0.0.1:{self.worker.port}/ready"
        with urllib.request.urlopen(url, timeout=60) as said:
            found: dict[str, int] = json.load(said)["cases"]
        return found

    async def told(self, case: str, before: dict[str, int]) -> None:
        """Waits until the worker has told of one more such case."""
        await self.worker.ready()
        while True:
            await asyncio.sleep(0.1)
            try:
                if self.cases().get(case, 0) > before.get(case, 0):
                    break
            except OSError:  # Not ready: it recovers just now.
                continue
        await self.worker.ready()

    async def restarted_reader(self) -> dict[str, Any]:
        """What a web process that has just started comes to, as soon as it shows the trial."""
        follower = TrialFollower(self.settings, RULES.evolve, RULES.new_trial)
        try:
            while True:
                try:
                    trial = await follower.trial(self.trial)
                    assert trial is not None, "a trial that there is was said not to exist"
                    records = await follower.records(self.trial)
                    answers = [
                        await follower.answer(self.trial, record.content.command_id)
                        for record in records
                    ]
                    listed = await follower.list_trials()
                    break
                except NotShownError:
                    await asyncio.sleep(0.1)
        finally:
            await follower.stop()
        return {
            "trial": trial,
            "hashes": [record.hash for record in records],
            "answers": [None if answer is None else answer.sequence for answer in answers],
            "listed": self.trial in listed.trial_ids,
        }


@pytest.fixture
def redis_server(redis_process: Callable[[], RedisProcess]) -> RedisProcess:
    return redis_process()


@pytest.fixture
async def streams(kafka_bootstrap: str, redis_server: RedisProcess) -> Settings:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_server.url)
    await create(settings)
    return settings


@pytest.fixture
async def service(
    processes: tuple[WorkerProcess, ApiProcess], streams: Settings
) -> AsyncIterator[Service]:
    worker, api = processes
    await worker.ready()
    await api.ready()
    redis = redis_client(streams)
    async with httpx2.AsyncClient(base_url=api.url, timeout=120) as http:
        site = Site(http, f"T-{uuid4().hex[:12]}")
        await site.open()
        for number in range(3):
            answer = await site.post("/forms", site.form(f"P-{number}"))
            assert answer.status_code == 200, answer.text
        yield Service(worker, api, streams, redis, site)
    await redis.aclose()


async def test_a_web_process_restarted_on_an_emptied_redis_says_404_of_nothing_it_does_not_know(
    service: Service,
) -> None:
    right, unknown = await service.shown(), f"T-{uuid4().hex[:12]}"
    assert None not in right
    assert (await service.get("/board", unknown)).status_code == 404
    assert await service.worker.stop() == 0
    await service.redis.flushall()
    assert await service.shown() == [right[0], None, None, None], "what was folded is kept"
    service.api.kill()
    await service.api.start().ready()
    for trial in (service.trial, unknown):
        for path in ("/board", "/log"):
            answer = await service.get(path, trial)
            assert answer.status_code == 503, answer.text
            assert answer.json()["type"] == "/v1/problems/trial.not_shown"
            assert answer.headers["retry-after"] == "2"
    written = await service.site.post("/forms", service.site.form("P-9"))
    assert written.json()["type"] == "/v1/problems/trial.not_shown"
    listed = await service.site.http.get("/v1/trials", headers={"Authorization": "Bearer token-s1"})
    assert listed.json()["type"] == "/v1/problems/trial.not_shown"
    service.worker.start()
    await service.shown_again(right)
    while (answer := await service.get("/board", unknown)).status_code == 503:
        await asyncio.sleep(0.1)
    assert answer.json()["type"] == "/v1/problems/trial.unknown"
    listed = await service.site.http.get("/v1/trials", headers={"Authorization": "Bearer token-s1"})
    assert {"trial_id": service.trial} in listed.json()["items"]


GONE = {
    "head": "trial_keys_gone",
    "log": "trial_keys_gone",
    "answers": "trial_keys_gone",
    "protocol": "trial_keys_gone",
    "trials": "trials_unlisted",
}
"""What the owner tells of each key that readers depend on, when that key alone is gone."""
HARMLESS = {
    "whole": "said again within a second; meanwhile what is not there is a 503",
    "snapshot": "a takeover and a web process fold from the first record, which costs time",
    "rebuild": "the operator's request is withdrawn; the command says that nobody answered",
    "rebuilding": "how far a rebuild is, which is said again",
}


def test_every_key_there_is_has_been_thought_of() -> None:
    helpers = {"of_trial", "entry_id", "sequence_of"}
    assert {name for name, _ in getmembers(keys, isfunction)} - helpers == {*GONE, *HARMLESS}


async def test_each_key_deleted_alone_is_told_and_brought_back(service: Service) -> None:
    right, fresh = await service.shown(), await service.restarted_reader()
    assert fresh["listed"]
    for kind, case in GONE.items():
        of = service.partition if kind == "trials" else service.trial
        key = getattr(keys, kind)(of)
        before = service.cases()
        assert await service.redis.delete(key) == 1, kind
        await service.told(case, before)
        assert await service.restarted_reader() == fresh, kind
        await service.shown_again(right)
        assert await service.redis.exists(key) == 1, kind


async def test_the_keys_that_are_harmless_by_design_are(service: Service) -> None:
    right, fresh = await service.shown(), await service.restarted_reader()
    await write_snapshot(service)
    requests, before = Requests(service.redis), service.cases()
    for kind in HARMLESS:
        if kind.startswith("rebuild"):
            await requests.ask(service.partition, Asked("of the test", service.trial))
        key = (
            keys.snapshot(service.trial, name())
            if kind == "snapshot"
            else getattr(keys, kind)(service.partition)
        )
        if kind == "rebuilding":
            while not await service.redis.exists(key):
                await asyncio.sleep(0.01)
        assert await service.redis.delete(key) == 1, kind
        assert await service.restarted_reader() == fresh, kind
        await service.shown_again(right)
    await service.worker.ready()
    after = service.cases()
    assert {case for case in after if after[case] > before.get(case, 0)} <= {"rebuilt"}
    assert (await service.get("/board", f"T-{uuid4().hex[:12]}")).status_code == 404


async def write_snapshot(service: Service) -> None:
    follower = TrialFollower(service.settings, RULES.evolve, RULES.new_trial)
    records = await follower.records(service.trial)
    await follower.stop()
    ledger = Ledger(service.partition)
    for offset, record in enumerate(records):
        fold(ledger.of(service.trial, RULES), record, offset, RULES)
    taken = Taken.of(service.trial, ledger.trials[service.trial])
    await Snapshots(service.redis).write(taken)


async def change_bytes(service: Service, number: int) -> None:
    """In one record of the log in Redis, all else as it was, in one transaction."""
    log = keys.log(service.trial)
    entries = await service.redis.xrange(log)
    pipeline = service.redis.pipeline(transaction=True)
    pipeline.delete(log)
    for place, (entry, fields) in enumerate(entries):
        if place == number % len(entries):
            stored = fields[b"r"].replace(b'"S1"', b'"S2"')
            assert stored != fields[b"r"]
            fields = {**fields, b"r": stored}
        pipeline.xadd(log, fields, entry)
    await pipeline.execute()


@pytest.mark.parametrize("number", [3, -1], ids=["in the midst", "at the end"])
async def test_bytes_changed_inside_redis_are_never_shown_and_are_put_right(
    service: Service, number: int
) -> None:
    right, fresh, before = (
        await service.shown(),
        await service.restarted_reader(),
        service.cases(),
    )
    await change_bytes(service, number)
    restarted = asyncio.create_task(service.restarted_reader())
    await service.shown_again(right)
    await service.told("redis_damaged", before)
    assert await restarted == fresh
    await service.shown_again(right)
    assert await service.redis.keys(f"{keys.log(service.trial)}:quarantine:*")


async def test_an_answer_that_is_said_to_stand_elsewhere_is_never_shown_and_is_put_right(
    service: Service,
) -> None:
    fresh, before = await service.restarted_reader(), service.cases()
    ids = await service.redis.hkeys(keys.answers(service.trial))
    await service.redis.hset(keys.answers(service.trial), ids[0], "1")
    await service.redis.hset(keys.answers(service.trial), ids[1], "nowhere")
    assert set((await service.restarted_reader())["answers"]) <= {None, *fresh["answers"]}
    await service.told("redis_damaged", before)
    assert await service.restarted_reader() == fresh
