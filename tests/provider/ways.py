"""The way of a browser to the provider and back."""

import httpx2

from tests.pages.conftest import ADDRESS, Browser
from tests.provider.conftest import BACK
from tests.provider.process import Person


async def set_out(browser: Browser, back: str = "/account") -> str:
    """Where the sign-in page sends the browser."""
    answer = await browser.post("/sign-in/provider", {"next": back})
    assert answer.status_code == 303
    return answer.headers["location"]


async def come_back(browser: Browser, url: str | None) -> httpx2.Response:
    assert url is not None
    return await browser.get(url.removeprefix(ADDRESS))


async def sign_in(browser: Browser, who: Person) -> httpx2.Response:
    return await come_back(browser, await who.to_the_end(await set_out(browser), BACK))
