"""Signing in by name and password: what works, what is refused, and what neither tells."""

from typing import Any

import pytest
from fastapi import FastAPI

from services.signin import passwords
from services.signin.events import LockedOut, PasswordSet
from services.signin.people import Account, People
from services.signin.ports import SigninPorts
from services.signin.settings import SigninSettings
from services.signin.signin import Signin
from tests.pages.conftest import HASH, PASSWORD, PROVIDER, Browser, Clock, Staff
from tests.pages.memory import MemoryKept, MemorySessions


async def test_a_page_sends_to_sign_in_and_then_back(browser: Browser, staff: Staff) -> None:
    sent = await browser.get("/account/password")
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/sign-in?next=/account/password",
    )
    answer = await browser.post(
        "/sign-in", {"sign_in": "nurse", "password": PASSWORD, "next": "/account/password"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
    assert (await browser.get("/account/password")).status_code == 200


@pytest.mark.parametrize("back", ["//evil.test/", "https://evil.test", "/\\evil.test", "/a\nb", ""])
async def test_the_way_back_is_never_to_another_host(
    browser: Browser, staff: Staff, back: str
) -> None:
    form = {"sign_in": "nurse", "password": PASSWORD, "next": back}
    assert (await browser.post("/sign-in", form)).headers["location"] == "/"


async def test_a_wrong_password_and_a_name_that_nobody_has_get_the_same_answer(
    browser: Browser, staff: Staff
) -> None:
    wrong = await browser.sign_in("nurse", "not the password at all")
    nobody = await browser.sign_in("burse", "not the password at all")
    assert (wrong.status_code, nobody.status_code) == (403, 403)
    assert wrong.text.replace("nurse", "") == nobody.text.replace("burse", "")
    assert "set-cookie" not in wrong.headers


async def test_too_many_tries_lock_the_account_even_for_the_right_password(
    browser: Browser, staff: Staff, clock: Clock
) -> None:
    for _ in range(8):
        await browser.sign_in("nurse", "not the password at all")
    assert "Too many tries" in (await browser.sign_in("nurse")).text
    assert (await browser.sign_in("coordinator")).status_code == 303
    clock.pass_on(minutes=16)
    assert (await browser.sign_in("nurse")).status_code == 303


async def test_a_lock_is_written_down_once_and_the_log_knows_no_name(
    browser: Browser, staff: Staff, signin: Signin, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("nurse", "burse"):
        for _ in range(12):
            await browser.sign_in(name, "not the password at all")
    locked = [event for event in signin.people.trail if isinstance(event, LockedOut)]
    assert [event.account_id for event in locked] == [staff["nurse"].account_id]
    assert staff["nurse"].account_id in caplog.text
    for secret in ("nurse", "burse", "not the password", "pages.test"):
        assert secret not in caplog.text


async def test_an_account_is_known_by_its_name_whatever_its_case_and_blanks(
    browser: Browser, staff: Staff
) -> None:
    assert (await browser.sign_in(" Nurse ")).status_code == 303


async def test_addresses_are_limited_too_and_only_vouched_for_headers_count(
    browser: Browser, staff: Staff
) -> None:
    for number in range(60):
        forged = {"X-Forwarded-For": f"10.0.0.{number}"}
        form = {"sign_in": f"somebody-{number}", "password": "x"}
        assert (await browser.post("/sign-in", form, **forged)).status_code == 403
    assert "Too many tries" in (await browser.sign_in("coordinator")).text


async def test_a_whole_hospital_behind_one_address_can_sign_in(
    browser: Browser, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "matches", lambda kept, password: password == PASSWORD)
    for _ in range(80):
        assert (await browser.sign_in("nurse")).status_code == 303


async def test_a_good_end_forgets_the_tries_before_it(browser: Browser, staff: Staff) -> None:
    for _ in range(3):
        for _ in range(6):
            await browser.sign_in("nurse", "not the password at all")
        assert (await browser.sign_in("nurse")).status_code == 303


async def test_a_session_ends_when_idle_when_old_when_closed_and_by_hand(
    browser: Browser, staff: Staff, clock: Clock, signin: Signin
) -> None:
    async def inside() -> bool:
        return (await browser.get("/account/password")).status_code == 200

    await browser.sign_in("nurse")
    clock.pass_on(minutes=29)
    assert await inside()
    clock.pass_on(minutes=31)
    assert not await inside()

    await browser.sign_in("nurse")
    for _ in range(25):
        clock.pass_on(minutes=29)
        alive = await inside()
    assert not alive

    await browser.sign_in("nurse")
    assert await inside()
    clock.pass_on(seconds=1)
    await signin.desk.end_sessions("system", staff["nurse"].account_id)
    assert not await inside()

    clock.pass_on(seconds=1)
    await browser.sign_in("nurse")
    await browser.post("/sign-out", {"csrf": await browser.csrf()})
    assert not await inside()

    await browser.sign_in("nurse")
    await signin.desk.close("system", staff["nurse"].account_id, "left")
    assert not await inside()
    assert (await browser.sign_in("nurse")).status_code == 403


async def test_a_password_made_by_somebody_else_must_be_changed_first(
    browser: Browser, signin: Signin, clock: Clock
) -> None:
    _, password = await signin.desk.open_account("system", "new.nurse", "New Nurse")
    assert password is not None
    await browser.sign_in("new.nurse", password)
    for path in ("/", "/account", "/account/second-factor"):
        sent = await browser.get(path)
        assert (sent.status_code, sent.headers["location"]) == (303, "/account/password")
    assert (await browser.post("/sign-out", {"csrf": await browser.csrf()})).status_code == 303
    await browser.sign_in("new.nurse", password)
    form = {"csrf": await browser.csrf(), "old": password, "new": "short", "again": "short"}
    refused = await browser.post("/account/password", form)
    assert "15 characters" in refused.text
    changed = await browser.post("/account/password", form | {"new": PASSWORD, "again": PASSWORD})
    assert changed.status_code == 303
    assert (await browser.sign_in("new.nurse", password)).status_code == 403
    clock.pass_on(seconds=1)
    assert (await browser.sign_in("new.nurse")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.test"},
    ],
)
async def test_a_post_from_another_site_is_refused(
    browser: Browser, staff: Staff, headers: dict[str, str]
) -> None:
    sent = {"sign_in": "nurse", "password": PASSWORD}
    assert (await browser.post("/sign-in", sent, **headers)).status_code == 403


async def test_a_form_without_the_token_of_its_session_does_nothing(
    browser: Browser, staff: Staff, app: FastAPI
) -> None:
    await browser.sign_in("nurse")
    before = await browser.csrf()
    for csrf in ("", "x" * 43):
        assert (await browser.post("/sign-out", {"csrf": csrf})).status_code == 403
    await browser.sign_in("nurse")
    assert (await browser.post("/sign-out", {"csrf": before})).status_code == 403
    assert (await browser.get("/account/password")).status_code == 200


async def test_every_answer_says_what_browsers_may_do(browser: Browser) -> None:
    headers = (await browser.get("/sign-in")).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "'unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("kind", "told", "let_in"),
    [
        ("demo", {}, False),
        ("demo", {"demo": True, "web_address": "http://127.0.0.1:8080"}, True),
        ("local", {}, True),
        ("local", {"local_accounts": False, **PROVIDER, "oidc_client_secret": "s"}, False),
        ("provider", {**PROVIDER, "oidc_client_secret": "s"}, False),
        ("service", {}, False),
    ],
)
async def test_each_kind_of_account_comes_in_by_its_own_way_only(
    clock: Clock, kind: str, told: dict[str, Any], let_in: bool
) -> None:
    people = People()
    ports = SigninPorts(MemoryKept.of(people), MemorySessions(clock))
    signin = Signin(people, ports, SigninSettings(**told), clock)
    account, _ = await signin.desk.open_account("system", "somebody", "S", kind, password=False)
    facts = {"account_id": account.account_id, "hash": HASH, "must_change": False}
    await signin.desk.keep(PasswordSet, "system", **facts)
    found = await signin.check("somebody", PASSWORD, "", "10.0.0.1")
    assert isinstance(found, Account) is let_in
