"""A browser signed in: a new secret to begin; ended by idleness, age, hand or a closed account."""

import secrets
from datetime import datetime, timedelta

from starlette.responses import Response

from services.signin.desk import digest
from services.signin.people import Account, People
from services.signin.ports import Session, Sessions
from services.signin.settings import SigninSettings

SEEN_EVERY = timedelta(minutes=1)
"""How fresh `seen_at` is kept: not every request writes."""


class SessionDesk:
    """Begins, finds and ends sessions."""

    def __init__(self, people: People, sessions: Sessions, settings: SigninSettings) -> None:
        self._people = people
        self._sessions = sessions
        self._settings = settings

    async def begin(self, response: Response, account: Account, how: str, now: datetime) -> Session:
        """A new secret each time, so that one planted before signing in is worth nothing."""
        secret = secrets.token_urlsafe(32)
        session = Session(
            account_id=account.account_id,
            csrf=secrets.token_urlsafe(32),
            began_at=now,
            seen_at=now,
            proved_at=now,
            how=how,
        )
        await self._sessions.write(digest(secret), session, self._idle_seconds)
        response.set_cookie(
            self._settings.cookie,
            secret,
            path="/",
            secure=self._settings.secure,
            httponly=True,
            samesite="lax",
        )
        return session

    async def find(self, secret: str | None, now: datetime) -> tuple[Account, Session] | None:
        """Who a cookie belongs to; none when the session is over or the account may not go on."""
        if not secret or len(secret) > 128:
            return None
        name = digest(secret)
        session = await self._sessions.read(name)
        if session is None:
            return None
        account = self._people.accounts.get(session.account_id)
        if account is None or self._over(session, account, now):
            await self._sessions.drop(name)
            return None
        if now - session.seen_at >= SEEN_EVERY:
            session = session.model_copy(update={"seen_at": now})
            await self._sessions.renew(name, session, self._idle_seconds)
        return account, session

    def _over(self, session: Session, account: Account, now: datetime) -> bool:
        settings = self._settings
        return (
            account.closed
            or (account.sessions_ended_at or session.began_at) > session.began_at
            or now - session.seen_at >= timedelta(minutes=settings.session_idle_minutes)
            or now - session.began_at >= timedelta(hours=settings.session_hours)
        )

    async def proved(self, secret: str, session: Session, now: datetime) -> Session:
        """Remembers that the person has just shown who they are again, and signs with it."""
        proved = session.model_copy(update={"proved_at": now, "signed": True, "seen_at": now})
        await self._sessions.renew(digest(secret), proved, self._idle_seconds)
        return proved

    async def end(self, response: Response, secret: str | None) -> None:
        """Signs out: nothing of it stays in the browser either."""
        if secret:
            await self._sessions.drop(digest(secret))
        response.delete_cookie(self._settings.cookie, path="/", secure=self._settings.secure)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'

    @property
    def _idle_seconds(self) -> int:
        return self._settings.session_idle_minutes * 60
