"""Signing by somebody of the provider: anew each time, the same person, just now, the same form."""

import re
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI

from services.signin.events import Signed
from services.signin.people import Account
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS, Browser, Clock
from tests.pages.signing import MEANING, add_signing
from tests.provider.conftest import BACK
from tests.provider.process import Person
from tests.provider.ways import come_back, sign_in

NewPerson = Callable[[str], Person]
FORM = {"key": "page-1", "decision": "stay"}


@pytest.fixture(autouse=True)
def _signs(app: FastAPI) -> None:
    add_signing(app)


async def ask(browser: Browser, **fields: str) -> httpx2.Response:
    csrf = await browser.csrf("/account")
    return await browser.post("/signs", {"csrf": csrf, **FORM, **fields})


async def proved(browser: Browser, who: Person, **fields: str) -> httpx2.Response:
    """Asks to sign, signs in anew, and gets to the page that gives the signature."""
    sent = await ask(browser, **fields)
    assert sent.status_code == 303
    back = await come_back(browser, await who.to_the_end(sent.headers["location"], BACK))
    if back.status_code != 303:
        return back
    return await browser.get(back.headers["location"])


def hidden(page: httpx2.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', page.text))


def signatures(signin: Signin) -> list[Signed]:
    return [event for event in signin.people.trail if isinstance(event, Signed)]


async def test_a_signature_asks_the_provider_anew_each_time(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    who = person("rita")
    await sign_in(browser, who)
    assert "your organisation's sign-in" in (await browser.get("/signs")).text
    for times in (1, 2):
        before = who.forms
        page = await proved(browser, who, key=f"page-{times}")
        assert who.forms > before, "the provider asked for nothing"
        assert "Rita Reviewer" in page.text
        assert MEANING in page.text
        answer = await browser.post("/signs", hidden(page))
        assert answer.text == "signed by Rita Reviewer"
        assert len(signatures(signin)) == times
    first, second = signatures(signin)
    assert (first.how, first.key, second.key) == ("provider", "page-1", "page-2")
    assert first.digest != second.digest


async def test_what_was_shown_is_what_is_signed_whatever_is_posted_beside_it(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    who = person("rita")
    await sign_in(browser, who)
    stay = await proved(browser, who)
    assert (await browser.post("/signs", hidden(stay) | {"decision": "expand"})).status_code == 200
    expand = await proved(browser, who, decision="expand")
    await browser.post("/signs", hidden(expand))
    shown, other = signatures(signin)
    page = re.search(r'class="mono">([0-9a-f]{64})<', stay.text)
    assert page
    assert shown.digest == page[1] != other.digest


async def test_a_proof_is_good_once(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson, clock: Clock
) -> None:
    """A second click is the same submission, and gets its answer; later it is good for nothing."""
    who = person("rita")
    await sign_in(browser, who)
    page = await proved(browser, who)
    for _ in range(2):
        assert (await browser.post("/signs", hidden(page))).status_code == 200
    clock.pass_on(seconds=31)
    assert (await browser.post("/signs", hidden(page))).status_code == 403
    assert len(signatures(signin)) == 1


async def test_a_made_up_proof_or_none_signs_nothing(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    await sign_in(browser, person("rita"))
    assert (await ask(browser, proof="made-up")).status_code == 403
    waiting = next(key for key in (await _begun(browser, signin)) if key.startswith("proof:"))
    unproved = waiting.removeprefix("proof:")
    assert (await ask(browser, proof=unproved)).status_code == 303
    assert (await browser.get(f"/sign-in/provider/signature/{unproved}")).status_code == 404
    assert signatures(signin) == []


async def _begun(browser: Browser, signin: Signin) -> list[str]:
    await ask(browser)
    return list(signin.store.begun)  # type: ignore[attr-defined]


async def test_somebody_else_at_the_provider_proves_nothing(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    await sign_in(browser, person("rita"))
    assert (await proved(browser, person("nora"))).status_code == 403
    assert signatures(signin) == []


async def test_a_sign_in_of_before_does_not_count(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson, clock: Clock
) -> None:
    """The provider says when; here our clock is ahead by more than clocks may differ."""
    who = person("rita")
    await sign_in(browser, who)
    clock.at += timedelta(minutes=2)
    assert (await proved(browser, who)).status_code == 403
    assert signatures(signin) == []


async def test_another_session_cannot_end_what_one_began(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    who = person("rita")
    await sign_in(browser, who)
    page = await proved(browser, who)
    async with httpx2.AsyncClient(transport=browser.http._transport, base_url=ADDRESS) as http:
        other = Browser(http)
        await sign_in(other, who)
        csrf = await other.csrf("/account")
        taken = hidden(page) | {"csrf": csrf}
        assert (await other.post("/signs", taken)).status_code == 403
        path = f"/sign-in/provider/signature/{taken['proof']}"
        assert (await other.get(path)).status_code == 404
    assert signatures(signin) == []


@pytest.mark.parametrize("minutes", [6])
async def test_a_proof_is_not_good_for_long(
    browser: Browser,
    reviewer: Account,
    signin: Signin,
    person: NewPerson,
    clock: Clock,
    minutes: int,
) -> None:
    who = person("rita")
    await sign_in(browser, who)
    page = await proved(browser, who)
    clock.pass_on(minutes=minutes)
    assert (await browser.post("/signs", hidden(page))).status_code == 403
    assert signatures(signin) == []
