"""A board that is looked at: a change within a second, a broken connection that shows and heals."""

import re
import time
from datetime import date, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, SignedIn
from tests.browser.people import eligible_form
from tests.browser.stack import Stack

TRIAL = "NCT00825734-live"
ROOT = f"/trials/{TRIAL}"
A_SECOND = 1.0
NOTED = """() => {
    window.changes = [];
    const board = document.querySelector("#board");
    const seen = () => window.changes.push([Date.now(), board.innerText]);
    new MutationObserver(seen).observe(board, {childList: true});
}"""


def _watch(signed_in: SignedIn) -> Page:
    page = signed_in("coordinator", viewport=DESK)
    page.goto(f"{ROOT}/board")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    return page


def _submit(stack: Stack, subject_id: str) -> None:
    """By a program of the site; returns when the service has answered that it is decided."""
    number = int(subject_id[-3:])
    form = eligible_form(subject_id, date(2027, 3, 1))
    at = datetime.fromisoformat("2027-03-01T10:00") + timedelta(minutes=number)
    command = {"type": "SubmitForm", "subject_id": subject_id, "site_id": "S1", "form": form}
    stack.send(TRIAL, number, "S1", at, command)


def _waits(page: Page, subject_id: str) -> None:
    waitlist = page.get_by_role("region", name="Waitlist")
    expect(waitlist.get_by_role("link", name=subject_id)).to_be_visible()


def test_a_change_is_on_a_second_browser_within_a_second(stack: Stack, signed_in: SignedIn) -> None:
    stack.tell(TRIAL, range(1, 8), skip=(5,))
    page = _watch(signed_in)
    page.evaluate(NOTED)
    for subject_id in ("S1-201", "S1-203", "S1-204"):
        sent = time.time()
        _submit(stack, subject_id)
        _waits(page, subject_id)
        changes: list[tuple[float, str]] = page.evaluate("window.changes")
        shown = next(at for at, text in changes if subject_id in text) / 1000
        # From before it was sent: the second holds the way there, the decision and the way back.
        assert shown - sent < A_SECOND
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_broken_connection_shows_itself_and_heals(stack: Stack, signed_in: SignedIn) -> None:
    stack.tell(TRIAL, range(1, 8), skip=(5,))
    page = _watch(signed_in)
    stack.stop_web()
    broken = page.get_by_role("status").filter(has_text="Connection lost")
    expect(broken).to_be_visible()
    expect(broken).to_have_class(re.compile("live-broken"))
    stack.start_web()
    _submit(stack, "S1-202")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible(timeout=30_000)
    _waits(page, "S1-202")
