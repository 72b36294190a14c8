"""Everything that changes accounts and rights: one event each, checked, kept, then in force."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from services.api.ports import UnavailableError
from services.signin import events as e
from services.signin import passwords
from services.signin.people import Account, People
from services.signin.ports import Kept
from streams.kafka import SendFailedError

FOR_SERVICES: tuple[e.AccessRole, ...] = ("service", "site", "coordinator", "auditor")
"""Roles that a service account may be granted."""


class RefusedError(Exception):
    """What was asked for cannot be; the message is one sentence for the person who asked."""


class Desk:
    """One for the process. `by` is the account that acts, `system` on the server's command line."""

    def __init__(self, people: People, record: Kept, now: Callable[[], datetime]) -> None:
        self.people = people
        self._record = record
        self._now = now

    def ready(self) -> bool:
        """Every account event there is, as far as known, has been taken in."""
        return self._record.ready()

    async def keep(self, made: type[e.AccessEvent], by: str, /, **facts: Any) -> bool:
        """Appends one event and waits for it. Raises `UnavailableError` when that is unsure."""
        event = made.model_validate({"at": self._now(), "by": by, **facts})
        try:
            return await self._record.append(e.KEY, event.model_dump_json().encode())
        except SendFailedError:
            raise UnavailableError("the record of accounts cannot be written") from None

    async def open_account(
        self, by: str, sign_in: str, name: str, kind: str = "local", *, password: bool = True
    ) -> tuple[Account, str | None]:
        """The new account, and for a local one its first password, shown once and never again."""
        account_id = f"a-{uuid4().hex}"
        facts = {"account_id": account_id, "sign_in": sign_in, "name": name, "kind": kind}
        if not await self.keep(e.AccountOpened, by, **facts):
            raise RefusedError(f"The sign-in name {sign_in} is taken.")
        first = None
        if kind == "local" and password:
            first = await self.reset_password(by, account_id)
        return self.account(account_id), first

    async def reset_password(self, by: str, account_id: str) -> str:
        """A fresh password, shown once, that must be changed at the next sign-in."""
        password = passwords.fresh()
        await self._set_password(by, self.account(account_id), password, must_change=True)
        return password

    async def change_password(self, account: Account, password: str) -> None:
        """The person's own choice. Raises `RefusedError` when it will not do."""
        wrong = passwords.fault(password, account.sign_in)
        if wrong is not None:
            raise RefusedError(wrong + ".")
        if await asyncio.to_thread(passwords.matches, account.password_hash, password):
            raise RefusedError("Choose another password than the one you have.")
        await self._set_password(account.account_id, account, password, must_change=False)

    async def _set_password(
        self, by: str, account: Account, password: str, must_change: bool
    ) -> None:
        if account.kind not in ("local", "demo"):
            raise RefusedError("This account has no password here.")
        kept = await asyncio.to_thread(passwords.hashed, password)
        facts = {"account_id": account.account_id, "hash": kept, "must_change": must_change}
        await self.keep(e.PasswordSet, by, **facts)
        await self.keep(e.SessionsEnded, by, account_id=account.account_id)

    async def grant(
        self,
        by: str,
        account_id: str,
        role: e.AccessRole,
        trial_id: str = "*",
        sites: tuple[str, ...] = ("*",),
        reason: str | None = None,
    ) -> str:
        """The id of the grant. Site staff and investigators must name their sites."""
        account = self.account(account_id)
        if role in ("site", "investigator") and (not sites or "*" in sites):
            raise RefusedError("Name the sites: nobody is site staff of every site.")
        if account.kind == "service":
            _grantable_to_a_service(account, role, trial_id)
        grant_id = f"g-{uuid4().hex}"
        facts = {"account_id": account_id, "role": role, "trial_id": trial_id, "sites": sites}
        if not await self.keep(e.RoleGranted, by, grant_id=grant_id, reason=reason, **facts):
            raise RefusedError("This right cannot be granted.")
        return grant_id

    async def revoke(self, by: str, grant_id: str, reason: str) -> None:
        if not await self.keep(e.RoleRevoked, by, grant_id=grant_id, reason=reason):
            raise RefusedError(
                "This right is not held any more, or nobody would be left to administer accounts."
            )

    async def close(self, by: str, account_id: str, reason: str) -> None:
        if not await self.keep(e.AccountClosed, by, account_id=account_id, reason=reason):
            raise RefusedError(
                "This account is closed already, or nobody would be left to administer accounts."
            )

    async def reopen(self, by: str, account_id: str, reason: str) -> None:
        if not await self.keep(e.AccountReopened, by, account_id=account_id, reason=reason):
            raise RefusedError("This account is open.")

    async def issue_token(self, by: str, account_id: str, name: str) -> str:
        """The token of a service account, shown once."""
        token = "hf_" + secrets.token_urlsafe(32)
        facts = {
            "token_id": f"t-{uuid4().hex}",
            "account_id": account_id,
            "sha256": digest(token),
            "name": name,
        }
        if not await self.keep(e.TokenIssued, by, **facts):
            raise RefusedError("Only a service account has tokens.")
        return token

    async def revoke_token(self, by: str, token_id: str, reason: str) -> None:
        if not await self.keep(e.TokenRevoked, by, token_id=token_id, reason=reason):
            raise RefusedError("There is no such token.")

    async def remove_second_factor(self, by: str, account_id: str, reason: str) -> None:
        """For somebody who lost the phone; every session of the account ends."""
        if self.account(account_id).second_factor is None:
            raise RefusedError("This account has no second factor.")
        await self.keep(e.SecondFactorRemoved, by, account_id=account_id, reason=reason)
        await self.end_sessions(by, account_id)

    async def end_sessions(self, by: str, account_id: str) -> None:
        await self.keep(e.SessionsEnded, by, account_id=account_id)

    def account(self, account_id: str) -> Account:
        found = self.people.accounts.get(account_id)
        if found is None:
            raise RefusedError("There is no such account.")
        return found


def _grantable_to_a_service(account: Account, role: e.AccessRole, trial_id: str) -> None:
    """A token acts by one role in each trial, and never by one that signs or administers."""
    if role not in FOR_SERVICES:
        raise RefusedError("This role is for people: a service signs and administers nothing.")
    for grant in account.grants:
        overlaps = "*" in (trial_id, grant.trial_id) or trial_id == grant.trial_id
        if overlaps and grant.role != role:
            raise RefusedError(
                "A service has one role in each trial: open another account for another role."
            )


def digest(secret: str) -> str:
    """What is kept of a token or a session's secret."""
    return sha256(secret.encode()).hexdigest()


def taken_in(people: People) -> Callable[[str, bytes | None], bool]:
    """How `web.record` is folded into `people`; messages of other keys are other people's."""

    def apply(key: str, value: bytes | None) -> bool:
        if key != e.KEY or value is None:
            return False
        return people.apply(e.ACCESS_EVENT.validate_json(value))

    return apply
