"""The protocol on pages: read, another version adopted by signature, a new trial opened."""

import re
from typing import Any

import pytest

from services.signin.events import PasswordSet
from services.signin.signin import Signin
from tests.pages.conftest import HASH, PASSWORD, Browser, Staff
from tests.pages.world import key
from tests.protocols.build import protocol_text
from tests.services.conftest import Caller, form
from tests.services.memory import NOW, Memory

ROOT = "/trials/T1/protocol"
STRICTER = protocol_text(version="2.0").replace("years_min = 18", "years_min = 65", 1)


@pytest.fixture
async def trial(browser: Browser, staff: Staff) -> Browser:
    """T1 is open; three hold a place, S1-004 waits."""
    api = Caller(browser.http)
    await api.open_trial(protocol_text())
    for number in range(1, 5):
        answer = await api.post("/forms", form(f"S1-00{number}"))
    assert answer.json()["outcome"] == "waitlisted"
    return browser


async def signing(browser: Browser, text: str, **more: str) -> dict[str, str]:
    return {"csrf": await browser.csrf(), "key": key(), "text": text, **more}


async def checked(browser: Browser, text: str, path: str = f"{ROOT}/adopt") -> Any:
    return await browser.post(path, await signing(browser, text))


async def test_everybody_of_the_trial_reads_what_is_in_force(trial: Browser) -> None:
    for name in ("nurse", "investigator", "coordinator", "reviewer", "auditor"):
        await trial.sign_in(name)
        shown = (await trial.get(ROOT)).text
        assert "Protocol, version 1.0" in shown, name
        assert "At least 18 years old at registration." in shown
        offered = f'href="{ROOT}/adopt"' in shown
        assert offered == (name in ("coordinator", "reviewer")), name
        may = await trial.get(f"{ROOT}/adopt")
        assert may.status_code == (200 if offered else 403), name
        posted = await checked(trial, STRICTER)
        assert posted.status_code == (200 if offered else 403), name
        await trial.post("/sign-out", {"csrf": await trial.csrf()})


async def test_dates_and_leave_that_another_stagger_moves_are_told_before_signing(
    browser: Browser, staff: Staff
) -> None:
    api = Caller(browser.http)
    await api.open_trial(protocol_text(stagger_days=7))
    assert (await api.post("/forms", form("S1-001"))).json()["outcome"] == "slot_reserved"
    for path, day in (("authorisation", "planned_on"), ("first-dose", "dosed_on")):
        body = {day: NOW.date().isoformat()}
        answer = await api.post(f"/subjects/S1-001/{path}", body)
        assert answer.json()["outcome"] == "recorded"
    assert (await api.post("/forms", form("S1-002"))).json()["outcome"] == "slot_reserved"
    await browser.sign_in("coordinator")
    shown = (await checked(browser, protocol_text(version="2.0", stagger_days=14))).text
    assert re.search("The place of S1-002 is kept until .*: Version 2.0 has another stagger", shown)
    assert "leave for an earlier day has fallen" in shown


async def test_a_version_is_shown_with_what_follows_and_signed(
    trial: Browser, memory: Memory
) -> None:
    await trial.sign_in("coordinator")
    shown = (await checked(trial, STRICTER)).text
    assert "1 would be judged otherwise" in shown
    assert "S1-004" in shown
    assert "not eligible" in shown
    assert "I1" in shown
    assert "Protocol version 2.0 is in force." in shown
    assert memory.trials["T1"].trial.in_force.version == "1.0"
    sign = {"sign_name": "coordinator", "sign_password": PASSWORD, "confirmed": "yes"}
    # A browser sends every line of a text with CR and LF.
    body = await signing(trial, STRICTER.replace("\n", "\r\n"), **sign)
    wrong = await trial.post(f"{ROOT}/adopt", body | {"sign_password": "wrong"})
    assert wrong.status_code == 422
    assert memory.trials["T1"].trial.in_force.version == "1.0"
    sent = await trial.post(f"{ROOT}/adopt", body)
    assert "Version 2.0 is in force." in (await trial.get(sent.headers["location"])).text
    assert memory.trials["T1"].trial.in_force.text == STRICTER
    assert memory.trials["T1"].trial.subjects["S1-004"].waiting is None


