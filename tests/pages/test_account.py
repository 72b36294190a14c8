"""One's own account: what it shows, the second factor from first code to last, other sessions."""

import re

import httpx2
import pyotp
import pytest
from fastapi import FastAPI

from services.signin.events import SecondFactorRemoved, SecondFactorSet
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS, PASSWORD, Browser, Clock, Staff


async def secret_shown(browser: Browser) -> str:
    page = (await browser.get("/account/second-factor")).text
    found = re.search(r'<span class="mono">([A-Z2-7 ]+)</span>', page)
    assert found
    assert "<svg" in page
    return found[1].replace(" ", "")


async def set_up(browser: Browser, clock: Clock, **fields: str) -> httpx2.Response:
    """Posts the code of now with the password, unless told otherwise."""
    code = pyotp.TOTP(await secret_shown(browser)).at(clock.at)
    form = {"csrf": await browser.csrf(), "code": code, "password": PASSWORD, **fields}
    return await browser.post("/account/second-factor", form)


async def test_the_account_says_who_one_is_and_what_one_may_do(
    browser: Browser, staff: Staff
) -> None:
    await browser.sign_in("nurse")
    page = (await browser.get("/account")).text
    for words in (
        "Nurse (Printed)",
        "site staff: all trials, site S1",
        "not set up",
        "by password",
    ):
        assert words in page
    assert staff["nurse"].account_id not in page


async def test_a_second_factor_counts_from_its_first_code_on(
    browser: Browser, staff: Staff, clock: Clock, signin: Signin
) -> None:
    await browser.sign_in("nurse")
    secret = await secret_shown(browser)
    assert await secret_shown(browser) == secret
    assert (await browser.sign_in("nurse")).status_code == 303

    await browser.sign_in("nurse")
    assert (await set_up(browser, clock)).headers["location"] == "/account"
    assert "set up" in (await browser.get("/account")).text
    clock.pass_on(seconds=60)
    assert (await browser.sign_in("nurse")).status_code == 403
    factor = signin.people.accounts[staff["nurse"].account_id].second_factor
    assert factor is not None
    code = pyotp.TOTP(signin.factors.open(factor) or "").at(clock.at)
    assert (await browser.sign_in("nurse", code=code)).status_code == 303
    assert (await browser.sign_in("nurse", code=code)).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"password": "not my password"}, "not your password"), ({"code": "000000"}, "not the code")],
)
async def test_setting_up_needs_the_password_and_a_right_code(
    browser: Browser, staff: Staff, clock: Clock, signin: Signin, wrong: dict[str, str], words: str
) -> None:
    await browser.sign_in("nurse")
    secret = await secret_shown(browser)
    refused = await set_up(browser, clock, **wrong)
    assert refused.status_code == 422
    assert words in refused.text
    assert await secret_shown(browser) == secret
    assert not any(isinstance(event, SecondFactorSet) for event in signin.people.trail)


async def test_the_code_that_set_it_up_does_not_sign_in(
    browser: Browser, staff: Staff, clock: Clock
) -> None:
    await browser.sign_in("nurse")
    code = pyotp.TOTP(await secret_shown(browser)).at(clock.at)
    await set_up(browser, clock)
    assert (await browser.sign_in("nurse", code=code)).status_code == 403


async def test_a_secret_that_waited_too_long_is_made_anew(
    browser: Browser, staff: Staff, clock: Clock
) -> None:
    await browser.sign_in("nurse")
    secret = await secret_shown(browser)
    clock.pass_on(minutes=16)
    assert await secret_shown(browser) != secret


async def test_taking_it_away_asks_for_password_and_code(
    browser: Browser, staff: Staff, clock: Clock, signin: Signin
) -> None:
    await browser.sign_in("nurse")
    secret = await secret_shown(browser)
    await set_up(browser, clock)
    clock.pass_on(seconds=60)
    form = {"csrf": await browser.csrf(), "password": PASSWORD, "code": ""}
    assert (await browser.post("/account/second-factor/remove", form)).status_code == 422
    form["code"] = pyotp.TOTP(secret).at(clock.at)
    assert (await browser.post("/account/second-factor/remove", form)).status_code == 303
    assert isinstance(signin.people.trail[-2], SecondFactorRemoved)
    assert (await browser.sign_in("nurse")).status_code == 303


async def test_all_other_sessions_end_and_this_one_goes_on(
    browser: Browser, app: FastAPI, staff: Staff, clock: Clock
) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        other = Browser(http)
        await other.sign_in("nurse")
        await browser.sign_in("nurse")
        clock.pass_on(seconds=1)
        await browser.post("/account/sessions/end", {"csrf": await browser.csrf()})
        assert (await browser.get("/account")).status_code == 200
        assert (await other.get("/account")).status_code == 303
