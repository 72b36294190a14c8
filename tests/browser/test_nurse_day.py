"""The whole day of a site nurse, in the browser, against the running service."""

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from services.pages.screening.steps import STEPS
from tests.browser.conftest import Contexts, SignedIn
from tests.browser.people import (
    by_id,
    eligible_form,
    go_on,
    let_time_pass,
    sign_in,
    sign_out,
    type_form,
)
from tests.browser.pictures import picture
from tests.browser.stack import Stack

TRIAL = "NCT00825734-nurse"
ROOT = f"/trials/{TRIAL}"
OPENED = range(1, 7)
TOO_EARLY = (5,)
FIRST_OF_MARCH = date(2027, 3, 1)


def do(page: Page, subject_id: str, title: str, **typed: str) -> None:
    """One deed: what it asks for, what follows, sent; `_` in a name of a radio is its value."""
    page.goto(f"{ROOT}/subjects/{subject_id}")
    page.get_by_role("link", name=title, exact=True).click()
    for name, value in typed.items():
        radio = page.locator(f'input[type="radio"][name="{name}"][value="{value}"]')
        if radio.count():
            radio.check()
        else:
            by_id(page, name).fill(value)
    page.get_by_role("button", name="Go on: see what follows").click()
    expect(page.get_by_role("heading", name="What follows from it")).to_be_visible()
    if title == "Report a DLT":
        picture(page, "deed", at="main", height=1290)
    page.get_by_role("button", name="Send it").click()
    page.wait_for_url("**/answers/**")


