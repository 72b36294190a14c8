"""The audit trail and the stories say what was before, and the centre corrects with it in view."""

import csv
import io

import pytest

from tests.pages.conftest import Browser, Staff
from tests.pages.world import key
from tests.services.conftest import MEANING, Caller, form
from tests.services.memory import Memory

SUBJECT = "/trials/T1/subjects/S1-001"


@pytest.fixture
async def centre(browser: Browser, staff: Staff) -> Browser:
    """S1-001 holds a place that was extended, of an amended form."""
    api = Caller(browser.http)
    await api.open_trial()
    await api.post("/forms", form())
    later = {"expires_at": "2027-02-27T18:00:00Z", "reason": "The pharmacy delivers late."}
    await api.post("/subjects/S1-001/extension", later, "token-centre")
    amended = form() | {"planned_first_dose_on": "2027-02-24"}
    await api.post("/subjects/S1-001/amendments", amended)
    await browser.sign_in("coordinator")
    return browser


async def rows(browser: Browser) -> list[dict[str, str]]:
    text = (await browser.get("/trials/T1/audit.csv")).text
    return list(csv.DictReader(io.StringIO(text)))


async def test_each_change_says_what_it_took_the_place_of(centre: Browser) -> None:
    before = {(row["event"], row["before"]) for row in await rows(centre)}
    assert ("ReservationChanged", "until 25 February 2027, 09:00 CST") in before
    assert ("FormJudged", "eligible for Phase I") in before
    assert ("FormJudged", "") in before, "nothing was before the first form"
    assert ("ProtocolAdopted", "") in before
    story = (await centre.get(SUBJECT)).text
    assert "Before: until 25 February 2027, 09:00 CST." in story


async def test_a_filter_takes_nothing_from_what_was_before(centre: Browser) -> None:
    wanted = {"event": "ReservationChanged"}
    text = (await centre.get("/trials/T1/audit.csv", **wanted)).text
    [row] = list(csv.DictReader(io.StringIO(text)))
    assert row["before"] == "until 25 February 2027, 09:00 CST"
    assert row["why"] == "The pharmacy delivers late."


async def test_another_version_says_which_was_in_force(centre: Browser, memory: Memory) -> None:
    text = memory.trials["T1"].trial.in_force.text.replace('version = "1.0"', 'version = "2.0"', 1)
    body = {"text": text, "clock": "simulated", **MEANING}
    answer = await Caller(centre.http).post("/protocol", body, "token-centre", key=key())
    assert answer.json()["outcome"] == "recorded"
    last = [row for row in await rows(centre) if row["event"] == "ProtocolAdopted"][-1]
    assert last["before"] == "version 1.0"


async def test_a_correction_is_asked_for_with_what_is_recorded_in_view(centre: Browser) -> None:
    api = Caller(centre.http)
    await api.post("/subjects/S1-001/first-dose", {"dosed_on": "2027-02-22"})
    decisions = (await centre.get("/trials/T1/decisions")).text
    assert f'href="{SUBJECT}/do/correction"' in decisions
    shown = (await centre.get(f"{SUBJECT}/do/correction")).text
    assert "Recorded now" in shown
    assert "22 February 2027" in shown
    body = {"csrf": await centre.csrf(), "key": key(), "fact": "first_dose_on"}
    body |= {"on": "2027-02-21", "reason": "Given a day before.", "confirmed": "yes"}
    sent = await centre.post(f"{SUBJECT}/do/correction", body)
    assert sent.status_code == 303
    last = [row for row in await rows(centre) if row["event"] == "FactCorrected"][-1]
    assert (last["before"], last["why"]) == ("2027-02-22", "Given a day before.")
    assert "was 22 February 2027, is 21 February 2027: Given" in last["what"]
