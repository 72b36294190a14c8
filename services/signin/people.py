"""Accounts and what each may do: the fold of all access events, the same in every process."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from enrollment.commands import Actor, Role
from services.signin.events import (
    AccessRole,
    AccountClosed,
    AccountLinked,
    AccountOpened,
    AccountReopened,
    AnyAccessEvent,
    PasswordSet,
    RoleGranted,
    RoleRevoked,
    SecondFactorRemoved,
    SecondFactorSet,
    SessionsEnded,
    Signed,
    SignedIn,
    SignedOut,
    TokenIssued,
    TokenRevoked,
)

PRACTICE = re.compile(r"PRACTICE-[0-9]{1,6}-(.+)")
"""The name of a practice copy holds that of its trial: whoever has a right there has it here."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one trial (`*`: in all), at these sites (`*`: at all)."""

    grant_id: str
    role: AccessRole
    trial_id: str
    sites: tuple[str, ...]

    def covers(self, trial_id: str) -> bool:
        practised = PRACTICE.fullmatch(trial_id)
        of = trial_id if practised is None else practised[1]
        return self.trial_id in ("*", trial_id, of)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a service account, without its secret."""

    token_id: str
    name: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in, as all events so far leave it; grants and tokens are those held now."""

    account_id: str
    sign_in: str
    name: str
    kind: str
    opened_at: datetime
    issuer: str | None = None
    subject: str | None = None
    closed: bool = False
    password_hash: str | None = None
    must_change: bool = False
    second_factor: str | None = None
    grants: tuple[Grant, ...] = ()
    sessions_ended_at: datetime | None = None
    signed_in_at: datetime | None = None
    signed_out_at: datetime | None = None
    tokens: tuple[Token, ...] = ()

    def actor(self, trial_id: str, *roles: AccessRole) -> Actor | None:
        """Who this account is in a trial: by the first of `roles` that it holds there, or by any.

        Sites of several grants of the same role are taken together; whoever acts as site staff does
        so too where they are the investigator. None: no such right.
        """
        held = [grant for grant in self.grants if grant.covers(trial_id)]
        asked = roles or tuple(dict.fromkeys(grant.role for grant in held))
        for role in asked:
            alike = {role, *({"investigator"} & set(asked) if role == "site" else ())}
            own = any(grant.role == role for grant in held)
            sites = {s for grant in held if own and grant.role in alike for s in grant.sites}
            if sites:
                acts_as = _acts_as(role)
                if acts_as is not None:
                    return Actor(id=self.account_id, role=acts_as, sites=tuple(sorted(sites)))
        return None

    def holds(self, role: AccessRole) -> bool:
        return any(grant.role == role for grant in self.grants)


def _acts_as(role: AccessRole) -> Role | None:
    """The role in the trial's own words; an administrator has none there."""
    return None if role == "administrator" else role


