"""The desk without a web process: for the server's own command line and for the local stack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from services.signin.desk import Desk, taken_in
from services.signin.people import People
from streams.kept import KeptTopic
from streams.settings import Settings
from streams.topics import WEB_RECORD

READ_SECONDS = 60.0


@asynccontextmanager
async def clerk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk that knows every account. Raises `TimeoutError` when Kafka does not answer."""
    people = People()
    record = KeptTopic(settings, WEB_RECORD, taken_in(people))
    await record.start()
    try:
        async with asyncio.timeout(READ_SECONDS):
            while not record.ready():
                await asyncio.sleep(0.02)
        yield Desk(people, record, lambda: datetime.now(UTC))
    finally:
        await record.stop()
