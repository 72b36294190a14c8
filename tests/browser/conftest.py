"""One real stack and one Chromium for all tests of this folder; contexts of people signed in."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from services.local.guard import Guard
from tests.browser import chromium
from tests.browser.people import sign_in
from tests.browser.stack import Stack

DESK: ViewportSize = {"width": 1280, "height": 800}
WAIT_MILLISECONDS = 15_000
SHOWN = "NCT00825734-shown"
"""The trial whose pages are walked over: the story up to the review of its first level."""
REVIEW_DUE = 50

Contexts = Callable[..., BrowserContext]
SignedIn = Callable[..., Page]


@pytest.fixture(scope="package")
def stack(process_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    begun = Stack.begin(tmp_path_factory.mktemp("browser"), process_guard)
    yield begun
    begun.end()


@pytest.fixture(scope="package")
def shown(stack: Stack) -> str:
    """The path of the trial whose pages are looked at; one subject waits for a settlement."""
    stack.tell(SHOWN, range(1, REVIEW_DUE + 1))
    stack.unsettled(SHOWN, date(2027, 5, 4))
    return f"/trials/{SHOWN}"


@pytest.fixture(scope="package")
def chrome(stack: Stack) -> Iterator[Browser]:
    # Ends before the tests of other folders begin: its loop would stand in the way of theirs.
    with sync_playwright() as playwright:
        browser = chromium.start(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture
def context(chrome: Browser, stack: Stack) -> Iterator[Contexts]:
    """A browser of nobody's, closed after the test."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        told = {"viewport": DESK, "base_url": stack.web, "locale": "en-GB", **options}
        context = chrome.new_context(**told)
        context.set_default_timeout(WAIT_MILLISECONDS)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def signed_in(context: Contexts, stack: Stack) -> SignedIn:
    """A page in a browser of its own, in which an account of the demo has signed in."""

    def make(name: str, **options: Any) -> Page:
        page = context(**options).new_page()
        sign_in(page, name, stack.passwords[name])
        return page

    return make
