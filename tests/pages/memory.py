"""Ports of sign-in in memory: the record of accounts in one order, sessions that end in time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.signin.desk import taken_in
from services.signin.people import People
from services.signin.ports import Session


@dataclass
class MemoryKept:
    """Takes every message in at once, as the topic would in its order."""

    apply: Callable[[str, bytes | None], bool]
    messages: list[tuple[str, bytes | None]] = field(default_factory=list)
    up: bool = True

    @classmethod
    def of(cls, people: People) -> "MemoryKept":
        return cls(taken_in(people))

    def ready(self) -> bool:
        return self.up

    async def append(self, key: str, value: bytes | None) -> bool:
        self.messages.append((key, value))
        return self.apply(key, value)


@dataclass
class MemorySessions:
    """`now` ends what has been idle for too long."""

    now: Callable[[], datetime]
    kept: dict[str, tuple[Session, float]] = field(default_factory=dict)
    once: dict[str, float] = field(default_factory=dict)
    begun: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    tries: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def read(self, digest: str) -> Session | None:
        session, until = self.kept.get(digest, (None, 0.0))
        return session if until > self.now().timestamp() else None

    async def write(self, digest: str, session: Session, seconds: int) -> None:
        self.kept[digest] = (session, self.now().timestamp() + seconds)

    async def renew(self, digest: str, session: Session, seconds: int) -> None:
        if await self.read(digest) is not None:
            await self.write(digest, session, seconds)

    async def drop(self, digest: str) -> None:
        self.kept.pop(digest, None)

    async def hold(self, key: str, value: bytes, seconds: int) -> None:
        self.begun[key] = (value, self.now().timestamp() + seconds)

    async def held(self, key: str) -> bytes | None:
        value, until = self.begun.get(key, (None, 0.0))
        return value if until > self.now().timestamp() else None

    async def take(self, key: str) -> bytes | None:
        value = await self.held(key)
        self.begun.pop(key, None)
        return value

    async def take_once(self, key: str, seconds: int) -> bool:
        now = self.now().timestamp()
        if self.once.get(key, 0.0) > now:
            return False
        self.once[key] = now + seconds
        return True

    async def hit(self, key: str, limit: int, seconds: int) -> bool:
        now = self.now().timestamp()
        count, until = self.tries.get(key, (0, now + seconds))
        if until <= now:
            count, until = 0, now + seconds
        self.tries[key] = (count + 1, until)
        return count + 1 <= limit

    async def pardon(self, key: str) -> None:
        count, until = self.tries.get(key, (0, 0.0))
        self.tries[key] = (max(0, count - 1), until)

    async def forget(self, key: str) -> None:
        self.tries.pop(key, None)