class People:
    """Never changed but by `apply`, in the order of the topic; deterministic, never raises."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.trail: list[AnyAccessEvent] = []
        """The audit trail of rights: every event that was taken in, in order."""
        self._by_sign_in: dict[str, str] = {}
        self._by_subject: dict[tuple[str, str], str] = {}
        self._by_token: dict[str, tuple[str, str]] = {}
        self._grants: dict[str, str] = {}

    def by_sign_in(self, sign_in: str) -> Account | None:
        return self.accounts.get(self._by_sign_in.get(sign_in, ""))

    def by_subject(self, issuer: str, subject: str) -> Account | None:
        return self.accounts.get(self._by_subject.get((issuer, subject), ""))

    def by_token(self, sha256: str) -> Account | None:
        """The service account that a token belongs to, by the token's digest."""
        _, account_id = self._by_token.get(sha256, ("", ""))
        return self.accounts.get(account_id)

    def apply(self, event: AnyAccessEvent) -> bool:
        """Takes an event in. False: refused, and nothing changed (a name that is taken)."""
        taken = self._open(event) if isinstance(event, AccountOpened) else self._change(event)
        if taken:
            self.trail.append(event)
        return taken

    def _open(self, event: AccountOpened) -> bool:
        if event.account_id in self.accounts or event.sign_in in self._by_sign_in:
            return False
        linked = None
        if event.issuer is not None and event.subject is not None:
            linked = (event.issuer, event.subject)
            if linked in self._by_subject:
                return False
            self._by_subject[linked] = event.account_id
        self._by_sign_in[event.sign_in] = event.account_id
        self.accounts[event.account_id] = Account(
            account_id=event.account_id,
            sign_in=event.sign_in,
            name=event.name,
            kind=event.kind,
            opened_at=event.at,
            issuer=event.issuer,
            subject=event.subject,
        )
        return True

    def _change(self, event: AnyAccessEvent) -> bool:
        account_id = self._account_of(event)
        account = self.accounts.get(account_id or "")
        if account is None:
            return False
        changed = self._changed(account, event)
        if changed is None:
            return False
        self.accounts[account.account_id] = changed
        return True

    def _account_of(self, event: AnyAccessEvent) -> str | None:
        match event:
            case RoleRevoked():
                return self._grants.get(event.grant_id)
            case TokenRevoked():
                found = (own for own in self._by_token.values() if own[0] == event.token_id)
                return next(found, ("", ""))[1]
            case SignedIn() | SignedOut() | Signed():
                return event.by
            case _:
                return event.account_id

    def _changed(self, account: Account, event: AnyAccessEvent) -> Account | None:
        """The account after the event; none where it is refused."""
        match event:
            case AccountLinked():
                return self._linked(account, event)
            case AccountClosed():
                return self._closed(account, event)
            case AccountReopened():
                return replace(account, closed=False) if account.closed else None
            case RoleGranted():
                return self._granted(account, event)
            case RoleRevoked():
                return self._revoked(account, event)
            case TokenIssued():
                return self._issued(account, event)
            case TokenRevoked():
                return self._token_revoked(account, event)
            case _:
                return _with_credentials(account, event)

    def _closed(self, account: Account, event: AccountClosed) -> Account | None:
        if account.closed or (event.by != "system" and self.is_last_administrator(account)):
            return None
        return replace(account, closed=True)

    def _revoked(self, account: Account, event: RoleRevoked) -> Account | None:
        left = tuple(g for g in account.grants if g.grant_id != event.grant_id)
        if left == account.grants:
            return None
        changed = replace(account, grants=left)
        unseated = account.holds("administrator") and not changed.holds("administrator")
        if unseated and event.by != "system" and self.is_last_administrator(account):
            return None
        return changed

    def is_last_administrator(self, account: Account) -> bool:
        """Whether nobody but this account could administer accounts on the pages."""
        if account.closed or not account.holds("administrator"):
            return False
        return not any(
            other.holds("administrator") and not other.closed
            for other in self.accounts.values()
            if other.account_id != account.account_id
        )

    def _issued(self, account: Account, event: TokenIssued) -> Account | None:
        if account.kind != "service" or event.sha256 in self._by_token:
            return None
        self._by_token[event.sha256] = (event.token_id, account.account_id)
        token = Token(event.token_id, event.name, event.at)
        return replace(account, tokens=(*account.tokens, token))

    def _token_revoked(self, account: Account, event: TokenRevoked) -> Account:
        for digest, (token_id, _) in list(self._by_token.items()):
            if token_id == event.token_id:
                del self._by_token[digest]
        left = tuple(token for token in account.tokens if token.token_id != event.token_id)
        return replace(account, tokens=left)

    def _linked(self, account: Account, event: AccountLinked) -> Account | None:
        linked = (event.issuer, event.subject)
        if account.subject is not None or linked in self._by_subject:
            return None
        self._by_subject[linked] = account.account_id
        return replace(account, issuer=event.issuer, subject=event.subject)

    def _granted(self, account: Account, event: RoleGranted) -> Account | None:
        if event.grant_id in self._grants or not event.sites:
            return None
        if event.role in ("site", "investigator") and "*" in event.sites:
            return None
        self._grants[event.grant_id] = account.account_id
        grant = Grant(event.grant_id, event.role, event.trial_id, event.sites)
        return replace(account, grants=(*account.grants, grant))


def _with_credentials(account: Account, event: AnyAccessEvent) -> Account:
    """Passwords, second factors and sessions: always taken in."""
    match event:
        case PasswordSet():
            return replace(account, password_hash=event.hash, must_change=event.must_change)
        case SecondFactorSet():
            return replace(account, second_factor=event.sealed)
        case SecondFactorRemoved():
            return replace(account, second_factor=None)
        case SessionsEnded():
            return replace(account, sessions_ended_at=event.at)
        case SignedIn():
            return replace(account, signed_in_at=event.at)
        case SignedOut():
            return replace(account, signed_out_at=event.at)
        case _:
            return account
