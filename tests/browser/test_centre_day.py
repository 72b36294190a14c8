"""The whole day of the coordinating centre, in the browser, against the running service."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import REVIEW_DUE, Contexts, SignedIn
from tests.browser.people import by_id, let_time_pass, sign, sign_in
from tests.browser.pictures import picture
from tests.browser.stack import STORY, Stack

TRIAL = "NCT00825734-centre"
ROOT = f"/trials/{TRIAL}"
REAL = "NCT00825734"
SUSPENDED = "Assignment is suspended until a signed resumption."
SIGNED = range(REVIEW_DUE + 4, 65)
"""The steps of the story after the review was signed, up to the review of the MTD."""
ON_EVERY_SHEET = """() => {
    const mark = getComputedStyle(document.body, "::after");
    return [mark.position, mark.content];
}"""
"""What is fixed is printed again on each sheet."""


def test_the_day_of_the_centre(
    stack: Stack, context: Contexts, signed_in: SignedIn, tmp_path: Path
) -> None:
    stack.tell(TRIAL, range(1, REVIEW_DUE + 1))
    coordinator, reviewer = signed_in("coordinator"), context().new_page()
    _reads_the_board(coordinator)
    _asks_what_if(coordinator)
    coordinator.goto(f"{ROOT}/board")
    expect(_level(coordinator, "L1")).to_contain_text("held the cohort review is due")
    expect(_level(coordinator, "L2")).to_contain_text("not opened")
    sign_in(reviewer, "reviewer", stack.passwords["reviewer"])
    _signs_the_review(reviewer, stack)
    expect(_level(coordinator, "L2")).to_contain_text("held the first subject of the level")
    expect(_level(coordinator, "L1")).to_contain_text("closed")
    _suspends_and_the_reviewer_resumes(coordinator, reviewer, stack)
    stack.tell(TRIAL, SIGNED)
    coordinator.goto(f"{ROOT}/board")
    due = coordinator.get_by_role("listitem").filter(has_text="Cohort review due")
    expect(due).to_contain_text("the design recommends: MTD L1")
    picture(coordinator, "board", height=1780)
    _declares_mtd_and_rp2d(reviewer, stack)
    # What the reviewer signed stands on the coordinator's board, which was not loaded again.
    expect(due).to_have_count(0)
    expect(coordinator.get_by_role("heading", name=re.compile("Phase I .*RP2D L1"))).to_be_visible()
    phase2 = coordinator.get_by_role("region", name="Phase II")
    expect(phase2).to_contain_text("3 reserved")
    _settles_a_finding(reviewer, stack)
    settled = coordinator.get_by_role("listitem").filter(has_text="S4-009")
    expect(settled).to_have_count(0)
    expect(phase2).to_contain_text("4 reserved")
    _reads_the_audit_trail(coordinator, tmp_path)


def _level(page: Page, level_id: str) -> Locator:
    """Its row in the board's table of levels."""
    cell = page.get_by_role("rowheader", name=level_id, exact=True)
    return page.get_by_role("row").filter(has=cell)


def _reads_the_board(page: Page) -> None:
    page.goto(f"{ROOT}/board")
    expect(page.get_by_role("listitem").filter(has_text="Cohort review due")).to_be_visible()
    for title in ("Subjects by dose level", "DLT windows"):
        figure = page.get_by_role("figure").filter(has_text=title)
        expect(figure.get_by_role("img")).to_have_accessible_name(re.compile(r"\w+"))


def _asks_what_if(page: Page) -> None:
    page.get_by_role("link", name="What if").click()
    page.get_by_label("A subject has a DLT").check()
    page.get_by_label("Subject", exact=True).select_option("S3-004")
    page.get_by_label("Day", exact=True).fill("2027-05-03")
    page.get_by_role("button", name="Show what would follow").click()
    then = page.get_by_role("region", name="Hypothetical: what would follow")
    expect(then).to_be_visible()
    expect(then).to_contain_text("DLT in 6")
    picture(page, "what-if", at=".hypothetical", height=520)


