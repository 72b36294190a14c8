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
from services.pages.event_words import sentence

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


@dataclass(frozen=True, slots=True)
class Follows:
    """What would follow, in words: events about others than one's own sites are left out."""

    answer: Answer
    sentences: tuple[str, ...]


def follows(trial: Trial, actor: Actor, command: AnyCommand, at: datetime) -> Follows:
    """What the command would bring now, as far as the actor may know it."""
    found = would_follow(trial, actor, command, at)
    zone = str(trial.in_force.time_zone)
    own = (event for event in found.events if actor.may_touch(_site_of(event, actor)))
    return Follows(found.answer, tuple(sentence(event, zone) for event in own))


def _site_of(event: AnyEvent, actor: Actor) -> str:
    """The site that an event is about; of one about the whole trial, any that the actor has."""
    return getattr(event, "site_id", None) or (actor.sites[0] if actor.sites else "")
