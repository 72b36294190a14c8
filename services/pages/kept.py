"""What the pages keep in Kafka: two topics, folded by this process, and all that stands on them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from services.pages.app import ForPeople
from services.pages.drafts import Drafts
from services.pages.laboratories import KEY as LABORATORIES
from services.pages.laboratories import Laboratories
from services.pages.practice_clock import KEY as PRACTICE
from services.pages.practice_clock import PracticeClocks
from services.signin.desk import taken_in
from services.signin.people import People
from services.signin.ports import SigninPorts
from services.signin.redis_sessions import RedisSessions
from services.signin.settings import SigninSettings
from services.signin.signin import Signin
from streams.kept import Apply, KeptTopic
from streams.redis_client import redis_client
from streams.settings import Settings
from streams.topics import WEB_DRAFTS, WEB_RECORD


def by_key(people: People, laboratories: Laboratories, clocks: PracticeClocks) -> Apply:
    """How `web.record` is folded: each family of events to whom it belongs."""
    of_people = taken_in(people)

    def apply(key: str, value: bytes | None) -> bool:
        if key == LABORATORIES and value is not None:
            return laboratories.apply(value)
        if key == PRACTICE and value is not None:
            return clocks.apply(value)
        return of_people(key, value)

    return apply


@dataclass(frozen=True, slots=True)
class KeptForPeople:
    """The pages' own state with the topics that it is folded from."""

    people: ForPeople
    topics: tuple[KeptTopic, ...]
    redis: RedisSessions

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follows the topics meanwhile."""
        for topic in self.topics:
            await topic.start()
        try:
            yield
        finally:
            for topic in self.topics:
                await topic.stop()
            await self.redis.close()


def kept_for_people(
    streams: Settings, signing: SigninSettings, now: Callable[[], datetime]
) -> KeptForPeople:
    """Raises `KeyFileError` when second factors could not be sealed."""
    people, laboratories, drafts = People(), Laboratories(now), Drafts(now)
    clocks = PracticeClocks(now)
    record = KeptTopic(streams, WEB_RECORD, by_key(people, laboratories, clocks))
    begun = KeptTopic(streams, WEB_DRAFTS, drafts.apply)
    laboratories.use(record)
    clocks.use(record)
    drafts.use(begun)
    sessions = RedisSessions(redis_client(streams))
    signin = Signin(people, SigninPorts(record, sessions), signing, now)
    people_of = ForPeople(signin, drafts, laboratories, clocks)
    return KeptForPeople(people_of, (record, begun), sessions)
