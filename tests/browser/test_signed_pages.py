"""What is signed seldom: a new trial, the investigator's confirmation, a death, another version."""

import re
from datetime import date, datetime, time, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignedIn
from tests.browser.looks import violations
from tests.browser.people import eligible_form, let_time_pass, sign
from tests.browser.stack import STORY, ZONE, Stack

TRIAL = "NCT00825734-signed"
COPY = f"PRACTICE-1-{TRIAL}"
ROOT = f"/trials/{COPY}"
TEXT = STORY.protocol_text.replace(
    "max_rescreens = 2", "confirm_eligibility = true\nmax_rescreens = 2"
)
NEXT = TEXT.replace('version = "1.0"', 'version = "1.1"', 1).replace(
    "reservation_hours = 72", "reservation_hours = 96"
)
SUBJECT = "S1-301"


def test_from_a_new_trial_to_another_version_of_its_protocol(
    stack: Stack, signed_in: SignedIn
) -> None:
    coordinator = signed_in("coordinator")
    _opens_a_new_trial(coordinator, stack)
    _activates_a_site_and_the_trial(coordinator, stack)
    day = _copies_it_for_practice(coordinator)
    _asks_for_a_place(stack, day)

    doctor = signed_in("doctor-s1")
    _is_told_to_confirm_first(doctor, day)
    _confirms_eligibility(doctor, stack)
    _reports_dose_and_death(doctor, coordinator, day)
    _adjudicates(coordinator, stack)
    _adopts_another_version(coordinator, stack)
    expect(doctor.get_by_role("button", name="Sign out")).to_be_visible()
    doctor.goto(f"{ROOT}/protocol")
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Protocol, version 1.1")


def _opens_a_new_trial(page: Page, stack: Stack) -> None:
    page.goto("/")
    page.get_by_role("link", name="Open a new trial").click()
    page.get_by_label("Trial", exact=True).fill(TRIAL)
    page.get_by_label("Or its text").fill(TEXT.replace('version = "1.0"', "version = ", 1))
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("Or its text").fill(TEXT)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", name="The protocol in plain English")).to_be_visible()
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    assert violations(page) == []
    sign(page, "coordinator", "not the password")
    page.get_by_role("button", name="Sign and open the trial").click()
    expect(page.get_by_role("alert")).to_be_focused()
    sign(page, "coordinator", stack.passwords["coordinator"])
    page.get_by_role("button", name="Sign and open the trial").click()
    page.wait_for_url(f"**/trials/{TRIAL}/protocol")
    expect(page.get_by_role("heading", level=1)).to_have_text("Protocol, version 1.0")
    expect(page.get_by_text("PRACTICE:")).to_have_count(0)


def _activates_a_site_and_the_trial(page: Page, stack: Stack) -> None:
    root = f"/trials/{TRIAL}"
    page.goto(f"{root}/decisions/do/site")
    page.get_by_label("S1", exact=True).check()
    page.get_by_label("1.0", exact=True).check()
    page.get_by_label("Approved by the ethics committee on").fill(_today().isoformat())
    page.get_by_role("button", name="Go on: see what follows").click()
    page.get_by_role("button", name="Send it").click()
    _recorded(page)
    page.goto(f"{root}/board")
    page.get_by_role("link", name="Trial not activated").click()
    page.get_by_role("link", name="Activate the trial").click()
    page.get_by_role("button", name="Go on: see what follows").click()
    _signs_and_sends(page, "coordinator", stack)
    page.goto(f"{root}/board")
    expect(page.get_by_role("row").filter(has_text="L1")).to_contain_text("open 1 place open")


def _copies_it_for_practice(page: Page) -> date:
    page.goto(f"/trials/{TRIAL}/practice")
    page.get_by_role("button", name="Make a practice copy").click()
    page.wait_for_url(f"**{ROOT}/**")
    day = _today() + timedelta(days=2)
    let_time_pass(page, ROOT, day)
    return day


def _asks_for_a_place(stack: Stack, day: date) -> None:
    form = eligible_form(SUBJECT, day)
    command = {"type": "SubmitForm", "subject_id": SUBJECT, "site_id": "S1", "form": form}
    reply = stack.send(COPY, 1, "S1", datetime.combine(day, time(9)), command)
    assert reply.answer["outcome"] == "slot_reserved"


