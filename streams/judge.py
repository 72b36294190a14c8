"""The stage `judge`: stateless. A form gets its verdict; everything else passes through unchanged.

Which protocol is in force is read from the trial's own log in Redis. A verdict taken under another
one than decide has in force is taken again there, so being a moment late here costs only time.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from eligibility.verdict import Verdict
from enrollment.canonical import canonical
from enrollment.commands import REQUEST, AmendForm, Request, SubmitForm
from enrollment.events import ProtocolAdopted
from enrollment.paper import Paper
from protocols.model import Protocol
from streams.health import Health, patiently
from streams.inbox import Inbox, Item
from streams.judged import judged_message
from streams.kafka import Outgoing, Producer
from streams.numbers import number_of
from streams.parked import parked
from streams.partition import partition_of
from streams.read_side import ReadSide
from streams.record import parse
from streams.requests import REQUESTS
from streams.settings import Settings
from streams.topics import COMMANDS

LOG = logging.getLogger(__name__)
MOST = 256
FRESH_SECONDS = 0.5
"""How long it may go unnoticed here that a trial has adopted another protocol."""

ParseProtocol = Callable[[str], Protocol]
JudgeForm = Callable[[Mapping[str, Any], Protocol | None, Request], Verdict | None]
"""The verdict on a form; none without a protocol or where it is no screening form."""


@dataclass(frozen=True, slots=True)
class _InForce:
    sequence: int | None
    protocol: Protocol | None
    looked_at: float


class JudgeStage:
    """One task runs `run`. Acknowledges a request when `trial.commands` has it."""

    def __init__(
        self,
        settings: Settings,
        parse_protocol: ParseProtocol,
        judge_form: JudgeForm,
        producer: Producer,
        read_side: ReadSide,
        health: Health,
    ) -> None:
        self.inbox = Inbox(REQUESTS, limit=4 * MOST)
        self._partitions = settings.partitions
        self._parse_protocol = parse_protocol
        self._judge_form = judge_form
        self._producer = producer
        self._read_side = read_side
        self._health = health
        self._in_force: dict[str, _InForce] = {}

    def assigned(self, partitions: Iterable[int]) -> None:
        self.inbox.assigned(partitions)

    def revoked(self, partitions: Iterable[int]) -> None:
        self.inbox.revoked(partitions)

    async def run(self) -> None:
        while True:
            items = await self.inbox.take(1.0, MOST)
            await self.handle([item for item in items if self.inbox.is_current(item)])

    async def handle(self, items: Sequence[Item]) -> None:
        """Returns when each of these stands in `trial.commands` or is parked."""
        if not items:
            return
        requests = [self._read(item) for item in items]
        trial_ids = {
            request.trial_id
            for request in requests
            if isinstance(request, Request) and isinstance(request.command, SubmitForm | AmendForm)
        }
        await patiently(lambda: self._look_up(sorted(trial_ids)), self._health, "redis")
        outgoing = []
        for item, request in zip(items, requests, strict=True):
            if isinstance(request, Request):
                outgoing.append(self._passed_on(item, request))
            else:
                LOG.error("parked a request", extra={"offset": item.offset})
                outgoing.append(request)
        await self._producer.send_all(outgoing)
        self.inbox.done(items)

    def _read(self, item: Item) -> Request | Outgoing:
        try:
            request = REQUEST.validate_json(item.value or b"")
        except ValidationError as error:
            detail = "no request: " + number_of(error.error_count(), "error")
            return parked(item, REQUESTS, None, "unreadable", detail)
        if partition_of(request.trial_id, self._partitions) != item.partition:
            detail = "in another partition than its trial's"
            return parked(item, REQUESTS, request.trial_id, "unreadable", detail)
        return request

    def _passed_on(self, item: Item, request: Request) -> Outgoing:
        """The request as it came, for a form with its verdict; keeps the time of its arrival."""
        value = item.value or b""
        form = _form_of(request)
        if form is not None:
            known = self._in_force.get(request.trial_id)
            verdict = self._judge_form(form, known.protocol if known else None, request)
            if verdict is not None:
                value = judged_message(request, form, verdict)
        key = request.trial_id.encode()
        return Outgoing(COMMANDS, item.partition, key, value, int(item.timestamp_ms))

    async def _look_up(self, trial_ids: Sequence[str]) -> None:
        """Refreshes which protocol is in force, for these trials, where that is not fresh."""
        now = time.monotonic()
        stale = []
        for trial_id in trial_ids:
            known = self._in_force.get(trial_id)
            if known is None or known.protocol is None or now - known.looked_at > FRESH_SECONDS:
                stale.append(trial_id)
        if not stale:
            return
        for trial_id, sequence in zip(stale, await self._read_side.adopted(stale), strict=True):
            known = self._in_force.get(trial_id)
            if known is None or known.sequence != sequence:
                protocol = None if sequence is None else await self._protocol(trial_id, sequence)
                self._in_force[trial_id] = _InForce(sequence, protocol, now)
            else:
                self._in_force[trial_id] = _InForce(sequence, known.protocol, now)

    async def _protocol(self, trial_id: str, sequence: int) -> Protocol | None:
        stored = await self._read_side.record(trial_id, sequence)
        if stored is None:
            return None
        for event in parse(stored).content.events:
            if isinstance(event, ProtocolAdopted):
                return self._parse_protocol(event.text)
        return None


def _form_of(request: Request) -> Paper | None:
    """The form of a command, written once; none where it cannot even be: decide says so then."""
    command = request.command
    if not isinstance(command, SubmitForm | AmendForm):
        return None
    try:
        return Paper(canonical(command.form), command.form)
    except TypeError:
        return None
