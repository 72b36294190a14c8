"""A trial rehearsed in memory: the same decider, one command after another, nothing written."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from immutables import Map

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, AnyCommand, JudgedRequest, utc
from enrollment.decide import decide
from enrollment.events import AnyEvent
from enrollment.trial import Trial, new_trial


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one command came to. `sequence` is none where nothing would be written."""

    sequence: int | None
    at: datetime
    answer: Answer
    events: tuple[AnyEvent, ...]
    repeated: bool = False
    """The same command id again: the stored answer."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Where a rehearsal stands. `answers` keeps digest and answer of each command id."""

    trial: Trial
    next_sequence: int = 0
    steps: int = 0
    answers: Map[UUID, tuple[str, Rehearsed]] = field(default_factory=Map)


def new_rehearsal(trial_id: str) -> Rehearsal:
    return Rehearsal(new_trial(trial_id))


def rehearse(
    so_far: Rehearsal,
    at: datetime,
    actor: Actor,
    command: AnyCommand,
    command_id: UUID | None = None,
) -> tuple[Rehearsal, Rehearsed]:
    """Decides one command as the service would; without an id it gets one from its place."""
    trial_id = so_far.trial.trial_id
    known = command_id or uuid5(NAMESPACE_URL, f"rehearsal/{trial_id}/{so_far.steps}")
    body = digest(canonical(command.model_dump(mode="json")))
    if known in so_far.answers:
        return replace(so_far, steps=so_far.steps + 1), _again(so_far, known, body)
    request = JudgedRequest(
        trial_id=trial_id,
        command_id=known,
        digest=body,
        at=utc(at),
        actor=actor,
        command=command,
    )
    decision = decide(so_far.trial, request)
    moment = max(utc(at), so_far.trial.time)
    written = bool(decision.events)
    sequence = so_far.next_sequence if written else None
    done = Rehearsed(sequence, moment, decision.answer, decision.events)
    answers = so_far.answers.set(known, (body, done)) if written else so_far.answers
    after = Rehearsal(decision.trial, so_far.next_sequence + written, so_far.steps + 1, answers)
    return after, done


def _again(so_far: Rehearsal, command_id: UUID, body: str) -> Rehearsed:
    first_body, first = so_far.answers[command_id]
    if body == first_body:
        return replace(first, events=(), repeated=True)
    answer = Answer(
        outcome="rejected",
        rule="command_id_reused",
        sentence="This command id was used before for another command; nothing was done.",
    )
    return Rehearsed(None, so_far.trial.time, answer, ())
