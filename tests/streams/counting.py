"""A decider that only counts, and commands for it: small enough to foresee every record by eye."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, AnyCommand, JudgedRequest, SuspendAssignment, TimePassed
from enrollment.events import AnyEvent, AssignmentSuspended, FormJudged
from enrollment.public_events import public_count
from enrollment.trial import Trial, new_trial
from streams.batch import Command
from streams.ports import Rules

NAMESPACE = UUID("0b0e6b8e-52a4-4f0e-9d8e-3a0b6f0f7a11")
AT = datetime(2027, 2, 22, 15, tzinfo=UTC)
ACTOR = Actor(id="centre", role="coordinator", sites=("*",))


class BoomError(Exception):
    """What the counting decider raises when it is told to."""


@dataclass(frozen=True)
class Counted:
    events: tuple[AnyEvent, ...]
    answer: Answer
    trial: Trial


def count(trial: Trial, request: JudgedRequest) -> Counted:
    """One event for each command; a tick has no effect; the reason `boom` raises."""
    command = request.command
    if isinstance(command, TimePassed):
        return Counted((), Answer(outcome="recorded"), trial)
    assert isinstance(command, SuspendAssignment)
    if command.reason == "boom":
        raise BoomError("this text must not be logged")
    event = AssignmentSuspended(reason=f"{command.reason}, number {trial.slots}")
    after = follow(trial, request.at, (event,))
    return Counted((event,), Answer(outcome="recorded", sentence=event.reason), after)


def follow(trial: Trial, at: datetime, events: tuple[AnyEvent, ...]) -> Trial:
    return replace(trial, slots=trial.slots + len(events), time=max(trial.time, at))


COUNTING = Rules(
    decide=count,
    evolve=follow,
    new_trial=new_trial,
    next_deadline=lambda _: None,
    public_count=public_count,
)


def request(
    trial_id: str, number: int, reason: str | None = None, *, at: datetime = AT
) -> JudgedRequest:
    """The command with this number in a trial; another reason is another digest."""
    command = SuspendAssignment(reason=reason or f"command {number}")
    return _request(trial_id, number, command, at)


def tick(trial_id: str, number: int) -> JudgedRequest:
    return _request(trial_id, number, TimePassed(), AT)


def _request(trial_id: str, number: int, command: AnyCommand, at: datetime) -> JudgedRequest:
    return JudgedRequest(
        trial_id=trial_id,
        command_id=command_id(trial_id, number),
        digest=digest(canonical(command.model_dump(mode="json"))),
        at=at,
        actor=ACTOR,
        command=command,
    )


def command_id(trial_id: str, number: int) -> UUID:
    return uuid5(NAMESPACE, f"{trial_id}/{number}")


def command(request: JudgedRequest, received_at: datetime = AT) -> Command:
    return Command(request, received_at)


def judged_form(form: Mapping[str, Any], verdict: Mapping[str, Any]) -> FormJudged:
    """A form's event, of a subject whose first form was eligible."""
    return FormJudged(
        subject_id="P1",
        site_id="S1",
        phase=1,
        why="submitted",
        outcome="eligible",
        met=(1,),
        reviews=(),
        completed_on=date(2027, 2, 22),
        consented_on=None,
        form=form,
        verdict=verdict,
    )


def mended(trial, judged):  # type: ignore[no-untyped-def]
    """The same decider with its error mended."""
    command = judged.command
    if command.reason == "boom":
        judged = judged.model_copy(
            update={"command": command.model_copy(update={"reason": "mended"})}
        )
    found: Counted = count(trial, judged)
    return found


MENDED = replace(COUNTING, decide=mended)
