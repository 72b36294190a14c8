"""Every refusal names its rule and date, and whom the site may ask: the medical monitor."""

import json

import pytest

from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS
from tests.pages.conftest import Browser
from tests.pages.filling import begin, dated, fill_in, posted
from tests.pages.world import ROOT, key

MONITOR = "Medical monitor of the trial, telephone +1 555 0100"


async def submitted(browser: Browser, form: dict[str, object]) -> str:
    draft = await begin(browser)
    await fill_in(browser, draft, form)
    sent = await browser.post(f"{draft}/check", {"csrf": await browser.csrf()})
    assert sent.status_code == 303
    return (await browser.get(sent.headers["location"])).text


@pytest.mark.parametrize(
    ("number", "was", "now", "title"),
    [
        ("80", '"unstable_angina": "no"', '"unstable_angina": "yes"', "Not eligible"),
        ("81", '"unstable_angina": "no"', '"unstable_angina": "unknown"', "Incomplete"),
    ],
)
async def test_who_is_not_eligible_or_incomplete_is_told_whom_to_ask(
    nurse: Browser, number: str, was: str, now: str, title: str
) -> None:
    text = json.dumps(dated(f"S1-0{number}"))
    assert was in text
    answer = await submitted(nurse, json.loads(text.replace(was, now)))
    assert f"<h1>{title}</h1>" in answer
    assert MONITOR in answer
    story = (await nurse.get(f"{ROOT}/subjects/S1-0{number}")).text
    assert story.index(MONITOR) < story.index('id="now-title"')
    preview = await begin(nurse)
    typed = posted(draft_of(json.loads(text.replace(was, now)), STEPS))
    csrf = await nurse.csrf()
    for step in STEPS:
        await nurse.post(f"{preview}/{step.slug}", {"csrf": csrf, "go": "next", **typed})
    assert MONITOR in (await nurse.get(f"{preview}/check")).text


async def test_an_answer_that_is_no_refusal_names_nobody_to_ask(nurse: Browser) -> None:
    answer = await submitted(nurse, dated("S1-082"))
    assert "<h1>On the waitlist</h1>" in answer
    assert "Medical monitor" not in answer


async def test_what_is_missing_is_said_in_words_and_led_to(nurse: Browser) -> None:
    too_old = json.dumps(dated("S1-083")).replace("2027-04-05", "2027-03-22")
    answer = await submitted(nurse, json.loads(too_old))
    assert "<h1>Incomplete</h1>" in answer
    assert "performance.ecog" not in answer
    assert "ECOG" in answer.split("Missing or unclear", 1)[1]
    assert 'action="/trials/NCT00825734-demo/subjects/S1-083/forms"' in answer


async def test_what_would_be_refused_names_the_monitor_before_it_is_sent(nurse: Browser) -> None:
    form = {"csrf": await nurse.csrf(), "key": key(), "outcome": "cleared"}
    asked = await nurse.post(f"{ROOT}/subjects/S1-003/do/outcome", form)
    assert "window is open" in asked.text
    assert MONITOR in asked.text
    sent = await nurse.post(f"{ROOT}/subjects/S1-003/do/outcome", form | {"confirmed": "yes"})
    answer = (await nurse.get(sent.headers["location"])).text
    assert "Earliest date" in answer
    assert "window_open" in answer
    assert MONITOR in answer
    story = (await nurse.get(f"{ROOT}/subjects/S1-003")).text
    assert story.index(MONITOR) < story.index('id="now-title"')


async def test_the_sheet_for_paper_names_the_monitor(nurse: Browser) -> None:
    assert MONITOR in (await nurse.get(f"{ROOT}/paper")).text


async def test_a_rule_and_a_deviation_are_said_in_words(nurse: Browser) -> None:
    """S1-002's place has expired: its dose is a fact, against the rules."""
    form = {"csrf": await nurse.csrf(), "key": key(), "dosed_on": "2027-04-06"}
    asked = (await nurse.post(f"{ROOT}/subjects/S1-002/do/first-dose", form)).text
    assert "It is recorded with deviations:" in asked
    assert "<li>The subject holds no reservation.</li>" in asked
    sent = await nurse.post(f"{ROOT}/subjects/S1-002/do/first-dose", form | {"confirmed": "yes"})
    answer = (await nurse.get(sent.headers["location"])).text
    assert "<li>The subject holds no reservation.</li>" in answer
    refused = {"csrf": form["csrf"], "key": key(), "dosed_on": "2027-04-05", "confirmed": "yes"}
    sent = await nurse.post(f"{ROOT}/subjects/S1-002/do/first-dose", refused)
    answer = (await nurse.get(sent.headers["location"])).text
    assert "Rule: The first dose is recorded. <code>already_dosed</code>" in answer
