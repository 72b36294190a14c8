"""Accounts and rights on the pages: who may, what is shown once, what the audit trail says."""

import csv
import io
import json
import re
from typing import Any

import pytest

from services.signin.events import RoleGranted
from services.signin.signin import Signin
from tests.pages.conftest import HASH, PASSWORD, STAFF, Browser, Clock, Staff

ADMIN = "administrator"


async def as_admin(browser: Browser) -> str:
    """The CSRF token of an administrator's session."""
    await browser.sign_in(ADMIN)
    return await browser.csrf()


async def do(browser: Browser, csrf: str, path: str, **fields: str) -> tuple[int, str]:
    answer = await browser.post(path, {"csrf": csrf, **fields})
    return answer.status_code, answer.text


@pytest.mark.parametrize("who", [name for name in STAFF if name != ADMIN])
async def test_nobody_but_an_administrator_sees_or_changes_accounts(
    browser: Browser, staff: Staff, signin: Signin, who: str
) -> None:
    await browser.sign_in(who)
    csrf = await browser.csrf()
    one = f"/accounts/{staff[who].account_id}"
    for path in ("/accounts", "/accounts/open", one):
        assert (await browser.get(path)).status_code == 403
    before = len(signin.people.trail)
    right = {"role": "coordinator", "grant_reason": "I want it."}
    assert (await do(browser, csrf, f"{one}/rights", **right))[0] == 403
    opened = {"sign_in": "new.one", "name": "New One", "kind": "local"}
    assert (await do(browser, csrf, "/accounts/open", **opened))[0] == 403
    assert len(signin.people.trail) == before
    expected = 200 if who == "auditor" else 403
    for path in ("/accounts/trail", "/accounts/rights", "/accounts/trail.csv"):
        assert (await browser.get(path)).status_code == expected


async def test_a_new_account_gets_a_password_that_is_shown_once(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    csrf = await as_admin(browser)
    form = {"sign_in": "New.Nurse", "name": "Nora Nurse", "kind": "local"}
    status, text = await do(browser, csrf, "/accounts/open", **form)
    assert status == 200
    found = re.search(r'<p class="card mono lead">([^<]+)</p>', text)
    assert found
    account = signin.people.by_sign_in("new.nurse")
    assert account is not None
    page = (await browser.get(f"/accounts/{account.account_id}")).text
    assert found[1] not in page
    assert "Nora Nurse" in page
    assert (await browser.sign_in("new.nurse", found[1])).status_code == 303
    assert (await browser.get("/")).headers["location"] == "/account/password"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"sign_in": "nurse", "name": "X", "kind": "local"}, "is taken"),
        ({"sign_in": "a b", "name": "X", "kind": "local"}, "Write a sign-in name"),
        ({"sign_in": "fine.name", "name": "", "kind": "local"}, "printed name"),
        ({"sign_in": "fine.name", "name": "X", "kind": "demo"}, "Choose how"),
    ],
)
async def test_what_is_wrong_with_a_new_account_is_said(
    browser: Browser, staff: Staff, typed: dict[str, str], words: str
) -> None:
    csrf = await as_admin(browser)
    status, text = await do(browser, csrf, "/accounts/open", **typed)
    assert status == 422
    assert words in text
    assert f'value="{typed["sign_in"]}"' in text


