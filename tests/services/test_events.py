"""Public events: listed, and live in a way that a reader can stop and go on without a loss."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from services.api.app import build_app
from services.api.events import record_before
from services.settings import ApiSettings
from streams.cloud_events import cloud_events
from tests.services.conftest import Caller, form
from tests.services.live import serving, tell
from tests.services.memory import Memory, MemoryTrials

EVENTS = "/v1/trials/T1/events"


def headers(by: str = "token-service", **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {by}", **more}


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=90) as client:
        yield client


async def sequences(trial: Caller, **params: Any) -> list[int]:
    page = (await trial.get(EVENTS, "token-service", **params)).json()
    return [int(event["sequence"]) for event in page["items"]]


async def test_the_list_is_the_very_content_of_the_topic(trial: Caller, memory: Memory) -> None:
    for subject in ("A", "B", "C", "D"):
        await trial.post("/forms", form(subject))
    listed = (await trial.get(EVENTS, "token-service")).json()
    published = [event for record in memory.trials["T1"].records for event in cloud_events(record)]
    assert listed["items"] == published
    assert listed["next"] is None
    assert [event["id"] for event in published] == [f"T1/{n}" for n in range(len(published))]


async def test_after_gives_what_follows_wherever_it_falls(trial: Caller) -> None:
    for subject in ("A", "B", "C", "D", "E"):
        await trial.post("/forms", form(subject))
        await trial.post("/subjects/NOBODY/dlts", {"onset_on": "2027-02-22"})
    everything = await sequences(trial)
    assert everything == list(range(10))
    for after in range(10):
        assert await sequences(trial, after=after) == everything[after + 1 :]
        assert await sequences(trial, after=after, limit=2) == everything[after + 1 :][:2]
    assert await sequences(trial, after=10_000) == []


async def test_pages_end_inside_a_record_without_a_loss(trial: Caller) -> None:
    await trial.post("/forms", form("A"))
    seen: list[int] = []
    after: str | None = None
    while True:
        params = {"limit": 1} | ({"after": after} if after else {})
        page = (await trial.get(EVENTS, "token-service", **params)).json()
        seen += [int(event["sequence"]) for event in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == list(range(6))


async def test_events_are_filtered_by_site_and_instant(trial: Caller) -> None:
    await trial.post("/forms", form("A", "S1"))
    later = {"Holdfast-At": "2027-02-22T18:00:00Z"}
    await trial.post("/forms", form("B", "S2"), "token-s2", headers=later)
    of_s2 = (await trial.get(EVENTS, "token-service", site="S2")).json()["items"]
    assert [event["data"].get("subject_id") for event in of_s2] == [None, "B"]
    late = (await trial.get(EVENTS, "token-service", since="2027-02-22T17:00:00Z")).json()
    assert [event["subject"] for event in late["items"]] == ["B"]


@pytest.mark.parametrize("records", [0, 1, 2, 3, 7, 8, 9])
async def test_the_search_for_a_number_ends_right_at_any_length(
    trial: Caller, memory: Memory, records: int
) -> None:
    for n in range(records):
        await trial.post("/forms", form(f"A{n}"))
    log = memory.trials["T1"].records
    for number in range(memory.trials["T1"].public):
        holder = max(r.sequence for r in log if r.content.public_from <= number)
        assert await record_before(MemoryTrials(memory), "T1", number) == holder - 1


async def test_a_reader_that_reconnects_misses_nothing_and_sees_nothing_twice(
    trial: Caller, http: httpx2.AsyncClient
) -> None:
    await trial.post("/forms", form("A"))
    seen: list[str] = []
    async with http.stream("GET", f"{EVENTS}/stream", headers=headers()) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        async for told in tell(response):
            seen.append(told.id)
            if len(seen) == 4:
                break
    await trial.post("/forms", form("B"))
    again = headers(**{"Last-Event-ID": seen[-1]})
    async with http.stream("GET", f"{EVENTS}/stream", headers=again) as response:
        async for told in tell(response):
            seen.append(told.id)
            assert json.loads(told.data)["id"] == f"T1/{told.id}"
            if len(seen) == 7:
                break
    assert seen == ["0", "1", "2", "3", "4", "5", "6"]


async def test_an_event_arrives_while_the_reader_waits(
    trial: Caller, http: httpx2.AsyncClient
) -> None:
    async with http.stream("GET", f"{EVENTS}/stream?after=4", headers=headers()) as response:
        stream = tell(response)
        arriving = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await trial.post("/forms", form("A"))
        event = json.loads((await arriving).data)
        assert (event["type"], event["subject"]) == ("org.holdfast.slot.reserved.v1", "A")


async def test_a_site_hears_of_its_own_subjects_only(
    trial: Caller, http: httpx2.AsyncClient
) -> None:
    await trial.post("/forms", form("B", "S2"), "token-s2")
    await trial.post("/forms", form("A", "S1"))
    async with http.stream(
        "GET", f"{EVENTS}/stream?after=4", headers=headers("token-s1")
    ) as response:
        assert json.loads((await anext(tell(response))).data)["subject"] == "A"


async def test_the_board_is_told_at_once_and_after_each_change(
    trial: Caller, http: httpx2.AsyncClient
) -> None:
    path = "/v1/trials/T1/board/stream"
    async with http.stream("GET", path, headers=headers("token-centre")) as response:
        stream = tell(response)
        first = await anext(stream)
        assert (first.event, first.id) == ("board", "3")
        assert json.loads(first.data)["phase1"]["levels"][0]["reserved"] == 0
        await trial.post("/forms", form("A"))
        second = await anext(stream)
        assert (second.event, second.id) == ("board", "4")
        assert json.loads(second.data)["phase1"]["levels"][0]["reserved"] == 1
    seen = headers("token-centre", **{"Last-Event-ID": "4"})
    async with http.stream("GET", path, headers=seen) as response:
        arriving = asyncio.ensure_future(anext(tell(response)))
        await trial.post("/forms", form("B"))
        assert (await arriving).id == "5"


async def test_a_silent_stream_says_that_it_is_alive(memory: Memory, token_file: Path) -> None:
    app = build_app(memory.ports(), ApiSettings(token_file=token_file, ping_seconds=0.05))
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=90) as http:
        await Caller(http).open_trial()
        async with http.stream("GET", f"{EVENTS}/stream?after=4", headers=headers()) as response:
            said = [line async for line in _until(response.aiter_lines(), ": ping")]
            assert said[-1] == ": ping"
            assert not any(line.startswith("data:") for line in said)


async def _until(lines: AsyncIterator[str], last: str) -> AsyncIterator[str]:
    """These lines up to and with one that is `last`; all of them if none is."""
    async for line in lines:
        yield line
        if line == last:
            return


async def test_streams_are_limited_per_actor_and_counted_down_when_they_end(
    memory: Memory, token_file: Path
) -> None:
    settings = ApiSettings(token_file=token_file, max_streams_per_actor=1)
    app = build_app(memory.ports(), settings)
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=90) as http:
        await Caller(http).open_trial()
        async with http.stream("GET", f"{EVENTS}/stream", headers=headers()) as response:
            await anext(tell(response))
            second = await http.get(f"{EVENTS}/stream", headers=headers())
            assert second.status_code == 429
        while True:
            async with http.stream("GET", f"{EVENTS}/stream", headers=headers()) as response:
                if response.status_code == 200:
                    break


async def test_open_streams_end_when_the_server_stops(trial: Caller, app: FastAPI) -> None:
    async with httpx2.AsyncClient(timeout=90) as http:
        async with serving(app) as url:
            response = await http.send(
                http.build_request("GET", f"{url}{EVENTS}/stream", headers=headers()),
                stream=True,
            )
            stream = tell(response)
            for _ in range(5):
                await anext(stream)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "9" * 30])
async def test_an_id_that_was_never_given_is_refused(trial: Caller, value: str) -> None:
    answer = await trial.http.get(f"{EVENTS}/stream", headers=headers(**{"Last-Event-ID": value}))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Last-Event-ID"
