"""Reads: board, subjects, waitlist, log and preview."""

import hashlib
from typing import Any

import orjson

from tests.services.conftest import Caller, form
from tests.services.memory import Memory


async def five(trial: Caller) -> None:
    """A, B, C reserved; D of S2 and E wait."""
    for subject, site in (("A", "S1"), ("B", "S1"), ("C", "S1"), ("D", "S2"), ("E", "S1")):
        await trial.post("/forms", form(subject, site), f"token-{site.lower()}")


async def test_the_board_shows_levels_counts_and_dates_as_the_api_names_them(
    trial: Caller,
) -> None:
    await five(trial)
    board = (await trial.get("/v1/trials/T1/board")).json()
    assert board["state"] == "open"
    assert board["time"] == "2027-02-22T15:00:00Z"
    level = board["phase1"]["levels"][0]
    assert (level["level_id"], level["reserved"], level["target"]) == ("L1", 3, 3)
    slot = level["subjects"][0]["slot"]
    assert slot["expires_at"] == "2027-02-25T15:00:00Z"
    assert "dose_not_before_on" in slot
    assert "dose_not_before" not in slot
    assert board["waiting"] == {"phase1": 2, "phase2": 0}


async def test_lists_go_on_behind_an_opaque_token_until_it_is_null(trial: Caller) -> None:
    await five(trial)
    seen, after = [], None
    for _ in range(10):
        params = {"limit": 2} | ({"after": after} if after else {})
        page = (await trial.get("/v1/trials/T1/subjects", **params)).json()
        seen += [item["subject_id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["A", "B", "C", "D", "E"]


async def test_subjects_are_filtered_by_site_state_and_date(trial: Caller) -> None:
    await five(trial)

    async def ids(**params: str) -> list[str]:
        page = await trial.get("/v1/trials/T1/subjects", **params)
        return [item["subject_id"] for item in page.json()["items"]]

    assert await ids(site="S2") == ["D"]
    assert await ids(state="waitlisted") == ["D", "E"]
    assert await ids(state="reserved", site="S1") == ["A", "B", "C"]
    assert await ids(since="2027-02-22") == ["A", "B", "C", "D", "E"]
    assert await ids(since="2027-02-23") == []


async def test_the_waitlist_is_in_order_with_positions_over_all_sites(trial: Caller) -> None:
    await five(trial)
    whole = (await trial.get("/v1/trials/T1/waitlist")).json()
    assert [(item["position"], item["subject_id"]) for item in whole["items"]] == [
        (1, "D"),
        (2, "E"),
    ]
    first = (await trial.get("/v1/trials/T1/waitlist", limit=1)).json()
    rest = (await trial.get("/v1/trials/T1/waitlist", after=first["next"])).json()
    assert [item["subject_id"] for item in rest["items"]] == ["E"]
    own = (await trial.get("/v1/trials/T1/waitlist", "token-s1")).json()
    assert [(item["position"], item["subject_id"]) for item in own["items"]] == [(2, "E")]


async def test_the_log_is_a_chain_that_its_reader_can_verify(trial: Caller, memory: Memory) -> None:
    await five(trial)
    items, after = [], None
    while True:
        params = {"limit": 3} | ({"after": after} if after else {})
        page = (await trial.get("/v1/trials/T1/log", "token-auditor", **params)).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [item["record"]["sequence"] for item in items] == list(range(9))
    previous = ""
    for item in items:
        assert item["record"]["previous"] == previous
        stored = orjson.dumps(item["record"], option=orjson.OPT_SORT_KEYS)
        previous = hashlib.sha256(stored).hexdigest()
        assert item["hash"] == previous


async def test_the_log_since_an_instant(trial: Caller) -> None:
    await trial.post("/forms", form("A"))
    await trial.post("/forms", form("B"), headers={"Holdfast-At": "2027-02-22T18:00:00Z"})
    page = await trial.get("/v1/trials/T1/log", since="2027-02-22T17:00:00Z")
    assert [item["record"]["answer"]["subject_id"] for item in page.json()["items"]] == ["B"]


async def test_a_preview_judges_and_writes_nothing(trial: Caller, memory: Memory) -> None:
    sent = len(memory.sent)
    pregnant = form("P", pregnancy={"pregnant": "yes", "breast_feeding": "no", "tests": []})
    answer = await trial.post("/verdicts", pregnant)
    assert answer.status_code == 200
    verdict = answer.json()
    assert verdict["protocol"]["version"] == "1.0"
    assert verdict["phases"][0]["outcome"] == "ineligible"
    assert verdict["phases"][0]["fails"]
    assert len(verdict["findings"]) >= 41
    assert len(memory.sent) == sent
    assert "P" not in memory.trials["T1"].trial.subjects


async def test_a_preview_is_for_own_sites_only(trial: Caller) -> None:
    assert (await trial.post("/verdicts", form("P", "S2"), "token-s1")).status_code == 403


async def test_trials_are_listed(trial: Caller) -> None:
    listed = await trial.get("/v1/trials", "token-service")
    assert listed.json() == {"items": [{"trial_id": "T1"}], "next": None, "complete": True}


async def test_health_says_what_is_missing(trial: Caller, memory: Memory) -> None:
    assert (await trial.http.get("/live")).status_code == 200
    ready = await trial.http.get("/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "kafka": True, "redis": True, "waiting_for": []},
    )
    memory.redis_away = True
    ready = await trial.http.get("/ready")
    assert (ready.status_code, ready.json()) == (
        503,
        {"status": "not ready", "kafka": True, "redis": False, "waiting_for": []},
    )
    assert (await trial.http.get("/live")).status_code == 200
    assert (await trial.http.get("/started")).status_code == 200


def low_neutrophils(subject: str) -> dict[str, Any]:
    """Exactly at the limit of I8, which is strict."""
    labs = [
        lab | {"value": "1500", "unit": "/uL"} if lab["analyte"] == "neutrophils" else lab
        for lab in form()["labs"]
    ]
    return form(subject, labs=labs)


async def test_a_subjects_verdict_is_read_finding_by_finding_as_recorded(trial: Caller) -> None:
    await trial.post("/forms", low_neutrophils("A"), "token-s1")
    read = await trial.get("/v1/trials/T1/subjects/A/verdict", "token-s1")
    assert read.status_code == 200
    verdict = read.json()
    assert (verdict["why"], verdict["phases"][0]["outcome"]) == ("submitted", "ineligible")
    assert verdict["phases"][0]["fails"] == ["I8"]
    ids = [f["criterion_id"] for f in verdict["findings"] if 1 in f["phases"]]
    assert len(ids) == len(set(ids)) == 41
    record = (await trial.get("/v1/trials/T1/log")).json()["items"][verdict["sequence"]]
    assert record["record"]["events"][0]["type"] == "FormJudged"


async def test_an_amended_form_brings_another_verdict_and_other_sites_see_none(
    trial: Caller,
) -> None:
    await trial.post("/forms", low_neutrophils("A"), "token-s1")
    await trial.post("/subjects/A/amendments", form("A", "S1"), "token-s1")
    verdict = (await trial.get("/v1/trials/T1/subjects/A/verdict", "token-s1")).json()
    assert (verdict["why"], verdict["phases"][0]["outcome"]) == ("amended", "eligible")
    hidden = await trial.get("/v1/trials/T1/subjects/A/verdict", "token-s2")
    unknown = await trial.get("/v1/trials/T1/subjects/ZZ/verdict", "token-s2")
    assert (hidden.status_code, hidden.json()["type"]) == (404, unknown.json()["type"])


async def test_the_board_says_while_the_read_side_is_rebuilt_and_never_waits_for_that(
    trial: Caller, memory: Memory
) -> None:
    await five(trial)
    assert (await trial.get("/v1/trials/T1/board")).json()["rebuilding"] is False
    memory.rebuilding.add("T1")
    assert (await trial.get("/v1/trials/T1/board")).json()["rebuilding"] is True
    memory.redis_away = True
    board = await trial.get("/v1/trials/T1/board")
    assert (board.status_code, board.json()["rebuilding"]) == (200, False)
