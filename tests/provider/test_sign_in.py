"""Signing in at a real OpenID provider: who gets in, who never does, what cannot be replayed."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from services.local.places import free_port
from services.signin.events import AccountLinked
from services.signin.people import Account
from services.signin.provider import NotProvedError, Provider, Way
from services.signin.settings import SigninSettings
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS, Browser
from tests.provider.conftest import BACK
from tests.provider.process import Person, ProviderProcess
from tests.provider.ways import come_back, set_out, sign_in

NewPerson = Callable[[str], Person]
NOT_LET_IN = "You could not be signed in"


def changed(url: str | None, **query: str) -> str:
    assert url is not None
    parts = urlsplit(url)
    told = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{ADDRESS}{parts.path}?{urlencode(told | query)}"


async def test_who_has_an_account_gets_in_and_is_known_by_the_providers_id_from_then_on(
    browser: Browser,
    reviewer: Account,
    signin: Signin,
    provider: ProviderProcess,
    person: NewPerson,
) -> None:
    assert "With the hospital" in (await browser.get("/sign-in")).text
    answer = await sign_in(browser, person("rita"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = (await browser.get("/account")).text
    assert "Rita Reviewer" in page
    assert "Second factor" not in page
    tied = signin.people.by_subject(provider.issuer, "rita")
    assert tied is not None
    assert tied.account_id == reviewer.account_id
    await browser.post("/sign-out", {"csrf": await browser.csrf("/account")})
    assert (await browser.get("/account")).status_code == 303
    assert (await sign_in(browser, person("rita"))).status_code == 303
    assert sum(isinstance(event, AccountLinked) for event in signin.people.trail) == 1


async def test_the_way_there_has_pkce_state_and_nonce(browser: Browser) -> None:
    asked = parse_qs(urlsplit(await set_out(browser)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert (await browser.get("/sign-in")).headers["content-security-policy"].count("form-action")


@pytest.mark.parametrize("name", ["nora", "eve"])
async def test_nobody_else_gets_in_whoever_the_provider_says_they_are(
    browser: Browser, signin: Signin, staff: dict[str, Account], person: NewPerson, name: str
) -> None:
    """Nora has no account; Eve's address is that of one, and is not verified."""
    await signin.desk.open_account("system", "nurse@hospital.test", "Nurse", "provider")
    before = len(signin.people.trail)
    answer = await sign_in(browser, person(name))
    assert answer.status_code == 403
    assert NOT_LET_IN in answer.text
    assert (await browser.get("/account")).status_code == 303
    assert len(signin.people.trail) == before


async def test_a_local_account_is_never_opened_by_an_address_of_the_provider(
    browser: Browser, signin: Signin, person: NewPerson
) -> None:
    await signin.desk.open_account("system", "nora@hospital.test", "Nora Local", "local")
    assert (await sign_in(browser, person("nora"))).status_code == 403


async def test_a_closed_account_gets_the_answer_of_one_that_is_not_there(
    browser: Browser, reviewer: Account, signin: Signin, person: NewPerson
) -> None:
    assert (await sign_in(browser, person("rita"))).status_code == 303
    await signin.desk.close("system", reviewer.account_id, "Left.")
    closed = await sign_in(browser, person("rita"))
    nobody = await sign_in(browser, person("nora"))
    assert (closed.status_code, closed.text) == (nobody.status_code, nobody.text)


async def test_an_address_that_went_to_somebody_else_opens_nothing(
    browser: Browser,
    reviewer: Account,
    signin: Signin,
    provider: ProviderProcess,
    person: NewPerson,
) -> None:
    """The account is tied to another id of the provider already."""
    facts = {"issuer": provider.issuer, "subject": "rita-of-long-ago"}
    await signin.desk.keep(AccountLinked, "system", account_id=reviewer.account_id, **facts)
    assert (await sign_in(browser, person("rita"))).status_code == 403


async def test_each_way_is_come_back_from_once_and_by_its_own_browser(
    browser: Browser, reviewer: Account, person: NewPerson
) -> None:
    url = await person("rita").to_the_end(await set_out(browser), BACK)
    stolen = Browser(httpx2.AsyncClient(transport=browser.http._transport, base_url=ADDRESS))
    assert (await come_back(stolen, url)).status_code == 403
    assert (await come_back(browser, url)).status_code == 403

    url = await person("rita").to_the_end(await set_out(browser), BACK)
    assert (await come_back(browser, url)).status_code == 303
    assert (await come_back(browser, url)).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"state": "made-up"},
        {"code": "made-up"},
        {"iss": "https://evil.test"},
        {"error": "access_denied", "code": ""},
    ],
    ids=["state", "code", "issuer", "error"],
)
async def test_an_answer_that_was_tampered_with_opens_nothing(
    browser: Browser, reviewer: Account, person: NewPerson, change: dict[str, str]
) -> None:
    url = await person("rita").to_the_end(await set_out(browser), BACK)
    answer = await come_back(browser, changed(url, **change))
    assert answer.status_code == 403
    assert NOT_LET_IN in answer.text


async def _told(provider: Provider, who: Person) -> tuple[Way, str, str]:
    way = await provider.way(anew=False)
    url = await who.to_the_end(way.url, BACK)
    assert url is not None
    told = parse_qs(urlsplit(url).query)
    return way, told["code"][0], told["iss"][0]


async def test_a_token_with_another_nonce_or_verifier_or_audience_proves_nothing(
    settings_of: Callable[..., SigninSettings], person: NewPerson
) -> None:
    ours = Provider(settings_of())
    for change in ({"nonce": "another"}, {"code_verifier": "another" * 8}):
        way, code, issuer = await _told(ours, person("rita"))
        with pytest.raises(NotProvedError):
            await ours.identity(code, issuer, way.model_copy(update=change))
    not_named = Provider(settings_of(oidc_client_id="not-named"))
    way, code, issuer = await _told(not_named, person("rita"))
    with pytest.raises(NotProvedError, match="aud"):
        await not_named.identity(code, issuer, way)


async def test_a_provider_that_is_away_is_said_on_a_page(
    browser: Browser, signin: Signin, settings_of: Callable[..., SigninSettings]
) -> None:
    signin.provider = Provider(settings_of(oidc_issuer=f"http://127.0.0.1:{free_port()}"))
    answer = await browser.post("/sign-in/provider", {"next": "/"})
    assert answer.status_code == 503
    assert "does not answer just now" in answer.text
    assert "<h1>" in answer.text
    assert (await browser.get("/sign-in")).status_code == 200


async def test_a_provider_that_answers_for_another_issuer_is_not_used(
    browser: Browser,
    signin: Signin,
    provider: ProviderProcess,
    settings_of: Callable[..., SigninSettings],
) -> None:
    other = provider.issuer.replace("127.0.0.1", "localhost")
    signin.provider = Provider(settings_of(oidc_issuer=other))
    assert (await browser.post("/sign-in/provider", {"next": "/"})).status_code == 503


async def test_setting_out_too_often_is_stopped(browser: Browser) -> None:
    for _ in range(60):
        assert (await browser.post("/sign-in/provider", {"next": "/"})).status_code == 303
    assert (await browser.post("/sign-in/provider", {"next": "/"})).status_code == 403


async def test_without_a_provider_its_addresses_are_not_there(
    signin: Signin, browser: Browser
) -> None:
    signin.provider = None
    assert (await browser.post("/sign-in/provider", {"next": "/"})).status_code == 404
    assert (await browser.get("/sign-in/provider/back")).status_code == 404
