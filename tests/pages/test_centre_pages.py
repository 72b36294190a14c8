"""The centre's pages: what the board shows, the review that is signed, what if, the audit trail."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from tests.pages.conftest import PASSWORD, Browser, Staff
from tests.pages.world import ROOT, TRIAL, key, play, state_of
from tests.services.live import serving
from tests.services.memory import Memory

REVIEW_DUE = 50
"""Steps of the story after which the review of L1 is due."""
WINDOWS_OPEN = 42


@pytest.fixture
async def reviewer(browser: Browser, staff: Staff, memory: Memory) -> Browser:
    play(memory, REVIEW_DUE)
    await browser.sign_in("reviewer")
    return browser


async def hash_shown(browser: Browser) -> str:
    found = re.search(r'name="data_hash" value="([0-9a-f]{64})"', await text(browser, "/review"))
    assert found
    return found[1]


async def text(browser: Browser, path: str) -> str:
    answer = await browser.get(f"{ROOT}/decisions{path}")
    assert answer.status_code == 200
    return answer.text


async def signature(browser: Browser, **more: str) -> dict[str, str]:
    return {
        "csrf": await browser.csrf(),
        "key": key(),
        "sign_name": "reviewer",
        "sign_password": PASSWORD,
        **more,
    }


async def test_the_board_says_first_what_needs_a_decision(reviewer: Browser) -> None:
    shown = (await reviewer.get(f"{ROOT}/board")).text
    assert shown.index("Cohort review due") < shown.index('id="phase1-title"')
    assert "the design recommends: escalate to L2" in shown
    assert "Dose escalation" in shown
    assert "today," in shown


async def test_the_board_names_the_design_and_says_in_one_sentence_what_it_asks_for_and_why(
    reviewer: Browser,
) -> None:
    shown = (await reviewer.get(f"{ROOT}/board")).text
    said = "Design: <strong>3+3</strong>, variant C. 1 DLT in 6, at most 1 in 6 or more: escalate."
    assert said in shown


async def test_a_review_is_signed_and_its_answer_shown(reviewer: Browser, memory: Memory) -> None:
    form = await signature(
        reviewer, decision="escalate:L2", data_hash=await hash_shown(reviewer), reason=""
    )
    sent = await reviewer.post(f"{ROOT}/decisions/review", form)
    assert sent.status_code == 303
    assert "Signed: escalate." in (await reviewer.get(sent.headers["location"])).text
    trial = memory.trials[TRIAL].trial
    assert trial.open_level is not None
    assert trial.levels[trial.open_level].level_id == "L2"


async def test_a_wrong_password_signs_nothing(reviewer: Browser, memory: Memory) -> None:
    before = len(memory.trials[TRIAL].records)
    form = await signature(
        reviewer, decision="escalate:L2", data_hash=await hash_shown(reviewer), reason=""
    )
    sent = await reviewer.post(f"{ROOT}/decisions/review", form | {"sign_password": "wrong"})
    assert sent.status_code == 422
    assert len(memory.trials[TRIAL].records) == before


async def test_data_that_changed_meanwhile_refuse_the_signature(
    reviewer: Browser, memory: Memory
) -> None:
    form = await signature(reviewer, decision="escalate:L2", data_hash="f" * 64, reason="")
    sent = await reviewer.post(f"{ROOT}/decisions/review", form)
    answer = (await reviewer.get(sent.headers["location"])).text
    assert "The data changed since" in answer
    assert memory.trials[TRIAL].trial.review is not None


async def test_every_choice_says_what_it_opens_and_none_is_above_the_recommendation(
    reviewer: Browser,
) -> None:
    shown = await text(reviewer, "/review")
    values = re.findall(r'name="decision" value="([^"]+)"', shown)
    assert values[0] == "escalate:L2"
    assert set(values[1:]) == {"de_escalate:Lm1", "mtd:L1", "no_tolerable_dose:"}
    assert "Dose level L2 is open, for up to 3." in shown
    assert shown.count("more cautious: needs a reason") == len(values) - 1


async def test_a_coordinator_reads_the_review_and_cannot_sign_it(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    play(memory, REVIEW_DUE)
    await browser.sign_in("coordinator")
    shown = await text(browser, "/review")
    assert "Reviewers sign." in shown
    assert "Sign the review" not in shown
    form = await signature(browser, decision="escalate:L2", data_hash=await hash_shown(browser))
    assert (await browser.post(f"{ROOT}/decisions/review", form)).status_code == 403


async def test_what_if_shows_what_would_follow_and_writes_nothing(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    play(memory, WINDOWS_OPEN)
    await browser.sign_in("coordinator")
    before = memory.trials[TRIAL].trial
    form = {
        "csrf": await browser.csrf(),
        "idea": "dlt",
        "subject_id": "S1-003",
        "on": "2027-04-12",
    }
    shown = (await browser.post(f"{ROOT}/what-if", form)).text
    assert "Dose level L1 is stopped" in shown
    assert "Hypothetical" in shown
    assert memory.trials[TRIAL].trial is before


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "What if: choose one."),
        ({"idea": "dlt", "subject_id": "nobody"}, "Subject: choose one."),
        ({"idea": "dlt", "subject_id": "S1-003", "on": "soon"}, "Day: write a date"),
        ({"idea": "number", "count": "-1"}, "Number: write a whole number"),
        ({"idea": "passed", "on": "9999-01-01"}, "at most ten years"),
    ],
)
async def test_what_if_says_what_it_needs(
    browser: Browser, staff: Staff, memory: Memory, form: dict[str, str], said: str
) -> None:
    play(memory, WINDOWS_OPEN)
    await browser.sign_in("coordinator")
    answer = await browser.post(f"{ROOT}/what-if", form | {"csrf": await browser.csrf()})
    assert answer.status_code == 422
    assert said in answer.text


async def test_the_audit_trail_has_every_event_and_can_be_downloaded(
    reviewer: Browser, memory: Memory
) -> None:
    events = [e for r in memory.trials[TRIAL].records for e in r.content.events]
    shown = (await reviewer.get(f"{ROOT}/audit")).text
    assert f"{len(events)} events." in shown
    rows = list(csv.DictReader(io.StringIO((await reviewer.get(f"{ROOT}/audit.csv")).text)))
    assert [row["event"] for row in rows] == [event.type for event in events]
    lines = (await reviewer.get(f"{ROOT}/audit.ndjson", subject="S1-003")).text.splitlines()
    assert {json.loads(line)["subject_id"] for line in lines} == {"S1-003"}
    assert all(json.loads(line)["hash"] for line in lines)


async def test_suspending_says_what_follows_and_resuming_is_signed(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    play(memory, WINDOWS_OPEN)
    await browser.sign_in("coordinator")
    form = {"csrf": await browser.csrf(), "key": key(), "reason": "A safety letter."}
    asked = await browser.post(f"{ROOT}/decisions/do/suspension", form)
    assert "Assignment is suspended: A safety letter." in asked.text
    assert not memory.trials[TRIAL].trial.suspended
    await browser.post(f"{ROOT}/decisions/do/suspension", form | {"confirmed": "yes"})
    assert memory.trials[TRIAL].trial.suspended

    form = {"csrf": await browser.csrf(), "key": key(), "reason": "Read.", "confirmed": "yes"}
    unsigned = await browser.post(f"{ROOT}/decisions/do/resumption", form)
    assert unsigned.status_code == 422
    assert memory.trials[TRIAL].trial.suspended
    signed = form | {"sign_name": "coordinator", "sign_password": PASSWORD}
    await browser.post(f"{ROOT}/decisions/do/resumption", signed)
    assert not memory.trials[TRIAL].trial.suspended


async def test_an_empty_reason_is_asked_for_in_the_words_of_the_field(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    play(memory, WINDOWS_OPEN)
    await browser.sign_in("coordinator")
    form = {"csrf": await browser.csrf(), "key": key(), "reason": ""}
    answer = await browser.post(f"{ROOT}/decisions/do/suspension", form)
    assert answer.status_code == 422
    assert answer.text.count("Reason: fill this in.") == 2


async def test_a_board_that_was_cut_off_is_shown_what_it_missed(
    reviewer: Browser, memory: Memory, app: FastAPI
) -> None:
    page = (await reviewer.get(f"{ROOT}/board")).text
    seen = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert seen
    assert seen[1] == f"{ROOT}/board/live?seen={len(memory.trials[TRIAL].records) - 1}"
    async with serving(app) as address, httpx2.AsyncClient(base_url=address) as http:
        cookies = {"cookie": "; ".join(f"{k}={v}" for k, v in reviewer.http.cookies.items())}
        missed = seen[1].rsplit("=", 1)[0] + "=3"
        async with http.stream("GET", missed, headers=cookies) as answer:
            lines = answer.aiter_lines()
            told = [line async for line in first_event(lines)]
    assert any("Cohort review due" in line for line in told)


async def first_event(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The lines of the first event of a stream; comments before it are skipped."""
    begun = False
    async for line in lines:
        if begun and not line:
            return
        begun = begun or line.startswith("data:")
        yield line