def _signs_the_review(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/decisions/review")
    hashed = page.locator("main").get_by_text(re.compile("^[0-9a-f]{64}$"))
    expect(hashed).to_be_visible()
    page.get_by_label(re.compile("^De-escalate")).check()
    sign(page, "reviewer", stack.passwords["reviewer"])
    page.get_by_role("button", name="Sign the review").click()
    # More cautious than the design: refused without a reason.
    expect(page.locator("main")).to_contain_text(re.compile("reason", re.IGNORECASE))
    page.goto(f"{ROOT}/decisions/review")
    page.get_by_label(re.compile("^Escalate to L2")).check()
    picture(page, "review", at="main", height=1180)
    sign(page, "reviewer", "not the password")
    page.get_by_role("button", name="Sign the review").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label(re.compile("^Escalate to L2")).check()
    sign(page, "reviewer", stack.passwords["reviewer"])
    page.get_by_role("button", name="Sign the review").click()
    expect(page.locator("main")).to_contain_text("Signed: escalate.")


def _suspends_and_the_reviewer_resumes(coordinator: Page, reviewer: Page, stack: Stack) -> None:
    coordinator.goto(f"{ROOT}/decisions/do/suspension")
    coordinator.get_by_label("Reason").fill("A drug batch is looked into.")
    coordinator.get_by_role("button", name="Go on: see what follows").click()
    coordinator.get_by_role("button", name="Send it").click()
    coordinator.wait_for_url("**/answers/**")
    coordinator.goto(f"{ROOT}/board")
    expect(coordinator.get_by_text(SUSPENDED, exact=True)).to_be_visible()
    reviewer.goto(f"{ROOT}/decisions/do/resumption")
    reviewer.get_by_label("Reason").fill("The batch is in order.")
    reviewer.get_by_role("button", name="Go on: see what follows").click()
    _signs_and_sends(reviewer, stack)
    coordinator.reload()
    expect(coordinator.get_by_text(SUSPENDED, exact=True)).to_be_hidden()


def _signs_and_sends(page: Page, stack: Stack, comes: str = "Recorded") -> None:
    sign(page, "reviewer", stack.passwords["reviewer"])
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_url("**/answers/**")
    expect(page.get_by_role("heading", level=1)).to_have_text(comes)


def _declares_mtd_and_rp2d(page: Page, stack: Stack) -> None:
    page.goto(f"{ROOT}/decisions")
    page.get_by_role("link", name="Open the cohort review").click()
    page.get_by_label(re.compile("^Declare the MTD: L1")).check()
    sign(page, "reviewer", stack.passwords["reviewer"])
    page.get_by_role("button", name="Sign the review").click()
    page.wait_for_url("**/answers/**")
    page.goto(f"{ROOT}/decisions")
    page.get_by_role("link", name="Sign the recommended Phase II dose").click()
    page.get_by_label(re.compile("^L1: sorafenib 200 mg")).check()
    page.get_by_role("button", name="Go on: see what follows").click()
    _signs_and_sends(page, stack)
    page.goto(f"{ROOT}/board")
    expect(page.get_by_role("heading", name=re.compile("Phase II open"))).to_be_visible()


def _settles_a_finding(page: Page, stack: Stack) -> None:
    stack.unsettled(TRIAL, date(2027, 5, 15))
    page.goto(f"{ROOT}/board")
    page.get_by_role("link", name="Finding to settle").first.click()
    page.get_by_role("link", name="Settle I5a for Phase II").click()
    by_id(page, "reason").fill("Second line, as the trial's own summary says.")
    page.get_by_role("button", name="Go on: see what follows").click()
    _signs_and_sends(page, stack, "A place is reserved")


def _reads_the_audit_trail(page: Page, folder: Path) -> None:
    page.goto(f"{ROOT}/audit")
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("Demo Reviewer")
    page.get_by_label("Subject", exact=True).fill("S3-001")
    page.get_by_label("Order").select_option("Oldest first")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("S3-001")
    picture(page, "audit", at="main")
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    begun.value.save_as(folder / "audit.csv")
    lines = (folder / "audit.csv").read_text("utf-8").splitlines()
    assert len(lines) > 5
    assert all("S3-001" in line for line in lines[1:] if line.strip())


def test_a_practice_copy_cannot_be_mistaken(stack: Stack, signed_in: SignedIn) -> None:
    stack.adopt(REAL, STORY.protocol_text)
    page = signed_in("coordinator")
    page.goto(f"/trials/{REAL}/practice")
    expect(page.get_by_text("PRACTICE:")).to_have_count(0)
    page.get_by_role("button", name="Make a practice copy").click()
    page.wait_for_url("**/trials/PRACTICE-**")
    root = page.url.removeprefix(stack.web).rsplit("/", 1)[0]
    assert f"PRACTICE-1-{REAL}" in page.title()
    expect(page.get_by_text("PRACTICE: no patient, no drug")).to_be_visible()
    assert page.title().startswith("PRACTICE")
    page.emulate_media(media="print")
    expect(page.get_by_text("PRACTICE: no patient, no drug")).to_be_visible()
    assert page.evaluate(ON_EVERY_SHEET) == ["fixed", '"PRACTICE"']
    page.emulate_media(media="screen")
    assert page.evaluate(ON_EVERY_SHEET) != ["fixed", '"PRACTICE"']
    until = datetime.now(UTC).date() + timedelta(days=20)
    let_time_pass(page, root, until)
    picture(page, "practice", height=560)
    page.goto(f"{root}/board")
    expect(page.get_by_text(f"State of {until.day} {until:%B %Y}")).to_be_visible()
