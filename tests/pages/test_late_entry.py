"""A form that was first filled in on paper says so, and why, in the record and all who tell it."""

import csv
import io

from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS
from tests.pages.conftest import Browser
from tests.pages.filling import begin, dated, fill_in, posted
from tests.pages.world import ROOT, TRIAL
from tests.services.memory import Memory

REASON = "No network at the site until noon."
SAID = f"First filled in on paper: {REASON}"
LATE = {"late_entry": {"on_paper": True, "reason": REASON}}


async def submitted(browser: Browser, subject_id: str) -> None:
    draft = await begin(browser)
    await fill_in(browser, draft, dated(subject_id) | LATE)
    sent = await browser.post(f"{draft}/check", {"csrf": await browser.csrf()})
    assert sent.status_code == 303


async def test_the_first_page_asks_for_it(nurse: Browser) -> None:
    draft = await begin(nurse)
    shown = (await nurse.get(f"{draft}/start")).text
    assert "First filled in on paper" in shown
    assert 'name="late_entry.reason"' in shown


async def test_the_reason_is_in_the_record_the_story_and_the_audit_trail(
    nurse: Browser, memory: Memory
) -> None:
    await submitted(nurse, "S1-090")
    [form] = [
        event.form
        for record in memory.trials[TRIAL].records
        for event in record.content.events
        if event.type == "FormJudged" and event.subject_id == "S1-090"
    ]
    assert form is not None
    assert form["late_entry"] == LATE["late_entry"]
    assert SAID in (await nurse.get(f"{ROOT}/subjects/S1-090")).text
    trail = csv.DictReader(io.StringIO((await nurse.get(f"{ROOT}/audit.csv")).text))
    [row] = [r for r in trail if (r["subject_id"], r["event"]) == ("S1-090", "FormJudged")]
    assert row["why"] == REASON


async def test_an_amendment_is_not_late_because_the_first_form_was(
    nurse: Browser, memory: Memory
) -> None:
    await submitted(nurse, "S1-090")
    form = {"csrf": await nurse.csrf(), "purpose": "amend"}
    sent = await nurse.post(f"{ROOT}/subjects/S1-090/forms", form)
    draft = str(sent.headers["location"]).rsplit("/", 1)[0]
    await nurse.post(f"{draft}/check", {"csrf": await nurse.csrf()})
    command = memory.sent[-1].command
    assert command.type == "AmendForm"
    assert "late_entry" not in command.form


async def test_paper_without_a_reason_is_asked_for_it(nurse: Browser) -> None:
    draft = await begin(nurse)
    typed = posted(draft_of(dated("S1-091"), STEPS)) | {"late_entry.on_paper": "yes"}
    csrf = await nurse.csrf()
    for step in STEPS:
        await nurse.post(f"{draft}/{step.slug}", {"csrf": csrf, "go": "next", **typed})
    shown = (await nurse.get(f"{draft}/check")).text
    assert '/start#late_entry.reason">Why on paper' in shown
    assert (await nurse.post(f"{draft}/check", {"csrf": csrf})).status_code == 422


async def test_no_criterion_reads_it(nurse: Browser, memory: Memory) -> None:
    await submitted(nurse, "S1-090")
    draft = await begin(nurse)
    await fill_in(nurse, draft, dated("S1-091"))
    await nurse.post(f"{draft}/check", {"csrf": await nurse.csrf()})
    subjects = memory.trials[TRIAL].trial.subjects
    assert subjects["S1-090"].outcome == subjects["S1-091"].outcome
