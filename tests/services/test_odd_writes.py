"""Odd headers and repeated keys of writes that are taken: what they change, and cannot change."""

import json

import httpx2
import pytest

from services.api.app import build_app
from services.settings import ApiSettings
from tests.services.conftest import Caller, form
from tests.services.memory import Memory
from tests.services.told import problem

FORM = json.dumps(form()).encode()


async def test_a_charset_that_says_what_json_is_anyway_is_taken(trial: Caller) -> None:
    for number, said in enumerate(("application/json; charset=UTF-8", "Application/JSON;x=y")):
        answer = await trial.post("/forms", form(f"S1-{number}"), headers={"Content-Type": said})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "prefer", ["wait", "wait=", "wait=-1", "wait=1e9", "wait=9999999999", "wait=x", ";;;,,,", "é"]
)
async def test_a_preference_that_is_none_is_left_aside(trial: Caller, prefer: str) -> None:
    headers = [
        (b"authorization", b"Bearer token-s1"),
        (b"content-type", b"application/json"),
        (b"idempotency-key", b"k"),
        (b"prefer", prefer.encode()),
    ]
    answer = await trial.http.post("/v1/trials/T1/forms", content=FORM, headers=headers)
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers


async def test_an_after_made_by_hand_shows_nothing_of_another_site(trial: Caller) -> None:
    await trial.post("/forms", form("S2-001", "S2"), "token-s2")
    for after in ("UzI", "UzItMDAw", "MA", "LTE"):
        answer = await trial.get("/v1/trials/T1/subjects", "token-s1", after=after)
        assert "S2-001" not in answer.text


async def test_the_same_key_with_another_body_names_both_digests_in_every_process(
    trial: Caller, memory: Memory, settings: ApiSettings
) -> None:
    """Another process, or this one after a restart, knows it from the record."""
    first = await trial.post("/forms", form(), key="k1")
    sent = len(memory.sent)
    transport = httpx2.ASGITransport(app=build_app(memory.ports(), settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
        other = await Caller(http).post("/forms", form("S1-002"), key="k1")
        found = problem(other, 422, "idempotency_key.reused")
        assert found["first_digest"] == first.json()["digest"]
        assert found["digest"] != found["first_digest"]
        again = await Caller(http).post("/forms", form(), key="k1")
        assert again.json() == first.json()
    assert len(memory.sent) == sent


async def test_a_key_that_is_pending_in_another_process_is_decided_once_and_then_told(
    trial: Caller, memory: Memory, settings: ApiSettings
) -> None:
    """What is on its way is known to its process alone: the other body is sent, and not decided."""
    memory.slow = True
    first = await trial.post("/forms", form(), key="k1", wait=0)
    transport = httpx2.ASGITransport(app=build_app(memory.ports(), settings))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
        other = await Caller(http).post("/forms", form("S1-002"), key="k1", wait=0)
        assert other.status_code == 202
        memory.deliver()
        late = await Caller(http).post("/forms", form("S1-002"), key="k1")
        found = problem(late, 422, "idempotency_key.reused")
        assert found["first_digest"] == first.json()["digest"]
    shown = await trial.get("/v1/trials/T1/subjects", "token-s1")
    assert [one["subject_id"] for one in shown.json()["items"]] == ["S1-001"]
