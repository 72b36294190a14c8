"""What would follow: the trial's own decider asked about something that nobody has sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, AnyCommand, JudgedRequest
from enrollment.decide import decide
from enrollment.events import AnyEvent
from enrollment.trial import Trial

NOBODYS = UUID(int=0)
"""The id of a command that is never sent."""


@dataclass(frozen=True, slots=True)
class WouldFollow:
    """Never written anywhere: `trial` is the state as it would be."""

    answer: Answer
    events: tuple[AnyEvent, ...]
    trial: Trial


def would_follow(trial: Trial, actor: Actor, command: AnyCommand, at: datetime) -> WouldFollow:
    """What the command would bring, were it decided on this state at this instant."""
    request = JudgedRequest(
        trial_id=trial.trial_id,
        command_id=NOBODYS,
        digest=digest(canonical(command.model_dump(mode="json"))),
        at=at,
        actor=actor,
        command=command,
    )
    decision = decide(trial, request)
    return WouldFollow(decision.answer, tuple(decision.events), decision.trial)
