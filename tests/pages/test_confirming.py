"""The investigator's pages: the verdict that is signed, and what is checked again for a dose."""

import re

import pytest

from tests.pages.conftest import PASSWORD, Browser, Staff
from tests.pages.world import key
from tests.protocols.build import protocol_text
from tests.services.conftest import Caller, form
from tests.services.memory import Memory

SUBJECT = "/trials/T1/subjects/S1-001"


@pytest.fixture
async def site(browser: Browser, staff: Staff) -> Browser:
    """T1 asks for the signature; S1-001 holds a place."""
    api = Caller(browser.http)
    await api.open_trial(protocol_text(confirm_eligibility=True))
    answer = await api.post("/forms", form())
    assert answer.json()["outcome"] == "slot_reserved"
    return browser


async def signed_by(browser: Browser, name: str, page: str) -> dict[str, str]:
    judged = re.search(r'name="judged" value="([0-9a-f]{64})"', page)
    assert judged
    return {
        "csrf": await browser.csrf(),
        "key": key(),
        "judged": judged[1],
        "sign_name": name,
        "sign_password": PASSWORD,
        "confirmed": "yes",
    }


async def authorised(browser: Browser) -> str:
    form = {"csrf": await browser.csrf(), "key": key(), "planned_on": "2027-02-23"}
    return (await browser.post(f"{SUBJECT}/do/authorise", form)).text


async def test_an_investigator_signs_the_verdict_that_is_shown(
    site: Browser, memory: Memory, staff: Staff
) -> None:
    await site.sign_in("investigator")
    assert "to be confirmed by an investigator" in (await site.get(SUBJECT)).text
    shown = (await site.get(f"{SUBJECT}/do/confirm")).text
    assert "The verdict that you sign" in shown
    assert "42 criteria met" in shown
    form = await signed_by(site, "investigator", shown)
    wrong = await site.post(f"{SUBJECT}/do/confirm", form | {"sign_password": "wrong"})
    assert wrong.status_code == 422
    assert memory.trials["T1"].trial.subjects["S1-001"].confirmed is None
    sent = await site.post(f"{SUBJECT}/do/confirm", form)
    assert "Eligibility is confirmed." in (await site.get(sent.headers["location"])).text
    assert memory.trials["T1"].trial.subjects["S1-001"].confirmed == form["judged"]
    record = memory.trials["T1"].records[-1]
    assert record.content.actor.role == "investigator"
    assert record.content.actor.id == staff["investigator"].account_id
    story = (await site.get(SUBJECT)).text
    assert "an investigator confirms eligibility for Phase I." in story
    assert "Signed by Investigator (Printed): I have reviewed this subject" in story
    assert "confirmed by an investigator, signed" in story
    assert "/do/confirm" not in story


async def test_a_form_amended_meanwhile_is_not_signed(site: Browser, memory: Memory) -> None:
    await site.sign_in("investigator")
    shown = (await site.get(f"{SUBJECT}/do/confirm")).text
    amended = form() | {"planned_first_dose_on": "2027-02-24"}
    await Caller(site.http).post("/subjects/S1-001/amendments", amended)
    sent = await site.post(f"{SUBJECT}/do/confirm", await signed_by(site, "investigator", shown))
    assert "changed since it was read" in (await site.get(sent.headers["location"])).text
    assert memory.trials["T1"].trial.subjects["S1-001"].confirmed is None


async def test_nobody_else_is_offered_it_or_may(site: Browser) -> None:
    for name in ("nurse", "coordinator", "reviewer", "auditor"):
        await site.sign_in(name)
        assert "/do/confirm" not in (await site.get(SUBJECT)).text, name
        assert (await site.get(f"{SUBJECT}/do/confirm")).status_code == 403, name
        await site.post("/sign-out", {"csrf": await site.csrf()})


async def test_what_is_checked_again_is_shown_before_leave_is_asked_for(site: Browser) -> None:
    await site.sign_in("nurse")
    assert "An investigator must confirm eligibility" in (await site.get("/trials/T1/mine")).text
    shown = (await site.get(f"{SUBJECT}/do/authorise")).text
    assert "What is checked again" in shown
    assert "Every criterion is met on that date" in shown
    assert "Assignment is open and no review is due" in shown
    asked = await authorised(site)
    assert "<code>eligibility.unconfirmed</code>" in asked
    assert "As of the planned date." in asked


async def test_the_api_shows_what_to_sign_and_takes_it_from_an_investigator_only(
    site: Browser,
) -> None:
    api = Caller(site.http)
    path = "/v1/trials/T1/subjects/S1-001"
    shown = (await api.get(path, "token-doctor")).json()["confirmation"]
    assert shown["confirmed"] is False
    body = {"judged": shown["judged"], "meaning": "I confirm."}
    refused = await api.post("/subjects/S1-001/confirmation", body, "token-s1")
    assert refused.status_code == 403
    taken = await api.post("/subjects/S1-001/confirmation", body, "token-doctor")
    assert taken.json()["outcome"] == "recorded"
    assert (await api.get(path, "token-s1")).json()["confirmation"]["confirmed"] is True