async def test_a_right_is_granted_and_taken_back_at_once_and_both_stand_in_the_trail(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    csrf = await as_admin(browser)
    one = f"/accounts/{staff['nurse'].account_id}"
    right = {"role": "site", "trial": "T9", "sites": "S3, S4", "grant_reason": "Covers for a week."}
    assert (await do(browser, csrf, f"{one}/rights", **right))[0] == 303
    nurse = signin.people.accounts[staff["nurse"].account_id]
    actor = nurse.actor("T9", "site")
    assert actor is not None
    assert actor.sites == ("S1", "S3", "S4")
    assert "trial T9, sites S3, S4" in (await browser.get(one)).text

    grant_id = nurse.grants[-1].grant_id
    path = f"{one}/rights/{grant_id}/revoke"
    assert (await do(browser, csrf, path))[0] == 422
    reason = {f"revoke-{grant_id}": "The week is over."}
    assert (await do(browser, csrf, path, **reason))[0] == 303
    actor = signin.people.accounts[nurse.account_id].actor("T9", "site")
    assert actor is not None
    assert actor.sites == ("S1",)
    assert (await do(browser, csrf, path, **reason))[0] == 422

    trail = (await browser.get("/accounts/trail", account=nurse.account_id)).text
    for words in ("Granted: site staff, trial T9, sites S3, S4", "Took back", "The week is over."):
        assert words in trail
    assert "Administrator (Printed) (administrator)" in trail


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ({"role": "site", "grant_reason": "x"}, "Name the sites"),
        ({"role": "king", "grant_reason": "x"}, "Choose a role"),
        ({"role": "coordinator", "grant_reason": ""}, "Write the reason"),
        ({"role": "coordinator", "trial": "a/b", "grant_reason": "x"}, "id of the trial"),
        ({"role": "site", "sites": "S1;<b>", "grant_reason": "x"}, "ids of the sites"),
    ],
)
async def test_a_right_that_makes_no_sense_is_not_granted(
    browser: Browser, staff: Staff, signin: Signin, right: dict[str, str], words: str
) -> None:
    csrf = await as_admin(browser)
    before = len(signin.people.trail)
    path = f"/accounts/{staff['nurse'].account_id}/rights"
    status, text = await do(browser, csrf, path, **right)
    assert status == 422
    assert words in text
    assert len(signin.people.trail) == before


