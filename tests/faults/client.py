"""A client of the service over HTTP that records what it asked and what it heard."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tests.faults.asking import Answer, ask, bearer, get
from tests.faults.history import Asked, Heard, History
from tests.faults.stack import Stack, token_of

NAMESPACE = UUID("0b5d4f0c-3d1e-5a35-9d5b-3f0f6f1c7a11")
"""Of command ids, for ever (docs/api.md): copied, so that the checker would notice a change."""
ZONE = ZoneInfo("America/Chicago")
EXPECTED_STATUS = frozenset({200, 202, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503})
Body = dict[str, Any]


def command_id(trial: str, site: str | None, key: str) -> str:
    sender = "centre" if site is None else f"site/{site}"
    return str(uuid5(NAMESPACE, f"{trial}/{sender}/{key}"))


def heard_of(answer: Answer) -> Heard:
    """A 404 and a 5xx say nothing of what an earlier sending of the same command came to."""
    if answer.status in (200, 202):
        return "yes"
    return "no" if 400 <= answer.status < 500 else "unknown"


@dataclass(slots=True)
class Sent:
    """All that it takes to send a command once more."""

    asked: Asked
    actor: str
    path: str
    body: bytes
    at: datetime | None
    answer: Body | None = None


@dataclass(slots=True)
class TrialUnderLoad:
    """What the clients of one trial share: its clock and what was sent so far."""

    trial_id: str
    simulated: bool
    now: datetime
    history: History
    stack: Stack
    sent: list[Sent] = field(default_factory=list)
    keys: int = 0

    @property
    def today(self) -> date:
        at = self.now if self.simulated else datetime.now(UTC)
        return at.astimezone(ZONE).date()

    def let_time_pass(self, by: timedelta) -> None:
        if self.simulated:
            self.now += by

    async def send(
        self,
        actor: str,
        command: str,
        path: str,
        body: Body,
        wait: int = 0,
        at: datetime | None = None,
    ) -> Answer:
        """Sends a new command once and records both ends of it."""
        return await self.again(self.prepared(actor, command, path, body, at), wait)

    def prepared(
        self, actor: str, command: str, path: str, body: Body, at: datetime | None = None
    ) -> Sent:
        """A new command, to be sent by `again`."""
        self.keys += 1
        site = actor if actor.startswith("S") else None
        key = f"{command}-{self.keys}"
        asked = Asked(self.trial_id, command_id(self.trial_id, site, key), command, site, key)
        sent = Sent(asked, actor, path, json.dumps(body).encode(), at or self._at)
        self.sent.append(sent)
        return sent

    @property
    def _at(self) -> datetime | None:
        return self.now if self.simulated else None

    async def again(self, sent: Sent, wait: int = 0) -> Answer:
        headers = bearer(token_of(sent.actor)) | {
            "Idempotency-Key": sent.asked.key,
            "Content-Type": "application/json",
            "Prefer": f"wait={wait}",
        }
        if sent.at is not None:
            headers["Holdfast-At"] = sent.at.isoformat().replace("+00:00", "Z")
        self.history.asks(sent.asked)
        path = f"/v1/trials/{self.trial_id}{sent.path}"
        answer = await ask(self.stack.web.port, "POST", path, headers, sent.body)
        self.history.heard(sent.asked, heard_of(answer), answer.status, answer.body)
        if answer.status == 200:
            sent.answer = answer.body
        return answer

    async def read(self, path: str) -> Answer:
        return await get(
            self.stack.web.port, f"/v1/trials/{self.trial_id}{path}", token_of("auditor")
        )

    async def read_all(self, path: str) -> list[Body]:
        """Every page of a list; raises when a page does not come."""
        items: list[Body] = []
        after = ""
        while True:
            page = await self.read(f"{path}?limit=500{after}")
            if page.status != 200:
                raise ConnectionError(f"{path}: status {page.status}")
            items += page.body["items"]
            if page.body["next"] is None:
                return items
            after = f"&after={quote(str(page.body['next']))}"


async def insistently(trial: TrialUnderLoad, sent: Sent, within: float) -> bool:
    """Sends the same command until its answer comes, as docs/api.md says a client should."""
    try:
        async with asyncio.timeout(within):
            while (await trial.again(sent, wait=5)).status != 200:
                await asyncio.sleep(0.2)
            return True
    except TimeoutError:
        return False


def pick(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