async def test_what_is_new_and_what_is_gone_is_marked(trial: Browser) -> None:
    await trial.sign_in("coordinator")
    text = protocol_text(version="2.0", reservation_hours=96)
    shown = (await checked(trial, text)).text
    assert '<span class="tag tag-info">new</span> An undosed reservation lives 96 hours' in shown
    assert "<del>An undosed reservation lives 72 hours unless it is extended.</del>" in shown
    assert "Nobody who waits (1) would be judged otherwise." in shown


async def test_every_problem_of_a_text_is_named_with_its_line(trial: Browser) -> None:
    await trial.sign_in("coordinator")
    broken = protocol_text(version="2.0").replace('start_level = "L1"', 'start_level = "L9"')
    answer = await checked(trial, broken)
    assert answer.status_code == 422
    assert "phase1.start_level: there is no level" in answer.text
    assert "line " in answer.text
    assert "start_level = &#34;L9&#34;" in answer.text, "what was pasted stays"
    assert (await checked(trial, "  ")).status_code == 422


async def test_what_the_decider_would_reject_is_said_before_it_is_signed(trial: Browser) -> None:
    await trial.sign_in("coordinator")
    for text, sentence in (
        (protocol_text(), "This very text is in force already."),
        (protocol_text(version="2.0", sites=("S1",)), "Sites that were activated must stay"),
    ):
        answer = await checked(trial, text)
        assert answer.status_code == 422
        assert sentence in answer.text


async def test_a_file_is_taken_too(trial: Browser) -> None:
    await trial.sign_in("coordinator")
    data = await signing(trial, "")
    for content, status in ((STRICTER.encode(), 200), (b"\xff\xfe\x00", 422)):
        files = {"file": ("protocol.toml", content, "text/plain")}
        answer = await trial.http.post(
            f"{ROOT}/adopt", data=data, files=files, headers=trial.headers
        )
        assert answer.status_code == status


async def opened(browser: Browser, trial_id: str, text: str) -> Any:
    sign = {"sign_name": "coordinator", "sign_password": PASSWORD, "confirmed": "yes"}
    return await browser.post("/new-trial", await signing(browser, text, trial_id=trial_id, **sign))


async def test_a_coordinator_of_all_trials_opens_a_new_one(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    await browser.sign_in("coordinator")
    assert 'href="/new-trial"' in (await browser.get("/")).text
    text = protocol_text(protocol_id="T7")
    shown = await checked(browser, text, "/new-trial")
    assert shown.status_code == 200
    assert "The trial <strong>T7</strong> exists from then on" in shown.text
    assert memory.trials == {}
    sent = await opened(browser, "T7", text)
    assert sent.headers["location"] == "/trials/T7/protocol"
    shown = await browser.get("/trials/T7/protocol")
    assert "Protocol, version 1.0" in shown.text
    assert 'href="/new-trial"' in shown.text, "with one trial too, which is all they are shown"
    again = await opened(browser, "T7", text)
    assert again.status_code == 422
    assert "there is one of this name already" in again.text


@pytest.mark.parametrize("trial_id", ["PRACTICE-1-T7", "two words", "a" * 65])
async def test_a_new_trial_needs_a_name_of_its_own(
    browser: Browser, staff: Staff, memory: Memory, trial_id: str
) -> None:
    await browser.sign_in("coordinator")
    assert (await opened(browser, trial_id, protocol_text())).status_code == 422
    assert memory.trials == {}


async def test_nobody_else_opens_a_trial(browser: Browser, staff: Staff, signin: Signin) -> None:
    account, _ = await signin.desk.open_account("system", "of-t1", "Of T1", password=False)
    facts = {"account_id": account.account_id, "hash": HASH, "must_change": False}
    await signin.desk.keep(PasswordSet, "system", **facts)
    await signin.desk.grant("system", account.account_id, "coordinator", "T1", ("*",))
    for name in ("of-t1", "nurse", "reviewer", "auditor", "administrator"):
        await browser.sign_in(name)
        assert (await browser.get("/new-trial")).status_code == 403, name
        assert (await opened(browser, "T7", protocol_text())).status_code == 403, name
        assert "/new-trial" not in (await browser.get("/")).text
        await browser.post("/sign-out", {"csrf": await browser.csrf()})
