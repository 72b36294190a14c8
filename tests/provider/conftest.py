"""A real provider for these tests, and our pages with an account that signs in there."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from services.local.guard import Guard
from services.local.places import free_port
from services.signin.people import Account
from services.signin.settings import SigninSettings
from services.signin.signin import Signin
from tests.pages.conftest import ADDRESS, Clock
from tests.pages.conftest import app as app
from tests.pages.conftest import browser as browser
from tests.pages.conftest import memory as memory
from tests.pages.conftest import signin as signin
from tests.pages.conftest import staff as staff
from tests.provider.process import Person, ProviderProcess
from tests.provider.serve import PASSWORD, SECRET

BACK = f"{ADDRESS}/sign-in/provider/back"


@pytest.fixture(scope="session")
def provider(
    process_guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProviderProcess]:
    """One for the run; people who sign in there bring browsers of their own."""
    started = ProviderProcess(free_port(), BACK, tmp_path_factory.mktemp("provider") / "log")
    started.start()
    assert started.process is not None
    process_guard.watch(started.process)
    yield started
    started.stop()


@pytest.fixture
def clock() -> Clock:
    """The provider's clock is real, so ours is too."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def settings_of(provider: ProviderProcess, tmp_path: Path) -> Callable[..., SigninSettings]:
    """Our settings for the provider, with changes."""
    key = tmp_path / "secret.key"
    key.write_bytes(Fernet.generate_key())

    def made(**changes: Any) -> SigninSettings:
        facts: dict[str, Any] = {
            "web_address": ADDRESS,
            "secret_file": key,
            "oidc_issuer": provider.issuer,
            "oidc_client_id": "holdfast",
            "oidc_client_secret": SECRET,
            "oidc_name": "the hospital",
        }
        return SigninSettings(**facts | changes)

    return made


@pytest.fixture
def signin_settings(settings_of: Callable[..., SigninSettings]) -> SigninSettings:
    return settings_of()


@pytest.fixture
async def reviewer(signin: Signin) -> Account:
    """Rita, who signs in at the provider and may sign reviews in every trial."""
    account, _ = await signin.desk.open_account(
        "system", "rita@hospital.test", "Rita Reviewer", "provider"
    )
    await signin.desk.grant("system", account.account_id, "reviewer")
    return signin.people.accounts[account.account_id]


@pytest.fixture
async def person(provider: ProviderProcess) -> AsyncIterator[Callable[[str], Person]]:
    """Somebody's own browser at the provider, by user name."""
    made: list[Person] = []

    def new(name: str) -> Person:
        made.append(Person(provider.issuer, name, PASSWORD))
        return made[-1]

    yield new
    for one in made:
        await one.close()
