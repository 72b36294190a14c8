"""Signing on a page: what must be shown, when again, what is kept of it, and what is refused."""

import asyncio
from itertools import count

import pyotp
import pytest
from fastapi import FastAPI

from services.signin.events import SecondFactorSet, Signed
from services.signin.people import Account
from services.signin.signin import Signin
from tests.pages.conftest import PASSWORD, Browser, Clock, Staff
from tests.pages.signing import MEANING, add_signing

KEYS = count(1)


@pytest.fixture(autouse=True)
def _signs(app: FastAPI) -> None:
    add_signing(app)


async def signature(browser: Browser, **fields: str) -> tuple[int, str]:
    """A submission of its own each time, unless a `key` is given."""
    key = {"key": f"page-{next(KEYS)}"}
    form = {"csrf": await browser.csrf(), "decision": "stay", **key, **fields}
    answer = await browser.post("/signs", form)
    return answer.status_code, answer.text


def signatures(signin: Signin) -> list[Signed]:
    return [event for event in signin.people.trail if isinstance(event, Signed)]


async def with_codes(signin: Signin, account: Account) -> pyotp.TOTP:
    """Gives the account a second factor, and the app that makes its codes."""
    secret = pyotp.random_base32()
    facts = {"account_id": account.account_id, "sealed": signin.factors.seal(secret)}
    await signin.desk.keep(SecondFactorSet, account.account_id, **facts)
    return pyotp.TOTP(secret)


async def test_the_first_signature_asks_for_everything_and_the_next_for_the_password(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    await browser.sign_in("reviewer")
    page = (await browser.get("/signs")).text
    assert "Reviewer (Printed)" in page
    assert MEANING in page
    assert 'name="sign_name"' in page

    assert (await signature(browser, sign_password=PASSWORD))[0] == 422
    assert signatures(signin) == []
    everything = {"sign_name": "reviewer", "sign_password": PASSWORD}
    assert await signature(browser, **everything) == (200, "signed by Reviewer (Printed)")

    assert 'name="sign_name"' not in (await browser.get("/signs")).text
    assert (await signature(browser, sign_password=PASSWORD))[0] == 200
    assert (await signature(browser, sign_password="another password"))[0] == 422
    assert (await signature(browser))[0] == 422


async def test_after_the_session_everything_is_asked_for_again(
    browser: Browser, staff: Staff, clock: Clock
) -> None:
    await browser.sign_in("reviewer")
    await signature(browser, sign_name="reviewer", sign_password=PASSWORD)
    clock.pass_on(minutes=31)
    assert (await browser.get("/signs")).status_code == 303
    await browser.sign_in("reviewer")
    assert (await signature(browser, sign_password=PASSWORD))[0] == 422
    assert (await signature(browser, sign_name="reviewer", sign_password=PASSWORD))[0] == 200


async def test_a_second_factor_is_part_of_the_first_signature(
    browser: Browser, staff: Staff, signin: Signin, clock: Clock
) -> None:
    app = await with_codes(signin, staff["reviewer"])
    await browser.sign_in("reviewer", code=app.at(clock.at))
    assert 'name="sign_code"' in (await browser.get("/signs")).text
    both = {"sign_name": "reviewer", "sign_password": PASSWORD}
    assert (await signature(browser, **both))[0] == 422
    used = {"sign_code": app.at(clock.at)}
    assert (await signature(browser, **both, **used))[0] == 422
    clock.pass_on(seconds=30)
    fresh = {"sign_code": app.at(clock.at)}
    assert (await signature(browser, **both, **fresh))[0] == 200
    assert 'name="sign_code"' not in (await browser.get("/signs")).text
    assert (await signature(browser, sign_password=PASSWORD))[0] == 200
    assert [event.how for event in signatures(signin)] == ["password_and_code", "password"]


async def test_a_double_click_signs_once_though_a_code_works_once(
    browser: Browser, staff: Staff, signin: Signin, clock: Clock
) -> None:
    app = await with_codes(signin, staff["reviewer"])
    await browser.sign_in("reviewer", code=app.at(clock.at))
    clock.pass_on(seconds=60)
    form = {
        "csrf": await browser.csrf(),
        "key": "page-one",
        "sign_name": "reviewer",
        "sign_password": PASSWORD,
        "sign_code": app.at(clock.at),
    }
    clicks = await asyncio.gather(*(browser.post("/signs", form) for _ in range(2)))
    assert 200 in {click.status_code for click in clicks}
    assert (await browser.post("/signs", form)).status_code == 200
    assert len(signatures(signin)) == 1
    # Another submission, or another content, is another signature; without a key each is.
    for change in ({"key": "page-two"}, {"decision": "expand"}, {"key": ""}):
        changed = {name: v for name, v in form.items() if name != "sign_password"} | change
        assert (await browser.post("/signs", changed)).status_code == 422
    clock.pass_on(seconds=61)
    without = form | {"sign_password": ""}
    assert (await browser.post("/signs", without)).status_code == 422
    assert len(signatures(signin)) == 1


async def test_nobody_signs_with_what_somebody_else_knows(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    await browser.sign_in("reviewer")
    status, text = await signature(browser, sign_name="coordinator", sign_password=PASSWORD)
    assert status == 422
    assert "is not right" in text
    assert signatures(signin) == []


@pytest.mark.parametrize("before", [0, 1])
async def test_wrong_tries_at_signing_are_tries_at_signing_in(
    browser: Browser, staff: Staff, before: int
) -> None:
    await browser.sign_in("reviewer")
    everything = {"sign_name": "reviewer", "sign_password": PASSWORD}
    for _ in range(before):
        await signature(browser, **everything)
    for _ in range(8):
        await signature(browser, **(everything | {"sign_password": "a wrong password"}))
    status, text = await signature(browser, **everything)
    assert status == 422
    assert "Too many tries" in text
    assert "Too many tries" in (await browser.sign_in("reviewer")).text


async def test_a_file_is_never_signed_unseen(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    await browser.sign_in("reviewer")
    form = {"csrf": await browser.csrf(), "sign_name": "reviewer", "sign_password": PASSWORD}
    for name, status in (("protocol.toml", 422), ("", 200)):
        files = {"file": (name, b"some text")}
        answer = await browser.http.post("/signs", data=form, files=files, headers=browser.headers)
        assert answer.status_code == status, answer.text
    assert len(signatures(signin)) == 1


async def test_what_was_signed_where_when_and_how_is_kept(
    browser: Browser, staff: Staff, signin: Signin, clock: Clock
) -> None:
    await browser.sign_in("reviewer")
    key = {"key": "page-one"}
    await signature(browser, sign_name="reviewer", sign_password=PASSWORD, **key)
    clock.pass_on(seconds=61)
    await signature(browser, sign_password=PASSWORD, **key)
    await signature(browser, sign_password=PASSWORD, decision="expand", **key)
    first, same, other = signatures(signin)
    assert (first.by, same.at) == (staff["reviewer"].account_id, clock.at)
    assert (first.meaning, first.page, first.key) == (MEANING, "/signs", "page-one")
    assert first.digest == same.digest != other.digest
    assert PASSWORD not in first.model_dump_json()
