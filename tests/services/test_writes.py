"""Writes over HTTP: keys, waiting, outcomes, and what a repeated request gets."""

import asyncio
from typing import Any

import httpx2
import pytest

from services.api.answers import Answered, PendingSubmission
from services.api.app import build_app
from services.api.identity import Submission, parse_submission
from tests.protocols.build import protocol_text
from tests.services.conftest import Caller, form
from tests.services.memory import Memory


async def test_an_eligible_form_gets_a_place(trial: Caller) -> None:
    answer = await trial.post("/forms", form(), key="k1")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "decided"
    assert body["outcome"] == "slot_reserved"
    assert body["subject_id"] == "S1-001"
    assert body["level_id"] == "L1"
    assert body["expires_at"] == "2027-02-25T15:00:00Z"
    assert answer.headers["preference-applied"] == "wait=5"
    Answered.model_validate_json(answer.content)


async def test_an_ineligible_form_is_a_200_for_the_service_worked(trial: Caller) -> None:
    pregnant = form(pregnancy={"pregnant": "yes", "breast_feeding": "no", "tests": []})
    answer = await trial.post("/forms", pregnant)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "ineligible")
    assert "earliest_on" not in answer.json()


async def test_a_refusal_names_rule_sentence_and_date_and_is_a_200(trial: Caller) -> None:
    await trial.post("/forms", form())
    body = {"planned_on": "2027-02-22", "surprise": 1}
    answer = await trial.post("/subjects/S1-001/authorisation", body)
    assert answer.status_code == 422
    dosed = await trial.post("/subjects/S1-001/first-dose", {"dosed_on": "2027-02-22"})
    assert dosed.json()["outcome"] == "recorded"
    refused = await trial.post("/subjects/S1-001/window-outcome", {"outcome": "cleared"})
    assert refused.status_code == 200
    told = refused.json()
    assert (told["outcome"], told["rule"], told["earliest_on"]) == (
        "refused",
        "window_open",
        "2027-03-15",
    )
    assert told["sentence"]


async def test_a_confused_caller_is_rejected_with_a_200(trial: Caller) -> None:
    answer = await trial.post("/subjects/NOBODY/dlts", {"onset_on": "2027-02-22"})
    assert answer.status_code == 200
    assert (answer.json()["outcome"], answer.json()["rule"]) == ("rejected", "unknown_subject")


async def test_without_prefer_a_new_write_is_accepted_and_its_address_tells_the_rest(
    trial: Caller, memory: Memory
) -> None:
    memory.slow = True
    answer = await trial.post("/forms", form(), key="k1", wait=0)
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "1"
    location = answer.headers["location"]
    PendingSubmission.model_validate_json(answer.content)
    pending = await trial.get(location, "token-s1")
    assert (pending.status_code, pending.json()["status"]) == (202, "pending")
    memory.deliver()
    decided = await trial.get(location, "token-s1")
    assert (decided.status_code, decided.json()["outcome"]) == (200, "slot_reserved")


async def test_waiting_ends_with_the_decision(trial: Caller, memory: Memory) -> None:
    memory.slow = True
    sending = asyncio.create_task(trial.post("/forms", form(), wait=30))
    while not memory.waiting:
        await asyncio.sleep(0)
    memory.deliver()
    assert (await sending).json()["outcome"] == "slot_reserved"


async def test_waiting_ends_with_the_time_that_was_asked_for(trial: Caller, memory: Memory) -> None:
    memory.slow = True
    answer = await trial.post("/forms", form(), wait=1)
    assert answer.status_code == 202


async def test_the_same_key_and_body_get_the_stored_answer(trial: Caller, memory: Memory) -> None:
    first = await trial.post("/forms", form(), key="k1")
    sent = len(memory.sent)
    again = await trial.post("/forms", form(), key="k1")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert len(memory.sent) == sent


async def test_the_key_order_of_the_body_does_not_matter(trial: Caller) -> None:
    first = await trial.post("/forms", form(), key="k1")
    turned = dict(reversed(form().items()))
    assert (await trial.post("/forms", turned, key="k1")).json() == first.json()


async def test_the_same_key_with_another_body_is_a_conflict_that_names_both_digests(
    trial: Caller,
) -> None:
    first = await trial.post("/forms", form(), key="k1")
    other = await trial.post("/forms", form("S1-002"), key="k1")
    assert other.status_code == 422
    problem = other.json()
    assert problem["type"] == "/v1/problems/idempotency_key.reused"
    assert problem["first_digest"] == first.json()["digest"]
    assert problem["digest"] not in ("", problem["first_digest"])


async def test_a_conflict_is_found_while_the_first_is_still_pending(
    trial: Caller, memory: Memory
) -> None:
    memory.slow = True
    first = await trial.post("/forms", form(), key="k1", wait=0)
    other = await trial.post("/forms", form("S1-002"), key="k1", wait=0)
    assert other.status_code == 422
    assert other.json()["first_digest"] == first.json()["digest"]
    assert len(memory.waiting) == 1


