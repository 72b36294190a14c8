"""Every page: nothing that axe finds, nothing wider than 320 pixels, nothing the browser minds."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize
from starlette.routing import Route

from services.pages.app import ROUTERS
from services.pages.screening.steps import STEPS
from tests.browser.conftest import DESK, SHOWN
from tests.browser.looks import CUT, NARROW, PICTURES, violations
from tests.browser.people import by_id, eligible_form, go_on, sign_in, type_step
from tests.browser.places import NO_PAGES, PLACES, Place
from tests.browser.stack import Stack

PHONE: ViewportSize = {"width": 375, "height": 740}
ON_PHONES = {"board", "mine", "open", "review", "S1-001", "history", "labs"}
"""Pages of which a picture as on a phone is kept too."""


class Room:
    """One browser in which one account has signed in, for as long as these tests last."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.minded: list[str] = []
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        # That a page answers 404 is what some are opened for.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.minded.append(message.text)


class Rooms:
    """Made when first asked for."""

    def __init__(self, chrome: Browser, stack: Stack) -> None:
        self._chrome = chrome
        self._stack = stack
        self._made: dict[str, Room] = {}

    def of(self, who: str) -> Room:
        if who not in self._made:
            context = self._chrome.new_context(viewport=DESK, base_url=self._stack.web)
            self._made[who] = Room(context)
            if who != "nobody":
                sign_in(self._made[who].page, who, self._stack.passwords[who])
        return self._made[who]

    def close(self) -> None:
        for room in self._made.values():
            room.page.context.close()


@pytest.fixture(scope="module")
def rooms(chrome: Browser, stack: Stack) -> Iterator[Rooms]:
    made = Rooms(chrome, stack)
    yield made
    made.close()


@pytest.fixture(scope="module")
def names(rooms: Rooms, stack: Stack, shown: str) -> dict[str, str]:
    """What stands in braces in the paths: a draft with something in it, an answer, a form."""
    page = rooms.of("nurse-s1").page
    page.goto(f"{shown}/forms")
    page.get_by_role("button", name="Begin a form").click()
    draft = page.url.split("/")[-2]
    type_step(page, STEPS[0], eligible_form("S1-020", date(2027, 5, 4)))
    go_on(page)
    by_id(page, "consent.signed_on").fill("15.2.2027")
    go_on(page)
    page.goto(f"{shown}/subjects/S1-001")
    form = page.get_by_role("link", name=re.compile(r"^\d+ \w+ 2027$")).first
    said = form.get_attribute("href")
    page.goto(f"{shown}/subjects/S1-001/do/correction")
    by_id(page, "fact-1").check()
    by_id(page, "on").fill("2027-03-02")
    page.get_by_label("Reason").fill("Read again in the chart: it is as it was.")
    page.get_by_role("button", name="Go on: see what follows").click()
    page.get_by_role("button", name="Send it").click()
    page.wait_for_url("**/answers/**")
    answer = page.url.rsplit("/", 1)[1]
    office = rooms.of("administrator").page
    office.goto("/accounts")
    account = office.locator('a[href^="/accounts/a"]').first.get_attribute("href")
    assert said
    assert account
    return {
        "trial": SHOWN,
        "draft": draft,
        "form": said.rsplit("/", 1)[1],
        "answer": answer,
        "account": account.rsplit("/", 1)[1],
    }


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.slug)
def test_a_page(place: Place, rooms: Rooms, names: dict[str, str]) -> None:
    room = rooms.of(place.who)
    page = room.page
    page.set_viewport_size(DESK)
    room.minded.clear()
    answered = page.goto(place.path.format_map(names))
    assert answered is not None
    assert answered.status == place.status
    _keep_picture(page, place)
    assert page.evaluate(CUT) == [], "cut on a desk's screen"
    assert violations(page) == []
    page.set_viewport_size(NARROW)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"], f"{_widest(page)} reaches {wide} pixels"
    assert room.minded == []


def _keep_picture(page: Page, place: Place) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{place.slug}.png", full_page=True)
    if place.path.rsplit("/", 1)[1] in ON_PHONES:
        page.set_viewport_size(PHONE)
        page.screenshot(path=PICTURES / f"{place.slug}-phone.png", full_page=True)
        page.set_viewport_size(DESK)


def _widest(page: Page) -> str:
    """What sticks out, outside of what scrolls by itself."""
    found: str = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *, nav *")]
            .filter(it => it.getBoundingClientRect().right > innerWidth && !it.closest(".scroll"))
            .map(it => it.outerHTML.slice(0, 80)).slice(0, 3).join(" | ")"""
    )
    return found


def test_no_page_is_left_out() -> None:
    served = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, Route) and "GET" in (route.methods or ())
    }
    opened = {
        place.path.replace("{trial}", "T").replace("{", "").replace("}", "") for place in PLACES
    }
    left = {path for path in served if not any(_pattern(path).fullmatch(one) for one in opened)}
    assert left == NO_PAGES.keys() & served == NO_PAGES.keys()


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path.replace(".", r"\.")))
