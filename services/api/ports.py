"""What the API needs of the streams: somewhere to write requests, and the trials as they are."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from enrollment.answer import Answer
from enrollment.commands import Request
from enrollment.trial import Trial
from streams.record import Record


class UnavailableError(Exception):
    """Kafka or Redis cannot be reached; whether the last request arrived is not known."""


class NotSentError(UnavailableError):
    """The request was not sent: nothing was written. The message says why."""


class NotShownError(UnavailableError):
    """Redis lacks what it must show, and is being repaired; the message says what."""


class Decided(Protocol):
    """The answer that a command was given, where it stands in the log, the digest it had."""

    @property
    def sequence(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def at(self) -> datetime: ...

    @property
    def answer(self) -> Answer: ...


class Requests(Protocol):
    """Returns after Kafka has acknowledged the request.

    Raises `NotSentError` when nothing was sent, another `UnavailableError` when unsure.
    """

    async def send(self, request: Request) -> None: ...

    def ready(self) -> bool: ...

    def started(self) -> bool: ...

    def refused(self) -> str | None:
        """Why Kafka does not let us in, with the setting; none for an outage, or when it does."""
        ...


class Listed(Protocol):
    """Trials by id; `complete` when a worker says just now that there are no others."""

    @property
    def trial_ids(self) -> tuple[str, ...]: ...

    @property
    def complete(self) -> bool: ...


class Trials(Protocol):
    """The read side: folded trials, stored answers, records; may be a moment behind the log."""

    async def ready(self) -> bool: ...

    def refused(self) -> str | None:
        """As of Kafka, as found by the last `ready`."""
        ...

    async def trial(self, trial_id: str) -> Trial | None: ...

    def sequence(self, trial_id: str) -> int: ...

    async def rebuilding(self, trial_id: str) -> bool: ...

    async def answer(self, trial_id: str, command_id: UUID) -> Decided | None: ...

    async def wait_for(self, trial_id: str, command_id: UUID, timeout: float) -> Decided | None: ...

    async def records(self, trial_id: str, after: int = -1, limit: int = 500) -> list[Record]: ...

    def subscribe(self, trial_id: str, after: int = -1) -> AsyncIterator[Record]: ...

    async def judged(self, trial_id: str, subject_id: str) -> Record | None: ...

    async def list_trials(self) -> Listed: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that reaches outside, given by the entry point (or by a test)."""

    requests: Requests
    trials: Trials
    now: Callable[[], datetime]
    """The only clock of the API: it stamps `at` on receipt, in UTC."""