async def test_one_key_of_two_sites_makes_two_commands(trial: Caller, memory: Memory) -> None:
    await trial.post("/forms", form("A", "S1"), "token-s1", key="k1")
    answer = await trial.post("/forms", form("B", "S2"), "token-s2", key="k1")
    assert answer.json()["outcome"] == "slot_reserved"
    ids = [request.command_id for request in memory.sent[-2:]]
    assert ids[0] != ids[1]


async def test_a_restarted_api_answers_what_was_decided_and_asks_for_the_rest_again(
    trial: Caller, memory: Memory, settings: Any
) -> None:
    decided = await trial.post("/forms", form(), key="k1")
    memory.slow = True
    pending = await trial.post("/forms", form("S1-002"), key="k2", wait=0)
    transport = httpx2.ASGITransport(app=build_app(memory.ports(), settings))
    trial = Caller(httpx2.AsyncClient(transport=transport, base_url="http://api"))
    address = f"/v1/submissions/{decided.json()['submission_id']}"
    assert (await trial.get(address, "token-s1")).json()["outcome"] == "slot_reserved"
    unknown = await trial.get(pending.headers["location"], "token-s1")
    assert unknown.status_code == 404
    assert unknown.json()["detail"] == "Unknown: send again with the same key."
    again = await trial.post("/forms", form("S1-002"), key="k2", wait=0)
    assert again.status_code == 202
    memory.deliver()
    assert len({request.command_id for request in memory.sent[-2:]}) == 1
    told = await trial.get(pending.headers["location"], "token-s1")
    assert told.json()["outcome"] == "slot_reserved"


async def test_nothing_is_promised_without_kafka(trial: Caller, memory: Memory) -> None:
    memory.kafka_away = True
    answer = await trial.post("/forms", form(), key="k1")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    where = Submission("T1", "S1", "k1").location
    assert (await trial.get(where, "token-s1")).status_code == 404


async def test_a_fact_is_still_taken_while_the_read_side_is_away(
    trial: Caller, memory: Memory
) -> None:
    await trial.post("/forms", form())
    memory.redis_away = True
    answer = await trial.post("/subjects/S1-001/first-dose", {"dosed_on": "2027-02-22"})
    assert answer.status_code == 202
    memory.redis_away = False
    told = await trial.get(answer.headers["location"], "token-s1")
    assert told.json()["outcome"] == "recorded"


async def test_a_trial_begins_only_with_its_first_protocol(api: Caller, memory: Memory) -> None:
    answer = await api.post("/forms", form())
    assert answer.status_code == 404
    assert answer.json()["type"] == "/v1/problems/trial.unknown"
    assert memory.sent == []


async def test_an_unsound_protocol_is_not_sent_and_each_error_is_named(
    api: Caller, memory: Memory
) -> None:
    text = protocol_text().replace('variant = "B"', 'variant = "Z"')
    body = {"text": text, "clock": "real", "meaning": "I adopt it."}
    answer = await api.post("/protocol", body, "token-centre")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/text"
    assert "variant" in answer.json()["errors"][0]["rule"]
    assert memory.sent == []


async def test_in_a_simulated_trial_the_caller_tells_the_time(
    trial: Caller, memory: Memory
) -> None:
    await trial.post("/forms", form())
    at = {"Holdfast-At": "2027-02-25T16:00:00+01:00"}
    passed = await trial.post("/clock", {}, "token-centre", headers=at)
    assert passed.json()["outcome"] == "recorded"
    assert memory.sent[-1].at.isoformat() == "2027-02-25T15:00:00+00:00"
    shown = await trial.get("/v1/trials/T1/subjects/S1-001")
    assert shown.json()["state"] == "expired"
    later = await trial.post("/forms", form("S1-002"))
    assert later.json()["at"] == "2027-02-25T15:00:00Z"


async def test_a_real_trial_is_never_told_the_time(api: Caller) -> None:
    await api.open_trial(clock="real")
    answer = await api.post("/forms", form(), headers={"Holdfast-At": "2027-02-25T15:00:00Z"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/v1/problems/clock.real"


@pytest.mark.parametrize("site", [None, "S1"])
def test_a_submission_id_resolves_to_the_very_submission(site: str | None) -> None:
    made = Submission("NCT00825734", site, "a:b.c-d_1")
    assert parse_submission(made.id) == made


@pytest.mark.parametrize("text", ["", "x", "!!!!", "VDEvUzEv", "VDEvUzEvaw==", "é"])
def test_other_texts_are_no_submission_ids(text: str) -> None:
    assert parse_submission(text) is None


def test_command_ids_never_change() -> None:
    assert str(Submission("NCT00825734", "S1", "k-1").command_id) == (
        "c57a20fd-721f-5310-8808-f3c7c78c0cda"
    )
    assert str(Submission("NCT00825734", None, "k-1").command_id) == (
        "75b9cde4-8872-5528-aaf4-634185374f7e"
    )


def test_a_site_called_centre_shares_no_ids_with_the_centre() -> None:
    assert Submission("T1", "centre", "k").command_id != Submission("T1", None, "k").command_id