async def test_a_right_granted_to_oneself_is_marked_in_the_trail(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    csrf = await as_admin(browser)
    path = f"/accounts/{staff[ADMIN].account_id}/rights"
    await do(browser, csrf, path, role="coordinator", trial="T1", grant_reason="On duty.")
    assert "to oneself" in (await browser.get("/accounts/trail")).text
    event = signin.people.trail[-1]
    assert isinstance(event, RoleGranted)
    assert event.by == event.account_id
    assert event.reason == "On duty."


async def test_the_last_administrator_stays(browser: Browser, staff: Staff, signin: Signin) -> None:
    csrf = await as_admin(browser)
    admin = signin.people.accounts[staff[ADMIN].account_id]
    one = f"/accounts/{admin.account_id}"
    revoke = f"{one}/rights/{admin.grants[0].grant_id}/revoke"
    reason = {f"revoke-{admin.grants[0].grant_id}": "Enough."}
    for path, fields in ((f"{one}/close", {"close_reason": "Enough."}), (revoke, reason)):
        status, text = await do(browser, csrf, path, **fields)
        assert status == 422
        assert "nobody would be left" in text
    await do(
        browser,
        csrf,
        f"/accounts/{staff['auditor'].account_id}/rights",
        role=ADMIN,
        grant_reason="Takes over.",
    )
    assert (await do(browser, csrf, f"{one}/close", close_reason="Enough."))[0] == 303
    assert (await browser.get("/accounts")).status_code == 303


async def test_closing_ends_the_session_and_reopening_lets_in_again(
    browser: Browser, staff: Staff
) -> None:
    csrf = await as_admin(browser)
    one = f"/accounts/{staff['nurse'].account_id}"
    assert (await do(browser, csrf, f"{one}/close", close_reason="Left."))[0] == 303
    assert (await browser.sign_in("nurse")).status_code == 403
    csrf = await as_admin(browser)
    assert (await do(browser, csrf, f"{one}/reopen", reopen_reason="Back."))[0] == 303
    assert (await browser.sign_in("nurse")).status_code == 303


async def test_a_new_password_ends_the_old_one_and_a_lost_phone_is_helped(
    browser: Browser, staff: Staff, signin: Signin, clock: Clock
) -> None:
    csrf = await as_admin(browser)
    one = f"/accounts/{staff['nurse'].account_id}"
    status, text = await do(browser, csrf, f"{one}/second-factor/remove", factor_reason="Lost.")
    assert status == 422
    assert "no second factor" in text
    status, text = await do(browser, csrf, f"{one}/password")
    fresh = re.search(r'<p class="card mono lead">([^<]+)</p>', text)
    assert fresh
    assert (await browser.sign_in("nurse", PASSWORD)).status_code == 403
    assert (await browser.sign_in("nurse", fresh[1])).status_code == 303


async def test_a_service_gets_a_role_and_a_token_and_loses_it(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    csrf = await as_admin(browser)
    form = {"sign_in": "edc", "name": "The data system", "kind": "service"}
    assert (await do(browser, csrf, "/accounts/open", **form))[0] == 303
    account = signin.people.by_sign_in("edc")
    assert account is not None
    one = f"/accounts/{account.account_id}"
    for role, status in (("reviewer", 422), ("service", 303)):
        right = {"role": role, "trial": "T1", "grant_reason": "Feeds the data system."}
        assert (await do(browser, csrf, f"{one}/rights", **right))[0] == status
    status, text = await do(browser, csrf, f"{one}/tokens", token_name="nightly")
    found = re.search(r"hf_[A-Za-z0-9_-]{43}", text)
    assert found
    bearer = {"Authorization": f"Bearer {found[0]}"}
    assert (await browser.http.get("/v1/trials", headers=bearer)).status_code == 200
    token = signin.people.accounts[account.account_id].tokens[0]
    assert "nightly" in (await browser.get(one)).text
    path = f"{one}/tokens/{token.token_id}/revoke"
    await do(browser, csrf, path, **{f"revoke-{token.token_id}": "Rotated."})
    assert (await browser.http.get("/v1/trials", headers=bearer)).status_code == 401


async def test_the_trail_downloads_without_secrets_and_without_formulas(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    csrf = await as_admin(browser)
    path = f"/accounts/{staff['nurse'].account_id}/rights"
    formula = '=HYPERLINK("x")'
    await do(browser, csrf, path, role="coordinator", grant_reason=formula)
    answer = await browser.get("/accounts/trail.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    lines: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == len(signin.people.trail)
    assert (lines[0]["type"], lines[0]["why"]) == ("RoleGranted", f"'{formula}")
    text = (await browser.get("/accounts/trail.ndjson")).text
    events = [json.loads(line) for line in text.splitlines()]
    assert len(events) == len(signin.people.trail)
    assert events[0]["reason"] == formula
    assert HASH not in text
    assert not any({"hash", "sealed", "sha256"} & event.keys() for event in events)
    signins = (await browser.get("/accounts/trail.ndjson", what="signing-in")).text
    assert {json.loads(line)["type"] for line in signins.splitlines()} == {"SignedIn"}


async def test_the_trail_goes_on_page_by_page(
    browser: Browser, staff: Staff, signin: Signin
) -> None:
    await as_admin(browser)
    nurse = staff["nurse"].account_id
    for number in range(120):
        await signin.desk.grant("system", nurse, "site", f"T{number}", ("S1",))
    first = (await browser.get("/accounts/trail", what="rights")).text
    assert "trial T119," in first
    assert "trial T10," not in first
    older = re.search(r'href="(/accounts/trail\?[^"]*before=\d+)"', first)
    assert older
    second = (await browser.get(older[1].replace("&amp;", "&"))).text
    assert "trial T10," in second
    assert "Older entries" not in second


async def test_who_may_do_what_is_listed_by_trial(browser: Browser, staff: Staff) -> None:
    await as_admin(browser)
    page = (await browser.get("/accounts/rights")).text
    assert page.count("<tr>") == len(STAFF) + 1
    assert "Investigator (Printed)" in page
