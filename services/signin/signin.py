"""What the web process holds for signing in: people, the desk, sessions, second factors, tries."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.api.ports import UnavailableError
from services.signin import events as e
from services.signin import passwords
from services.signin.desk import Desk, digest
from services.signin.people import Account, People
from services.signin.ports import SigninPorts
from services.signin.provider import Provider
from services.signin.second_factor import STEP_SECONDS, WINDOW, SecondFactors, read_keys
from services.signin.session import SessionDesk
from services.signin.settings import SigninSettings

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Signing in failed. The sentence is the same whether the account is there or not."""

    sentence: str


NOT_RIGHT = Wrong("The sign-in name, the password or the code is not right.")
NOT_THE_PASSWORD = Wrong("This is not your password of now.")


class Signin:
    """One for the process."""

    def __init__(
        self,
        people: People,
        ports: SigninPorts,
        settings: SigninSettings,
        now: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.now = now
        self.people = people
        self.desk = Desk(people, ports.record, now)
        self.store = ports.sessions
        self.sessions = SessionDesk(people, ports.sessions, settings)
        self.provider = None if settings.oidc_issuer is None else Provider(settings)
        self._telling: set[asyncio.Task[None]] = set()
        self.factors = SecondFactors(read_keys(settings.secret_file))

    async def check(self, sign_in: str, password: str, code: str, address: str) -> Account | Wrong:
        """Name, password and, where one is set, code; takes as long for nobody as for somebody."""
        name = sign_in.strip().lower()
        account = self.people.by_sign_in(name)
        if not await self._may_try(digest(name), address, account):
            return self._too_many()
        if account is not None and not self._by_password(account):
            account = None
        kept = None if account is None else account.password_hash
        right = await asyncio.to_thread(passwords.matches, kept, password)
        if account is None or not right or account.closed:
            return _failed(account)
        if account.second_factor is not None and not await self.code_right(account, code):
            return _failed(account)
        await self._came_right(digest(account.sign_in), address)
        return account

    def _by_password(self, account: Account) -> bool:
        """Whether this kind of account may sign in by a password here."""
        if account.kind == "demo":
            return self.settings.demo
        return account.kind == "local" and self.settings.local_accounts

    async def check_password(self, account: Account, password: str, address: str) -> Wrong | None:
        """Whether a signed-in person knows the password: counted as a try like any other."""
        name = digest(account.sign_in)
        if not await self._may_try(name, address, account):
            return self._too_many()
        if not await asyncio.to_thread(passwords.matches, account.password_hash, password):
            LOG.warning("a wrong password in a session of %s", account.account_id)
            return NOT_THE_PASSWORD
        await self._came_right(name, address)
        return None

    async def code_right(self, account: Account, code: str) -> bool:
        """Whether this is the account's code of now; each code is taken once."""
        if account.second_factor is None:
            return False
        return await self.fresh_code(account.account_id, account.second_factor, code)

    async def fresh_code(self, account_id: str, sealed: str, code: str) -> bool:
        """Whether this is the code of now, and was not used before."""
        step = self.factors.accepts(sealed, code, self.now())
        if step is None:
            return False
        seconds = STEP_SECONDS * (2 * WINDOW + 2)
        return await self.store.take_once(f"{account_id}:{step}", seconds)

    async def _may_try(self, name: str, address: str, account: Account | None) -> bool:
        """Counts a try at the name and from the address; both before anything is compared."""
        seconds = self.settings.tries_minutes * 60
        from_address = await self.store.hit(
            f"address:{digest(address)}", self.settings.tries_per_address, seconds
        )
        at_name = await self.store.hit(f"name:{name}", self.settings.tries_per_account, seconds)
        if account is not None and not at_name:
            # Beside the answer, which must not take longer than for a name that nobody has.
            telling = asyncio.create_task(self._lock_told(account))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
        return from_address and at_name

    def _too_many(self) -> Wrong:
        minutes = self.settings.tries_minutes
        return Wrong(f"Too many tries. Wait {minutes} minutes, or ask your administrator.")

    async def _came_right(self, name: str, address: str) -> None:
        """One address may be a whole hospital's: only what failed is held against it."""
        await self.store.forget(f"name:{name}")
        await self.store.pardon(f"address:{digest(address)}")

    async def _lock_told(self, account: Account) -> None:
        """Writes down, once for each lock, that an account was tried too often."""
        LOG.warning("too many tries at %s", account.account_id)
        seconds = self.settings.tries_minutes * 60
        with contextlib.suppress(UnavailableError):
            if await self.store.take_once(f"locked:{account.account_id}", seconds):
                await self.desk.keep(e.LockedOut, "system", account_id=account.account_id)


def _failed(account: Account | None) -> Wrong:
    """The log knows the account by its id, and never the name that was typed."""
    known = "no such account" if account is None else account.account_id
    LOG.warning("signing in failed: %s", known)
    return NOT_RIGHT
