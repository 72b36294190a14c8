"""The site's pages: what is due, what is open, the form, deeds and what follows from them."""

import re

import pytest

from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS
from tests.pages.conftest import Browser, Staff
from tests.pages.filling import begin, dated, fill_in, posted
from tests.pages.world import ROOT, TRIAL, key
from tests.services.memory import Memory


async def test_what_is_due_stands_first(nurse: Browser) -> None:
    shown = (await nurse.get(f"{ROOT}/mine")).text
    assert "28 April 2027" in shown
    assert "S1-001" in shown
    assert "S2-001" not in shown
    opened = (await nurse.get(f"{ROOT}/open")).text
    assert "No place open" in opened
    assert "at the earliest" in opened


async def test_a_form_is_kept_at_each_step_and_submitted_once(
    nurse: Browser, memory: Memory
) -> None:
    draft = await begin(nurse)
    await fill_in(nurse, draft, dated("S1-090"))
    shown = (await nurse.get(f"{draft}/check")).text
    assert "S1-090" in shown
    before = len(memory.sent)
    sent = {"csrf": await nurse.csrf()}
    first = await nurse.post(f"{draft}/check", sent)
    assert first.status_code == 303
    assert len(memory.sent) == before + 1
    answer = (await nurse.get(first.headers["location"])).text
    assert "<h1>On the waitlist</h1>" in answer
    # The draft is gone with its submission: a double click finds nothing to send twice.
    assert (await nurse.post(f"{draft}/check", sent)).status_code == 404
    assert len(memory.sent) == before + 1
    subject = memory.trials[TRIAL].trial.subjects["S1-090"]
    assert subject.outcome == "eligible"
    assert subject.waiting is not None


async def test_what_is_wrong_is_said_in_the_words_of_the_page_and_led_to(nurse: Browser) -> None:
    draft = await begin(nurse)
    form = dated("S1-091")
    typed = posted(draft_of(form, STEPS)) | {"labs.0.value": "1,5x", "completed_on": "24.3.2027"}
    csrf = await nurse.csrf()
    for step in STEPS:
        await nurse.post(f"{draft}/{step.slug}", {"csrf": csrf, **typed})
    shown = (await nurse.get(f"{draft}/check")).text
    assert re.search(r'href="[^"]+/labs#labs\.0\.value">Neutrophils, Value', shown)
    assert re.search(r'href="[^"]+/start#completed_on">Date of this form', shown)
    refused = await nurse.post(f"{draft}/check", {"csrf": csrf})
    assert refused.status_code == 422


async def test_a_preview_judges_what_stands_in_the_page_and_keeps_nothing(nurse: Browser) -> None:
    draft = await begin(nurse)
    await fill_in(nurse, draft, dated("S1-092"))
    typed = posted(draft_of(dated("S1-092"), STEPS))
    heart = {"csrf": await nurse.csrf(), "step": "heart", **typed, "heart.unstable_angina": "yes"}
    shown = (await nurse.post(f"{draft}/preview", heart)).text
    assert "not eligible" in shown
    assert "not eligible" not in (await nurse.get(f"{draft}/heart")).text


async def test_drafts_of_a_site_are_seen_by_its_own_staff_only(
    nurse: Browser, staff: Staff
) -> None:
    draft = await begin(nurse)
    await nurse.post("/sign-out", {"csrf": await nurse.csrf()})
    await nurse.sign_in("other-nurse")
    assert (await nurse.get(f"{draft}/start")).status_code == 404
    assert (await nurse.post(f"{draft}/check", {"csrf": await nurse.csrf()})).status_code == 404
    assert draft.rsplit("/", 1)[1] not in (await nurse.get(f"{ROOT}/forms")).text
    await nurse.post("/sign-out", {"csrf": await nurse.csrf()})
    await nurse.sign_in("investigator")
    assert (await nurse.get(f"{draft}/start")).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["", "/do/dlt", "/slot", "/forms/31"],
)
async def test_another_sites_subject_is_as_good_as_unknown(nurse: Browser, path: str) -> None:
    known = await nurse.get(f"{ROOT}/subjects/S2-002{path}")
    unknown = await nurse.get(f"{ROOT}/subjects/S9-999{path}")
    assert known.status_code == unknown.status_code == 404
    assert known.text.replace("S2-002", "") == unknown.text.replace("S9-999", "")


async def test_a_deed_says_what_follows_before_it_is_sent_once(
    nurse: Browser, memory: Memory
) -> None:
    before = len(memory.sent)
    form = {"csrf": await nurse.csrf(), "key": key(), "onset_on": "2027-04-07", "grade": "4"}
    path = f"{ROOT}/subjects/S1-003/do/dlt"
    asked = await nurse.post(path, form)
    assert "S1-003 has a DLT at L1" in asked.text
    assert "Dose level L1 is stopped" in asked.text
    assert len(memory.sent) == before
    for _ in range(2):
        sent = await nurse.post(path, form | {"confirmed": "yes"})
        assert sent.status_code == 303
    assert len(memory.sent) == before + 1
    assert memory.trials[TRIAL].trial.levels[1].counts.dlts == 2


