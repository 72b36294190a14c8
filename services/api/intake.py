"""The way in of every write: once per key for ever, promised only after Kafka acknowledged it."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, AmendForm, AnyCommand, Request, SubmitForm
from services.api.identity import Submission
from services.api.ports import Decided, NotSentError, Ports, UnavailableError
from services.api.problems import OTHER_BODY, UNAVAILABLE, Problem

PENDING_MAX = 100_000
PENDING_SECONDS = 600.0
"""After this an undecided submission counts as unknown: sending again is harmless and is right."""


@dataclass(frozen=True, slots=True)
class _Sent:
    digest: str
    at: float


class Pending:
    """What this process has sent and not yet seen decided; bounded, and lost with the process.

    Lost knowledge is no lost submission: Kafka has it. The caller is told to send again, and the
    command is still decided once.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[UUID, _Sent] = OrderedDict()

    def digest(self, command_id: UUID) -> str | None:
        sent = self._sent.get(command_id)
        if sent is None:
            return None
        if time.monotonic() - sent.at > PENDING_SECONDS:
            del self._sent[command_id]
            return None
        return sent.digest

    def add(self, command_id: UUID, content: str) -> None:
        self._sent[command_id] = _Sent(content, time.monotonic())
        self._sent.move_to_end(command_id)
        if len(self._sent) > PENDING_MAX:
            self._sent.popitem(last=False)

    def drop(self, command_id: UUID) -> None:
        self._sent.pop(command_id, None)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a write so far: decided, or accepted and on its way."""

    submission: Submission
    digest: str
    decided: Decided | None


class Intake:
    """One for the process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.pending = Pending()

    async def submit(
        self, actor: Actor, submission: Submission, command: AnyCommand, at: datetime, wait: int
    ) -> Received:
        """Sends the command unless its answer is known, and waits for it up to `wait` seconds."""
        command_id = submission.command_id
        content = digest(_content(command))
        known = await self._known(submission.trial_id, command_id)
        if known is not None:
            return self._received(submission, content, known)
        sent = self.pending.digest(command_id)
        if sent is not None and sent != content:
            raise _other_body(content, sent)
        await self._send(
            Request(
                trial_id=submission.trial_id,
                command_id=command_id,
                digest=content,
                at=at,
                actor=actor,
                command=command,
            )
        )
        decided = await self._wait(submission.trial_id, command_id, wait)
        return self._received(submission, content, decided)

    async def look(self, submission: Submission) -> Received | None:
        """What is known of a submission; none when it must be sent again."""
        known = await self._ports.trials.answer(submission.trial_id, submission.command_id)
        if known is not None:
            self.pending.drop(submission.command_id)
            return Received(submission, known.digest, known)
        sent = self.pending.digest(submission.command_id)
        return None if sent is None else Received(submission, sent, None)

    async def _known(self, trial_id: str, command_id: UUID) -> Decided | None:
        try:
            return await self._ports.trials.answer(trial_id, command_id)
        except UnavailableError:
            # Without the read side a write is still taken: a repeat is found out by the decider.
            return None

    async def _send(self, request: Request) -> None:
        before = self.pending.digest(request.command_id)
        self.pending.add(request.command_id, request.digest)
        try:
            await self._ports.requests.send(request)
        except BaseException as error:
            if before is None:
                self.pending.drop(request.command_id)
            if not isinstance(error, UnavailableError):
                raise
            raise _not_acknowledged(error) from None

    async def _wait(self, trial_id: str, command_id: UUID, seconds: int) -> Decided | None:
        if seconds == 0:
            return None
        try:
            return await self._ports.trials.wait_for(trial_id, command_id, seconds)
        except UnavailableError:
            return None

    def _received(self, submission: Submission, content: str, decided: Decided | None) -> Received:
        if decided is not None:
            self.pending.drop(submission.command_id)
            if decided.digest != content:
                raise _other_body(content, decided.digest)
        return Received(submission, content, decided)


def _not_acknowledged(error: UnavailableError) -> Problem:
    if isinstance(error, NotSentError):
        detail = f"Nothing was written: {error}."
    else:
        detail = "Kafka has not acknowledged the request; whether it arrived is not known."
    return Problem(UNAVAILABLE, detail, headers={"Retry-After": "2"})


def _content(command: AnyCommand) -> bytes:
    """Its canonical JSON. A form is plain JSON already, and is not walked through."""
    if isinstance(command, SubmitForm | AmendForm):
        said = command.model_dump(mode="json", exclude={"form"})
        return canonical(said | {"form": command.form})
    return canonical(command.model_dump(mode="json"))


def _other_body(content: str, first: str) -> Problem:
    return Problem(
        OTHER_BODY,
        "Nothing was written: this key belongs to a request with another body.",
        digest=content,
        first_digest=first,
    )
