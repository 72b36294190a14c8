"""The same work without JavaScript, by keys only, on paper, on a phone, on a wall."""

import re
from datetime import date
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect

from services.pages.screening.steps import STEPS
from tests.browser.conftest import SHOWN, SignedIn
from tests.browser.looks import CUT, NARROW, PICTURES, violations
from tests.browser.people import by_id, eligible_form, sign, type_form
from tests.browser.stack import Stack

TRIAL = "NCT00825734-plain"
ROOT = f"/trials/{TRIAL}"
WALL: ViewportSize = {"width": 1920, "height": 1080}
READ_FROM_FAR = 22
"""Pixels of a letter on a wall; on a desk they are 17."""


def test_a_form_is_sent_and_a_resumption_signed_without_javascript(
    stack: Stack, signed_in: SignedIn
) -> None:
    stack.tell(TRIAL, range(1, 7), skip=(5,))
    page = signed_in("nurse-s1", java_script_enabled=False)
    page.goto(f"{ROOT}/open")
    page.get_by_role("button", name="Begin a screening form").click()
    type_form(page, eligible_form("S1-020", date(2027, 3, 1)))
    expect(page.locator("aside")).to_contain_text("eligible")
    page.get_by_role("button", name="Submit the form").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A place is reserved")

    signer = signed_in("reviewer", java_script_enabled=False)
    for deed in ("suspension", "resumption"):
        signer.goto(f"{ROOT}/decisions/do/{deed}")
        signer.get_by_label("Reason").fill("A drug batch is looked into.")
        signer.get_by_role("button", name="Go on: see what follows").click()
        if deed == "resumption":
            sign(signer, "reviewer", stack.passwords["reviewer"])
        signer.get_by_role("button", name=re.compile("^(Send it|Sign and send)$")).click()
        expect(signer.get_by_role("heading", level=1)).to_have_text("Recorded")
    signer.goto(f"{ROOT}/board")
    expect(signer.get_by_role("status")).to_have_text("As of loading")


def test_signing_in_and_releasing_a_place_by_keys_only(
    stack: Stack, signed_in: SignedIn, shown: str
) -> None:
    page = signed_in("nurse-s1")
    page.goto(f"{shown}/mine")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "S1-005")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("S1-005")
    _tab_to(page, "Give the place back")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "where one is can be seen"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Give the place back")
    while not page.evaluate("document.activeElement.id === 'reason'"):
        page.keyboard.press("Tab")
    page.keyboard.type("Prefers treatment nearer to home.")
    _tab_to(page, "Go on: see what follows")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What follows from it")).to_be_visible()
    _tab_to(page, "Do nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("S1-005")


def _tab_to(page: Page, text: str, most: int = 60) -> None:
    """Presses Tab until the focus is on what reads so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == text:
            return
    raise AssertionError(f"{text} is not reached by Tab")


def test_errors_and_what_follows_are_as_clean_as_the_pages(
    stack: Stack, signed_in: SignedIn, shown: str
) -> None:
    page = signed_in("coordinator")
    page.goto(f"{shown}/decisions/do/suspension")
    page.get_by_role("button", name="Go on: see what follows").click()
    expect(page.get_by_role("alert")).to_be_focused()
    _clean(page)
    page.get_by_label("Reason").fill("A drug batch is looked into.")
    page.get_by_role("button", name="Go on: see what follows").click()
    _clean(page)
    page.goto(f"{shown}/what-if")
    page.get_by_label("A subject has a DLT").check()
    page.get_by_role("button", name="Show what would follow").click()
    _clean(page)
    by_id(page, "subject_id").select_option("S3-004")
    by_id(page, "on").fill("2027-05-03")
    page.get_by_role("button", name="Show what would follow").click()
    expect(page.get_by_role("heading", name="Hypothetical: what would follow")).to_be_visible()
    _clean(page)


def _clean(page: Page) -> None:
    before = page.viewport_size
    assert before is not None
    assert violations(page) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.set_viewport_size(before)


def test_the_sheet_for_paper_holds_every_page_of_the_form(
    signed_in: SignedIn, shown: str, tmp_path: Path
) -> None:
    page = signed_in("nurse-s1")
    page.goto(f"{shown}/paper")
    page.emulate_media(media="print")
    for step in STEPS:
        expect(page.get_by_role("heading", name=step.title, exact=True, level=2)).to_be_visible()
    expect(page.get_by_role("button", name="Print", exact=True)).to_be_hidden()
    expect(page.locator("main")).to_contain_text(SHOWN)
    assert len(page.pdf(path=tmp_path / "paper.pdf")) > 10_000


def test_the_board_on_a_wall_is_read_from_across_a_room(signed_in: SignedIn, shown: str) -> None:
    page = signed_in("coordinator", viewport=WALL)
    page.goto(f"{shown}/board")
    page.screenshot(path=PICTURES / "coordinator-trial-board-wall.png")
    level = page.get_by_role("row").filter(has_text="the cohort review is due")
    for read in (level.get_by_role("rowheader"), level.get_by_role("cell").last):
        assert _letters(read) >= READ_FROM_FAR
    assert _letters(page.get_by_role("listitem").filter(has_text="Nobody gets")) >= READ_FROM_FAR
    pictures = page.get_by_role("region", name="Phase I in pictures").bounding_box()
    assert pictures is not None
    assert pictures["y"] + pictures["height"] < WALL["height"], "beside the words, not below them"
    expect(level).to_be_in_viewport(ratio=1)
    assert page.evaluate(CUT) == []
    assert violations(page) == []


def _letters(read: Locator) -> float:
    return float(read.evaluate("it => parseFloat(getComputedStyle(it).fontSize)"))
