"""What sign-in needs of the outside: the topic that keeps access events, and the live sessions."""

from dataclasses import dataclass
from typing import Protocol

from pydantic import AwareDatetime

from enrollment.commands import Model


class Kept(Protocol):
    """See `streams.kept.KeptTopic`."""

    def ready(self) -> bool: ...

    async def append(self, key: str, value: bytes | None) -> bool: ...


class Session(Model):
    """One signed-in browser. The store knows it by the digest of a secret only the browser has."""

    account_id: str
    csrf: str
    """Stands in every form of the session."""
    began_at: AwareDatetime
    seen_at: AwareDatetime
    proved_at: AwareDatetime
    """When the person last showed all components: password and code, or anew at the provider."""
    how: str
    signed: bool = False
    """Something was signed in this session, so the next signing may ask for one component only."""


class Sessions(Protocol):
    """Raises `services.api.ports.UnavailableError` when it cannot be reached."""

    async def read(self, digest: str) -> Session | None: ...

    async def write(self, digest: str, session: Session, seconds: int) -> None: ...

    async def renew(self, digest: str, session: Session, seconds: int) -> None:
        """Writes over a session that is there; one that ended meanwhile is not begun again."""
        ...

    async def drop(self, digest: str) -> None: ...

    async def hold(self, key: str, value: bytes, seconds: int) -> None:
        """Keeps something begun for so long: a second factor, a way through the provider."""
        ...

    async def held(self, key: str) -> bytes | None: ...

    async def take(self, key: str) -> bytes | None:
        """What is held, to one caller only: it is held no longer."""
        ...

    async def take_once(self, key: str, seconds: int) -> bool:
        """True the first time within that many seconds: a code, a state, a nonce is used once."""
        ...

    async def hit(self, key: str, limit: int, seconds: int) -> bool:
        """Counts a try; False when there were more than `limit` within `seconds`."""
        ...

    async def pardon(self, key: str) -> None:
        """Takes one counted try back: it came to a good end."""
        ...

    async def forget(self, key: str) -> None:
        """Tries that came to a good end are not held against anybody."""
        ...


@dataclass(frozen=True, slots=True)
class SigninPorts:
    """All that sign-in reaches outside; given by the entry point or by a test."""

    record: Kept
    sessions: Sessions
