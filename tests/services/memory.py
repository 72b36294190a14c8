"""Ports in memory that run the real judge and the real decider, and keep real records."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from enrollment.commands import AmendForm, JudgedRequest, Request, SubmitForm
from enrollment.decide import decide
from enrollment.events import FormJudged
from enrollment.evolve import evolve
from enrollment.judging import judge_on_arrival, parsed
from enrollment.public_events import public_count
from enrollment.trial import Trial, new_trial
from services.api.ports import NotSentError, NotShownError, Ports, UnavailableError
from streams.follow import Listed, StoredAnswer
from streams.record import Record, build, parse

NOW = datetime(2027, 2, 22, 15, 0, tzinfo=UTC)


@dataclass
class OneTrial:
    trial: Trial
    records: list[Record] = field(default_factory=list)
    public: int = 0


@dataclass
class Memory:
    """Both ports. Requests are decided at once, or when `deliver` is called if `slow`."""

    trials: dict[str, OneTrial] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    waiting: list[Request] = field(default_factory=list)
    slow: bool = False
    kafka_away: bool = False
    redis_away: bool = False
    redis_wiped: bool = False
    """Redis answers, has nothing, and no owner has brought it back."""
    rebuilding: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def ports(self) -> Ports:
        return Ports(MemoryRequests(self), MemoryTrials(self), lambda: NOW)

    def deliver(self) -> None:
        """Decides everything that waits, as the worker would."""
        for request in self.waiting:
            self._decide(request)
        self.waiting.clear()
        self.changed.set()
        self.changed = asyncio.Event()

    def _decide(self, request: Request) -> None:
        one = self.trials.get(request.trial_id)
        if one is not None and any(
            record.content.command_id == request.command_id for record in one.records
        ):
            return
        trial = one.trial if one is not None else new_trial(request.trial_id)
        judged = JudgedRequest(**dict(request), verdict=self._verdict(trial, request))
        decision = decide(trial, judged)
        if not decision.events:
            return
        one = self.trials.setdefault(request.trial_id, OneTrial(trial))
        record = build(
            judged,
            len(one.records),
            one.records[-1].hash if one.records else "",
            "" if trial.protocol is None else trial.protocol.digest,
            one.public,
            decision.answer,
            decision.events,
        )
        one.public += public_count(decision.events, request.trial_id)
        one.records.append(parse(record.stored))
        one.trial = evolve(trial, max(request.at, trial.time), decision.events)

    def _verdict(self, trial: Trial, request: Request) -> dict[str, object] | None:
        command = request.command
        if not isinstance(command, SubmitForm | AmendForm) or trial.protocol is None:
            return None
        form = parsed(command.form)
        return judge_on_arrival(form, trial.protocol, request.at).to_json()


@dataclass
class MemoryRequests:
    memory: Memory

    def ready(self) -> bool:
        return not self.memory.kafka_away

    def started(self) -> bool:
        return True

    def refused(self) -> str | None:
        return None

    async def send(self, request: Request) -> None:
        if self.memory.kafka_away:
            raise NotSentError("Kafka is not connected")
        # What Kafka holds is bytes: only what survives them is decided.
        arrived = Request.model_validate_json(request.model_dump_json())
        self.memory.sent.append(arrived)
        self.memory.waiting.append(arrived)
        if not self.memory.slow:
            self.memory.deliver()


@dataclass
class MemoryTrials:
    memory: Memory

    async def ready(self) -> bool:
        return not self.memory.redis_away

    def refused(self) -> str | None:
        return None

    def _check(self) -> None:
        if self.memory.redis_away:
            raise UnavailableError("away")
        if self.memory.redis_wiped:
            raise NotShownError("Redis is being built anew from trial.log")

    async def trial(self, trial_id: str) -> Trial | None:
        one = self.memory.trials.get(trial_id)
        if one is None:
            self._check()
        return one.trial if one is not None else None

    def sequence(self, trial_id: str) -> int:
        one = self.memory.trials.get(trial_id)
        return len(one.records) - 1 if one is not None else -1

    async def rebuilding(self, trial_id: str) -> bool:
        self._check()
        return trial_id in self.memory.rebuilding

    async def answer(self, trial_id: str, command_id: UUID) -> StoredAnswer | None:
        self._check()
        one = self.memory.trials.get(trial_id)
        for record in one.records if one is not None else ():
            if record.content.command_id == command_id:
                return StoredAnswer.of(record)
        return None

    async def wait_for(
        self, trial_id: str, command_id: UUID, timeout: float
    ) -> StoredAnswer | None:
        try:
            async with asyncio.timeout(timeout):
                while (found := await self.answer(trial_id, command_id)) is None:
                    await self.memory.changed.wait()
        except TimeoutError:
            return None
        return found

    async def records(self, trial_id: str, after: int = -1, limit: int = 500) -> list[Record]:
        self._check()
        one = self.memory.trials.get(trial_id)
        return one.records[after + 1 :][:limit] if one is not None else []

    async def subscribe(self, trial_id: str, after: int = -1) -> AsyncIterator[Record]:
        while True:
            changed = self.memory.changed
            page = await self.records(trial_id, after)
            for record in page:
                yield record
                after = record.sequence
            if not page:
                await changed.wait()

    async def judged(self, trial_id: str, subject_id: str) -> Record | None:
        self._check()
        found = None
        for record in self.memory.trials[trial_id].records:
            for event in record.content.events:
                if isinstance(event, FormJudged) and event.subject_id == subject_id:
                    found = record
        return found

    async def list_trials(self) -> Listed:
        self._check()
        return Listed(tuple(sorted(self.memory.trials)), complete=True)
