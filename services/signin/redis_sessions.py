"""Live sessions in Redis: lost with it, and then everybody signs in again."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from services.api.ports import UnavailableError
from services.signin.ports import Session
from streams.redis_client import Client

PREFIX = "web"


class RedisSessions:
    """One key for each session, gone when it has been idle for too long."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def close(self) -> None:
        await self._redis.aclose()

    async def read(self, digest: str) -> Session | None:
        with _outages():
            kept: bytes | None = await self._redis.get(f"{PREFIX}:session:{digest}")
        return None if kept is None else Session.model_validate_json(kept)

    async def write(self, digest: str, session: Session, seconds: int) -> None:
        with _outages():
            await self._redis.set(
                f"{PREFIX}:session:{digest}", session.model_dump_json(), ex=seconds
            )

    async def renew(self, digest: str, session: Session, seconds: int) -> None:
        with _outages():
            await self._redis.set(
                f"{PREFIX}:session:{digest}", session.model_dump_json(), ex=seconds, xx=True
            )

    async def drop(self, digest: str) -> None:
        with _outages():
            await self._redis.delete(f"{PREFIX}:session:{digest}")

    async def hold(self, key: str, value: bytes, seconds: int) -> None:
        with _outages():
            await self._redis.set(f"{PREFIX}:held:{key}", value, ex=seconds)

    async def held(self, key: str) -> bytes | None:
        with _outages():
            kept: bytes | None = await self._redis.get(f"{PREFIX}:held:{key}")
        return kept

    async def take(self, key: str) -> bytes | None:
        with _outages():
            kept: bytes | None = await self._redis.getdel(f"{PREFIX}:held:{key}")
        return kept

    async def take_once(self, key: str, seconds: int) -> bool:
        with _outages():
            return bool(await self._redis.set(f"{PREFIX}:once:{key}", b"1", nx=True, ex=seconds))

    async def hit(self, key: str, limit: int, seconds: int) -> bool:
        name = f"{PREFIX}:tries:{key}"
        with _outages():
            tries = int(await self._redis.incr(name))
            if tries == 1 or await self._redis.ttl(name) < 0:
                await self._redis.expire(name, seconds)
        return tries <= limit

    async def pardon(self, key: str) -> None:
        name = f"{PREFIX}:tries:{key}"
        with _outages():
            if int(await self._redis.decr(name)) <= 0:
                await self._redis.delete(name)

    async def forget(self, key: str) -> None:
        with _outages():
            await self._redis.delete(f"{PREFIX}:tries:{key}")


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise UnavailableError(f"Redis: {type(error).__name__}") from error