def answered(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_the_day_of_a_nurse(
    stack: Stack, context: Contexts, signed_in: SignedIn, tmp_path: Path
) -> None:
    stack.tell(TRIAL, OPENED, TOO_EARLY)
    page = context().new_page()
    _signs_in_at_the_second_try(page, stack)
    _sees_what_is_open(page)
    _types_half_and_comes_back(page, stack)
    _mends_what_is_wrong_and_submits(page)
    _prints_the_slot(page, tmp_path)

    centre = signed_in("coordinator")
    let_time_pass(centre, ROOT, date(2027, 3, 2))
    do(page, "S1-014", "Ask leave for the first dose", planned_on="2027-03-02")
    answered(page, "Recorded")
    do(page, "S1-014", "Report the first dose", dosed_on="2027-03-02")
    answered(page, "Recorded")
    _two_more_subjects(stack)
    let_time_pass(centre, ROOT, date(2027, 3, 12))
    do(page, "S1-014", "Report a DLT", onset_on="2027-03-11", term="Hypertension", grade="3")
    answered(page, "Recorded")
    expect(page.locator("main")).to_contain_text("DLT")
    do(page, "S1-016", "Report withdrawal of consent", withdrawn_on="2027-03-12")
    answered(page, "Recorded")
    do(
        page,
        "S1-015",
        "Correct a fact",
        fact="first_dose_on",
        on="2027-03-10",
        reason="Typed as the 9th; the chart says the 10th.",
    )
    answered(page, "Recorded")
    let_time_pass(centre, ROOT, date(2027, 4, 2))
    page.goto(f"{ROOT}/mine")
    due = page.get_by_role("row").filter(has_text="outcome to confirm")
    expect(due).to_have_count(1)
    expect(due).to_contain_text("S1-015")
    picture(page, "my-subjects")
    page.goto(f"{ROOT}/subjects/S1-015")
    picture(page, "subject", height=1000)
    do(page, "S1-015", "Confirm the outcome of the DLT window", outcome="cleared")
    answered(page, "Recorded")
    _downloads_the_own_logs(page, tmp_path)


def _signs_in_at_the_second_try(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/mine")
    page.get_by_label("Sign-in name").fill("nurse-s1")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    problem = page.get_by_role("alert")
    expect(problem).to_be_focused()
    problem.get_by_role("link").click()
    expect(page.get_by_label("Sign-in name")).to_be_focused()
    page.get_by_label("Password").fill(stack.passwords["nurse-s1"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{ROOT}/mine")
    expect(page.get_by_text("Nothing is due.")).to_be_visible()


def _sees_what_is_open(page: Page) -> None:
    page.get_by_role("link", name="What is open now").click()
    expect(page.locator("main")).to_contain_text("1 place open at dose level L1")
    picture(page, "open")
    page.get_by_role("button", name="Begin a screening form").click()


def _types_half_and_comes_back(page: Page, stack: Stack) -> None:
    form = eligible_form("S1-014", FIRST_OF_MARCH)
    type_form(page, form, STEPS[:4])
    go_on(page, "Save for later")
    sign_out(page)
    sign_in(page, "nurse-s1", stack.passwords["nurse-s1"])
    page.goto(f"{ROOT}/forms")
    row = page.get_by_role("row").filter(has_text="S1-014")
    expect(row).to_contain_text("Demo Nurse of S1")
    row.get_by_role("link", name="Go on").click()
    expect(by_id(page, "subject_id")).to_have_value("S1-014")
    page.get_by_role("link", name=STEPS[4].title).click()
    type_form(page, form, STEPS[4:])


def _mends_what_is_wrong_and_submits(page: Page) -> None:
    preview = page.locator("aside")
    expect(preview).to_contain_text("eligible")
    page.get_by_role("link", name=f"Change {STEPS[1].title}").click()
    by_id(page, "consent.signed_on").fill("15.2.2027")
    go_on(page, "Save and check all")
    problem = page.get_by_role("alert")
    expect(problem).to_be_focused()
    expect(page.get_by_role("button", name="Submit the form")).to_be_disabled()
    problem.get_by_role("link").first.click()
    field = by_id(page, "consent.signed_on")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("15.2.2027")
    # What is typed is judged at once, before it is kept.
    live = page.locator("#preview")
    expect(live).to_contain_text("cannot be judged yet")
    picture(page, "error", at="main")
    field.fill("2027-02-20")
    field.blur()
    expect(live).to_contain_text("criteria met")
    go_on(page, "Save and check all")
    _sees_the_results_in_their_rows(page)
    picture(page, "check", at="main")
    page.get_by_role("button", name="Submit the form").dblclick()
    answered(page, "A place is reserved")
    picture(page, "answer", at="main", height=560)
    expect(page.locator("main")).to_contain_text("dose level L1 (illustrative dose)")
    expect(page.locator("main")).to_contain_text(re.compile(r"First dose by \d+ March 2027"))


def _sees_the_results_in_their_rows(page: Page) -> None:
    """As the form was typed; nothing of it had to be added or chosen."""
    page.get_by_role("link", name="Change Laboratory").click()
    for test in ("Neutrophils", "ALT", "INR"):
        row = page.get_by_role("group", name=test, exact=True)
        expect(row.get_by_label("Value")).to_have_value(re.compile("[0-9]"))
    picture(page, "results", at="main", height=1000)
    go_on(page, "Save and check all")


def _prints_the_slot(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Slot confirmation to print").click()
    expect(page.get_by_role("button", name="Print", exact=True)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    for said in ("Illustrative dose.", "PRACTICE", "S1-014", "Record hash"):
        expect(page.locator("main").get_by_text(said, exact=False).first).to_be_visible()
    picture(page, "slot", height=640)
    printed = page.pdf(path=folder / "slot.pdf")
    assert printed.count(b"/Type /Page\n") == 1, "it fits one sheet"
    page.emulate_media(media="screen")


def _two_more_subjects(stack: Stack) -> None:
    """By the site's own programs, to have more to report on in one day."""
    for number, (subject_id, on) in enumerate(
        (("S1-015", date(2027, 3, 9)), ("S1-016", date(2027, 3, 9)))
    ):
        form = eligible_form(subject_id, on)
        steps: tuple[dict[str, Any], ...] = (
            {"type": "SubmitForm", "subject_id": subject_id, "site_id": "S1", "form": form},
            {"type": "AuthoriseFirstDose", "subject_id": subject_id, "planned_on": on.isoformat()},
            {"type": "ReportFirstDose", "subject_id": subject_id, "dosed_on": on.isoformat()},
        )
        for place, command in enumerate(steps):
            at = datetime.combine(on, time(9 + number, place))
            stack.send(TRIAL, 100 + 10 * number + place, "S1", at, command)


def _downloads_the_own_logs(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Downloads").click()
    for link, wanted in (("Screening log", "S1-014"), ("Enrolment log", "S1-015")):
        with page.expect_download() as begun:
            page.get_by_role("link", name=link).click()
        begun.value.save_as(folder / "log.csv")
        text = (folder / "log.csv").read_text("utf-8")
        assert wanted in text
        assert "S2-" not in text
