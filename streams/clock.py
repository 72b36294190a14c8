"""The owner of a partition is the clock of its real-clock trials: it asks for what is due."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, Request, TimePassed
from streams.kafka import Producer
from streams.ledger import Ledger
from streams.ports import NextDeadline
from streams.requests import request_message

LOG = logging.getLogger(__name__)
NAMESPACE = UUID("5f0f3f0c-4b0a-5a53-9d0a-6a7a1f0e7c11")
AGAIN_SECONDS = 10.0
"""A tick that had no effect yet is sent again after this: it may have been lost before Kafka."""
ACTOR = Actor(id="clock", role="clock", sites=("*",))


def tick_request(trial_id: str, deadline: datetime, now: datetime) -> Request:
    """The same command for the same deadline, whichever owner asks and however often."""
    command = TimePassed()
    return Request(
        trial_id=trial_id,
        command_id=uuid5(NAMESPACE, f"{trial_id}/{deadline.astimezone(UTC).isoformat()}"),
        digest=digest(canonical(command.model_dump(mode="json"))),
        at=now,
        actor=ACTOR,
        command=command,
    )


def due(ledger: Ledger, next_deadline: NextDeadline, now: datetime) -> Mapping[str, datetime]:
    """The real-clock trials with a deadline behind them. Simulated time is nobody's but theirs."""
    found = {}
    for trial_id, known in ledger.trials.items():
        if known.trial.protocol is None or known.trial.clock != "real" or known.halted:
            continue
        deadline = next_deadline(known.trial)
        if deadline is not None and deadline <= now:
            found[trial_id] = deadline
    return found


class Clock:
    """Sends `TimePassed` into `trial.requests`: a tick takes the same road as everything else."""

    def __init__(self, partitions: int, next_deadline: NextDeadline, producer: Producer) -> None:
        self._partitions = partitions
        self._next_deadline = next_deadline
        self._producer = producer
        self._asked: dict[tuple[str, datetime], float] = {}

    async def tick(self, ledger: Ledger) -> None:
        now = datetime.now(UTC)
        monotonic = time.monotonic()
        self._asked = {k: at for k, at in self._asked.items() if monotonic - at < AGAIN_SECONDS}
        requests = []
        for trial_id, deadline in due(ledger, self._next_deadline, now).items():
            if (trial_id, deadline) not in self._asked:
                self._asked[trial_id, deadline] = monotonic
                requests.append(tick_request(trial_id, deadline, now))
        if requests:
            LOG.info("deadlines behind: %d", len(requests), extra={"partition": ledger.partition})
            await self._producer.send_all(
                [request_message(request, self._partitions) for request in requests]
            )