async def test_a_form_is_amended_from_what_it_said(nurse: Browser, memory: Memory) -> None:
    form = {"csrf": await nurse.csrf(), "purpose": "amend"}
    sent = await nurse.post(f"{ROOT}/subjects/S1-003/forms", form)
    draft = str(sent.headers["location"]).rsplit("/", 1)[0]
    shown = (await nurse.get(f"{draft}/labs")).text
    assert 'value="1500"' in shown
    stolen = {"csrf": await nurse.csrf(), "subject_id": "S1-001", "completed_on": "2027-04-07"}
    await nurse.post(f"{draft}/start", stolen | {"planned_first_dose_on": "2027-04-12"})
    assert "S1-003" in (await nurse.get(f"{draft}/check")).text
    await nurse.post(f"{draft}/check", {"csrf": await nurse.csrf()})
    assert memory.sent[-1].command.type == "AmendForm"


async def test_a_site_downloads_its_own_logs_only(nurse: Browser) -> None:
    for path in ("/logs/screening.csv", "/logs/enrolment.csv", "/audit.csv", "/audit.ndjson"):
        answer = await nurse.get(f"{ROOT}{path}")
        assert answer.status_code == 200
        assert "S1-001" in answer.text
        assert "trial_id" in answer.text.splitlines()[0]
        assert all(TRIAL in line for line in answer.text.splitlines()[1:]), (
            "each row names its trial"
        )
        assert not re.search(r"\bS[234]-\d", answer.text), path
    assert (await nurse.get(f"{ROOT}/audit")).status_code == 403
    assert (await nurse.get(f"{ROOT}/board")).status_code == 403


async def test_a_dlt_keeps_its_version_its_cause_and_the_value_as_reported(
    nurse: Browser, memory: Memory
) -> None:
    form = {"csrf": await nurse.csrf(), "key": key(), "onset_on": "2027-04-07", "grade": "4"}
    told = {
        "term": "Neutropenia",
        "ctcae_version": "5.0",
        "attribution": "possible",
        "reported_value": "ANC 350 /uL",
    }
    path = f"{ROOT}/subjects/S1-003/do/dlt"
    asked = (await nurse.get(path)).text
    assert all(f'name="{name}"' in asked for name in told)
    sent = await nurse.post(path, form | told | {"confirmed": "yes"})
    assert sent.status_code == 303
    said = "CTCAE 5.0. Attribution: possible. As reported: ANC 350 /uL."
    assert said in (await nurse.get(f"{ROOT}/subjects/S1-003")).text
    await nurse.post("/sign-out", {"csrf": await nurse.csrf()})
    await nurse.sign_in("reviewer")
    review = (await nurse.get(f"{ROOT}/decisions/review")).text
    assert said in review
    assert "Toxicities at L1 as reported" in review


async def test_only_what_is_possible_is_offered_and_levels_are_named_with_their_doses(
    nurse: Browser,
) -> None:
    dosed = (await nurse.get(f"{ROOT}/subjects/S1-001")).text
    assert "/do/dlt" in dosed
    assert "/do/first-dose" not in dosed
    expired = (await nurse.get(f"{ROOT}/subjects/S1-002")).text
    assert "/do/first-dose" in expired, "a dose that should not have been given is a fact too"
    asked = (await nurse.get(f"{ROOT}/subjects/S1-002/do/first-dose")).text
    assert "L2: sorafenib 400 mg, ixabepilone 32 mg/m2" in asked


async def test_a_page_with_what_cannot_be_read_is_kept_and_shown_again(nurse: Browser) -> None:
    draft = await begin(nurse)
    csrf = await nurse.csrf()
    sent = {"csrf": csrf, "go": "next", "consent.signed_on": "15.2.2027"}
    again = await nurse.post(f"{draft}/consent", sent)
    assert again.status_code == 422
    assert '<a href="#consent.signed_on">Consent signed on: write a date as' in again.text
    assert 'value="15.2.2027"' in (await nurse.get(f"{draft}/consent")).text
    events = {"csrf": csrf, "go": "next", "bleeding_events.any": "some"}
    again = await nurse.post(f"{draft}/events", events)
    assert '<a href="#bleeding_events.any">Bleeding events: you said' in again.text
    for other in ("check", "later"):
        assert (await nurse.post(f"{draft}/consent", sent | {"go": other})).status_code == 303


async def test_a_part_that_was_just_added_is_no_mistake_yet(nurse: Browser) -> None:
    draft = await begin(nurse)
    regimens = {"csrf": await nurse.csrf(), "prior_regimens.any": "unknown"}
    added = await nurse.post(f"{draft}/treatment", regimens | {"add": "prior_regimens"})
    assert added.headers["location"] == f"{draft}/treatment#prior_regimens"
    shown = (await nurse.get(f"{draft}/treatment")).text
    assert 'name="prior_regimens.0.here"' in shown
    assert "There is a problem" not in shown