async def board_after(browser: Browser, memory: Memory, steps: int) -> str:
    """The board as the coordinator sees it after so many steps of the story."""
    play(memory, steps)
    await browser.sign_in("coordinator")
    return (await browser.get(f"{ROOT}/board")).text


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (WINDOWS_OPEN, "The next DLT window ends <strong>27 April 2027</strong>."),
        (REVIEW_DUE, "It lasts until people decide or report."),
    ],
)
async def test_the_board_says_until_when_no_place_is_open(
    browser: Browser, staff: Staff, memory: Memory, steps: int, said: str
) -> None:
    shown = await board_after(browser, memory, steps)
    assert said in shown
    assert ("Earliest date for another subject" in shown) == (steps == WINDOWS_OPEN)


async def test_the_board_counts_by_site_and_by_failed_criterion(
    reviewer: Browser, memory: Memory
) -> None:
    shown = (await reviewer.get(f"{ROOT}/board")).text
    sites = shown[shown.index('id="sites-title"') :]
    own = [s for s in memory.trials[TRIAL].trial.subjects.values() if s.site_id == "S1"]
    screened = sum(one.outcome is not None for one in own)
    dosed = sum(one.slot is not None and one.slot.treated for one in own)
    row = re.search(r'<th scope="row">S1</th>(.*?)</tr>', sites, re.S)
    assert row
    numbers = [int(n) for n in re.findall(r'"numeric">(\d+)<', row[1])]
    assert (numbers[0], numbers[2]) == (screened, dosed)
    failures = shown[shown.index("Screen failures by criterion") :]
    assert re.search(r"I8</th>\s*<td[^>]*>2<", failures), failures[:800]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (6, "open 1 place open"),
        (WINDOWS_OPEN, "held DLT windows are open, until 27 April 2027"),
        (REVIEW_DUE, "held the cohort review is due"),
    ],
)
async def test_a_level_without_a_place_is_held_and_says_why_and_until_when(
    browser: Browser, staff: Staff, memory: Memory, steps: int, said: str
) -> None:
    board = await board_after(browser, memory, steps)
    assert state_of(board, "L1") == said
    assert state_of(board, "L2") == "not opened"
    assert f"L1 · {said.split()[0]}" in board, "the picture says the same"