def _is_told_to_confirm_first(page: Page, day: date) -> None:
    page.goto(f"{ROOT}/mine")
    due = page.get_by_role("row").filter(has_text="to be signed")
    expect(due).to_contain_text(SUBJECT)
    due.get_by_role("link", name=SUBJECT).click()
    page.get_by_role("link", name="Ask leave for the first dose").click()
    expect(page.get_by_role("region", name="What is checked again")).to_be_visible()
    page.get_by_label("First dose planned on").fill(day.isoformat())
    page.get_by_role("button", name="Go on: see what follows").click()
    expect(page.get_by_role("region", name="What is checked again")).to_contain_text(
        "stands against it"
    )
    expect(page.get_by_text("Medical monitor:")).to_be_visible()


def _confirms_eligibility(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/subjects/{SUBJECT}")
    page.get_by_role("link", name="Confirm eligibility").click()
    verdict = page.get_by_role("region", name="The verdict that you sign")
    expect(verdict).to_contain_text("criteria met")
    expect(verdict.get_by_text(re.compile("^[0-9a-f]{64}$"))).to_be_visible()
    page.get_by_role("button", name="Go on: see what follows").click()
    assert violations(page) == []
    _signs_and_sends(page, "doctor-s1", stack)
    page.goto(f"{ROOT}/subjects/{SUBJECT}")
    expect(page.get_by_text("confirmed by an investigator, signed")).to_be_visible()
    expect(page.get_by_role("link", name="Confirm eligibility")).to_have_count(0)


def _reports_dose_and_death(page: Page, centre: Page, day: date) -> None:
    for title, label, on in (
        ("Ask leave for the first dose", "First dose planned on", day),
        ("Report the first dose", "Given on", day),
        ("Report a death", "Died on", day + timedelta(days=3)),
    ):
        if title == "Report a death":
            let_time_pass(centre, ROOT, day + timedelta(days=4))
        page.goto(f"{ROOT}/subjects/{SUBJECT}")
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_label(label, exact=True).fill(on.isoformat())
        page.get_by_role("button", name="Go on: see what follows").click()
        expect(page.get_by_role("heading", name="What follows from it")).to_be_visible()
        page.get_by_role("button", name="Send it").click()
        _recorded(page)


def _adjudicates(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/board")
    expect(page.get_by_role("row").filter(has_text="L1")).to_contain_text("held")
    page.get_by_role("link", name="Death to adjudicate").click()
    page.get_by_role("link", name="Adjudicate the death").click()
    page.get_by_label("Unrelated", exact=True).check()
    page.get_by_label("Reason").fill("A road accident, by the coroner's report.")
    page.get_by_role("button", name="Go on: see what follows").click()
    assert violations(page) == []
    _signs_and_sends(page, "coordinator", stack)
    page.goto(f"{ROOT}/subjects/{SUBJECT}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not evaluable")
    expect(page.get_by_role("link", name="Adjudicate the death")).to_have_count(0)
    page.goto(f"{ROOT}/board")
    expect(page.get_by_role("link", name="Assignment suspended")).to_be_visible()


def _adopts_another_version(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/protocol")
    page.get_by_role("link", name="Adopt another version").click()
    page.get_by_label("Or its text").fill(NEXT)
    page.get_by_role("button", name="Check it").click()
    follows = page.get_by_role("region", name="What follows from version 1.1")
    expect(follows).to_contain_text("Nothing was sent yet.")
    expect(page.get_by_role("heading", name="Version 1.1 in plain English")).to_be_visible()
    assert violations(page) == []
    sign(page, "coordinator", stack.passwords["coordinator"])
    page.get_by_role("button", name="Sign and put it in force").click()
    _recorded(page)


def _signs_and_sends(page: Page, name: str, stack: Stack) -> None:
    sign(page, name, stack.passwords[name])
    page.get_by_role("button", name="Sign and send").click()
    _recorded(page)


def _recorded(page: Page) -> None:
    page.wait_for_url("**/answers/**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")


def _today() -> date:
    """In the trial's own time zone."""
    return datetime.now(ZONE).date()
