"""A session that ends in front of its page: the page says so, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import SignedIn
from tests.browser.looks import violations
from tests.browser.people import by_id, go_on, sign_in
from tests.browser.stack import Stack

TRIAL = "NCT00825734-over"
ROOT = f"/trials/{TRIAL}"


@pytest.fixture(scope="module", autouse=True)
def _told(stack: Stack) -> None:
    stack.tell(TRIAL, range(1, 8), skip=(5,))


def _end_session(context: BrowserContext) -> None:
    """As a limit does: for the server this browser is nobody's."""
    context.clear_cookies()


def test_a_board_on_the_wall_says_that_its_session_is_over(
    stack: Stack, signed_in: SignedIn
) -> None:
    page = signed_in("coordinator")
    page.goto(f"{ROOT}/board")
    sign = page.locator(".live")
    expect(sign).to_have_text("Live")
    _end_session(page.context)
    stack.stop_web()
    expect(sign).to_contain_text("Connection lost")
    stack.start_web()
    expect(sign).to_contain_text("Your session is over: this board is old", timeout=30_000)
    expect(sign).to_have_class(re.compile("live-broken"))
    sign.get_by_role("link", name="Sign in").click()
    page.get_by_label("Sign-in name").fill("coordinator")
    page.get_by_label("Password").fill(stack.passwords["coordinator"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".live")).to_have_text("Live")


def _begin_typing(page: Page, subject_id: str) -> None:
    page.goto(f"{ROOT}/forms")
    page.get_by_role("button", name="Begin a form").click()
    by_id(page, "subject_id").fill(subject_id)


@pytest.mark.parametrize(
    ("scripts", "subject_id"), [(True, "S1-301"), (False, "S1-302")], ids=["scripts", "no-scripts"]
)
def test_a_page_of_the_form_goes_on_after_signing_in_in_another_tab(
    stack: Stack, signed_in: SignedIn, scripts: bool, subject_id: str
) -> None:
    page = signed_in("nurse-s1", java_script_enabled=scripts)
    _begin_typing(page, subject_id)
    _end_session(page.context)
    if scripts:
        by_id(page, "subject_id").blur()
        expect(page.locator("#preview")).to_contain_text("Your session is over")
        expect(by_id(page, "subject_id")).to_have_value(subject_id)
    go_on(page, "Save for later")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not sent yet")
    if scripts:
        assert violations(page) == []
    sign_in(page.context.new_page(), "nurse-s1", stack.passwords["nurse-s1"])
    page.get_by_role("button", name="I have signed in").click()
    page.get_by_role("button", name="Go on with what was typed, as").click()
    expect(page.get_by_role("row").filter(has_text=subject_id)).to_be_visible()
