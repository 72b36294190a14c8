"""Practice: a copy under its own name and clock, marked on every page, with its trial's rights."""

import csv
import io
import re
from datetime import timedelta

from services.signin.signin import Signin
from tests.pages.conftest import Browser, Staff
from tests.pages.world import STORY
from tests.services.memory import Memory

REAL = "NCT00825734"
COPY = f"PRACTICE-1-{REAL}"
MARK = "PRACTICE: no patient, no drug, no place is real"


async def adopt(browser: Browser, memory: Memory) -> None:
    """The story's protocol in a trial with a real clock."""
    headers = {"Authorization": "Bearer token-centre", "Idempotency-Key": "adopt-1"}
    body = {"text": STORY.protocol_text, "clock": "real", "meaning": "I adopt it."}
    answer = await browser.http.post(f"/v1/trials/{REAL}/protocol", json=body, headers=headers)
    assert answer.status_code in (200, 202), answer.text


async def test_a_copy_is_made_marked_and_its_time_passes(
    browser: Browser, staff: Staff, memory: Memory, signin: Signin
) -> None:
    await adopt(browser, memory)
    await browser.sign_in("coordinator")
    assert MARK not in (await browser.get(f"/trials/{REAL}/decisions")).text
    csrf = await browser.csrf()
    made = await browser.post(f"/trials/{REAL}/practice/copy", {"csrf": csrf})
    assert made.headers["location"] == f"/trials/{COPY}"
    trial = memory.trials[COPY].trial
    assert (trial.clock, trial.activated) == ("simulated", True)
    assert set(trial.sites) == set(trial.in_force.site_ids)
    shown = (await browser.get(f"/trials/{COPY}/board")).text
    assert MARK in shown
    assert "<title>PRACTICE · Board" in shown
    assert "PRACTICE" not in (await browser.get(f"/trials/{REAL}/board")).text
    rows = csv.DictReader(io.StringIO((await browser.get(f"/trials/{COPY}/audit.csv")).text))
    assert {row["trial_id"] for row in rows} == {COPY}, "each row says so, also alone"
    listed = (await browser.get("/")).text
    marked = {
        found[1]: "practice</span>" in found[2]
        for found in re.finditer(
            r'<th scope="row"><a[^>]*>([^<]+)</a></th>(.*?)</tr>', listed, re.S
        )
    }
    assert marked == {REAL: False, COPY: True}

    today = trial.in_force.local_date(trial.time)
    wrong = {"csrf": csrf, "on": today.isoformat()}
    refused = await browser.post(f"/trials/{COPY}/practice/time", wrong)
    assert "Day: choose one of the coming year." in refused.text
    quiet = today + timedelta(days=30)
    sent = len(memory.sent)
    await browser.post(f"/trials/{COPY}/practice/time", {"csrf": csrf, "on": quiet.isoformat()})
    assert len(memory.sent) == sent, "of days on which nothing happens nothing is written"
    shown = (await browser.get(f"/trials/{COPY}/practice")).text
    assert f"{quiet.day} {quiet:%B %Y}, 00:00" in shown
    later = {"csrf": csrf, "on": today.replace(year=today.year + 1).isoformat()}
    await browser.post(f"/trials/{COPY}/practice/time", later)
    assert (await browser.post(f"/trials/{REAL}/practice/time", later)).status_code == 404
    again = await browser.post(f"/trials/{REAL}/practice/copy", {"csrf": csrf})
    assert again.headers["location"] == f"/trials/PRACTICE-2-{REAL}"


async def test_who_has_a_right_in_the_trial_has_it_in_its_practice(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    account, _ = await signin.desk.open_account("system", "one-trial", "One", password=False)
    await signin.desk.grant("system", account.account_id, "site", REAL, ("S1",))
    found = signin.desk.account(account.account_id)
    assert found.actor(COPY) is not None
    assert found.actor(f"PRACTICE-12-{REAL}") is not None
    assert found.actor("PRACTICE-1-NCT00000000") is None
    assert found.actor(f"PRACTICE-x-{REAL}") is None
