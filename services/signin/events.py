"""What happens to accounts and rights: an audit trail of its own, kept for ever in `web.record`."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from enrollment.commands import Digest, Id, Model, Text

KEY = "people"
"""The key of these messages in `web.record`."""

SignInName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@+-]{2,127}$")]
"""What somebody types to sign in: lower case; an e-mail address or a name the centre made up."""

AccountId = Annotated[str, Field(pattern=r"^a-[0-9a-f]{32}$")]
"""Stands in the trial's log as the actor; says nothing about the person."""

AccessRole = Literal[
    "site", "investigator", "coordinator", "reviewer", "auditor", "administrator", "service"
]
"""Roles as they are granted. An investigator is site staff who may sign for eligibility."""

Everything = Literal["*"]


class AccessEvent(Model):
    """`by` is the account that did it, `system` for the command line on the server itself."""

    at: AwareDatetime
    by: AccountId | Literal["system"]


class AccountOpened(AccessEvent):
    """A person, or a service. Local people sign in by password, others at the provider."""

    type: Literal["AccountOpened"] = "AccountOpened"
    account_id: AccountId
    sign_in: SignInName
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The printed name that stands beside signatures (21 CFR 11.50)."""
    kind: Literal["local", "demo", "provider", "service"]
    """A demo account has a password too, and is let in only where the demo runs."""
    issuer: str | None = None
    subject: str | None = None
    """Who the provider says it is, for good: `iss` and `sub`."""


class AccountLinked(AccessEvent):
    """The first sign-in at the provider ties the account to the provider's own id."""

    type: Literal["AccountLinked"] = "AccountLinked"
    account_id: AccountId
    issuer: str
    subject: str


class AccountClosed(AccessEvent):
    type: Literal["AccountClosed"] = "AccountClosed"
    account_id: AccountId
    reason: Text


class AccountReopened(AccessEvent):
    type: Literal["AccountReopened"] = "AccountReopened"
    account_id: AccountId
    reason: Text


class PasswordSet(AccessEvent):
    """`hash` is argon2id. Where somebody else chose it, it must be changed at the next sign-in."""

    type: Literal["PasswordSet"] = "PasswordSet"
    account_id: AccountId
    hash: str
    must_change: bool


class SecondFactorSet(AccessEvent):
    """`sealed` is the TOTP secret, encrypted with the server's key."""

    type: Literal["SecondFactorSet"] = "SecondFactorSet"
    account_id: AccountId
    sealed: str


class SecondFactorRemoved(AccessEvent):
    type: Literal["SecondFactorRemoved"] = "SecondFactorRemoved"
    account_id: AccountId
    reason: Text


class RoleGranted(AccessEvent):
    """One role in one trial, or in all; `sites` as in `enrollment.commands.Actor`."""

    type: Literal["RoleGranted"] = "RoleGranted"
    grant_id: Annotated[str, Field(pattern=r"^g-[0-9a-f]{32}$")]
    account_id: AccountId
    role: AccessRole
    trial_id: Id | Everything
    sites: tuple[Id | Everything, ...]
    reason: Text | None = None


class RoleRevoked(AccessEvent):
    type: Literal["RoleRevoked"] = "RoleRevoked"
    grant_id: str
    reason: Text


class TokenIssued(AccessEvent):
    """A token of a service account. Only its SHA-256 is kept; its rights are the account's."""

    type: Literal["TokenIssued"] = "TokenIssued"
    token_id: Annotated[str, Field(pattern=r"^t-[0-9a-f]{32}$")]
    account_id: AccountId
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]


class TokenRevoked(AccessEvent):
    type: Literal["TokenRevoked"] = "TokenRevoked"
    token_id: str
    reason: Text


class SessionsEnded(AccessEvent):
    """Every session of the account that began before `at` is over."""

    type: Literal["SessionsEnded"] = "SessionsEnded"
    account_id: AccountId


class SignedIn(AccessEvent):
    """A session began; `by` is the account."""

    type: Literal["SignedIn"] = "SignedIn"
    how: Literal["password", "password_and_code", "provider"]


class SignedOut(AccessEvent):
    """`by` ended a session; what the account watches live is asked anew whether it may."""

    type: Literal["SignedOut"] = "SignedOut"


class Signed(AccessEvent):
    """`by` has shown who they are to sign what stood on a page; its command follows under `key`.

    `digest` is that of the page's form: content, place and meaning (21 CFR 11.70).
    """

    type: Literal["Signed"] = "Signed"
    how: Literal["password", "password_and_code", "provider"]
    meaning: Text
    page: Annotated[str, Field(min_length=1, max_length=500)]
    key: Annotated[str, Field(max_length=200)]
    digest: Digest


class LockedOut(AccessEvent):
    """Too many failed tries at this account: nobody can sign in to it for a while."""

    type: Literal["LockedOut"] = "LockedOut"
    account_id: AccountId


AnyAccessEvent = (
    AccountOpened
    | AccountLinked
    | AccountClosed
    | AccountReopened
    | PasswordSet
    | SecondFactorSet
    | SecondFactorRemoved
    | RoleGranted
    | RoleRevoked
    | TokenIssued
    | TokenRevoked
    | SessionsEnded
    | SignedIn
    | SignedOut
    | Signed
    | LockedOut
)
ACCESS_EVENT: TypeAdapter[AnyAccessEvent] = TypeAdapter(
    Annotated[AnyAccessEvent, Field(discriminator="type")]
)
