"""Tells a story to a trial, step by step, and compares what comes of it with the story."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from enrollment.commands import Actor
from services.demo.forms import command_of
from services.demo.story import Expect, Step, Story

ROLES: Mapping[str, Actor] = {
    "centre": Actor(id="centre", role="coordinator", sites=("*",)),
    "reviewer": Actor(id="reviewer", role="reviewer", sites=("*",)),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command, and the events that it wrote, as JSON."""

    answer: dict[str, Any]
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step that was told: what came of it, and where that differs from the story."""

    chapter: str | None
    step: Step
    reply: Reply
    differences: tuple[str, ...]
    told_before: bool
    """It was decided in an earlier run; the reply is from the record."""


class Listener(Protocol):
    """A trial that can be told something: over HTTP, or in memory."""

    def send(self, number: int, actor: Actor, at: datetime, command: dict[str, Any]) -> Reply:
        """The answer to the story's step with this number; sent again, the same answer."""
        ...

    def known(self, number: int, actor: Actor) -> Reply | None:
        """The answer to the step if it was sent and decided before."""
        ...

    def data_hash(self) -> str | None:
        """The hash that the review shows which is due, if one is."""
        ...


def actor_of(name: str) -> Actor:
    """`centre`, `reviewer`, or the staff of the site with this id."""
    return ROLES.get(name) or Actor(id=f"{name}-staff", role="site", sites=(name,))


def instant(at: datetime, zone: ZoneInfo) -> datetime:
    """The story's local time as an instant."""
    return at.replace(tzinfo=zone).astimezone(UTC)


def tell(story: Story, zone: ZoneInfo, listener: Listener) -> Iterator[Outcome]:
    """Tells what was not told before; the caller decides whether to go on after a difference."""
    going_on = False
    for number, (chapter, step) in enumerate(story.in_chapters()):
        actor = actor_of(step.by)
        known = None if going_on else listener.known(number, actor)
        going_on = known is None
        reply = known or _sent(story, zone, listener, number, step)
        yield Outcome(chapter, step, reply, differences(step, reply), known is not None)


def _sent(story: Story, zone: ZoneInfo, listener: Listener, number: int, step: Step) -> Reply:
    shown = listener.data_hash() if "data_hash" in step.values else None
    command = command_of(story, step, shown)
    return listener.send(number, actor_of(step.by), instant(step.at, zone), command)


def differences(step: Step, reply: Reply) -> tuple[str, ...]:
    """Sentences on where a reply is not what the story says; none is as it should be."""
    found = [
        f"{name} should be {wanted} and is {got}"
        for name, wanted, got in _compared(step.expect, reply.answer)
        if wanted != got
    ]
    seen = iter(map(event_name, reply.events))
    for wanted in step.then:
        if not any(name == wanted for name in seen):
            told = ", ".join(map(event_name, reply.events)) or "nothing"
            found.append(f"{wanted} should follow in its turn; what followed is {told}")
            break
    return tuple(found)


def event_name(event: dict[str, Any]) -> str:
    """An event in the story's short form: its type and whom or what it is about."""
    about = event.get("subject_id") or event.get("level_id") or event.get("site_id") or ""
    return f"{event['type']} {about}".strip()


def _compared(expect: Expect, answer: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    wanted = expect.model_dump(mode="json", exclude_unset=True)
    for name, value in wanted.items():
        got = answer.get(name)
        if name == "earliest" and value == "null":
            value = None
        if name in ("missing", "deviations"):
            got = [item for item in value if item in (got or ())]
        yield name, value, got
