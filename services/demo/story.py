"""A trial told as data: who does what on which simulated day, and what must come of it."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from enrollment.answer import Outcome
from enrollment.commands import Id, Model, Text


class StoryError(Exception):
    """The story file cannot be told; the message names the place."""


class Expect(Model):
    """What must come of a step; what is not named may be anything. `null` is no date at all."""

    outcome: Outcome
    rule: str | None = None
    level_id: Id | None = None
    phase: int | None = None
    position: int | None = None
    earliest: date | Literal["null"] | None = None
    dose_not_before: date | None = None
    missing: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


class Step(Model):
    """One command. `at` is local time of the trial; `change` is merged into the subject's form."""

    at: datetime
    by: str
    say: Text
    do: str
    subject: Id | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    change: dict[str, Any] = Field(default_factory=dict)
    expect: Expect
    then: tuple[str, ...] = ()
    """Events that must follow, each as type and subject or level: `SlotExpired S1-002`."""


class Chapter(Model):
    title: Text
    steps: tuple[Step, ...]


class Person(Model):
    """A made-up subject: a line about them, and what differs from the story's form."""

    id: Id
    site: Id
    who: Text
    change: dict[str, Any] = Field(default_factory=dict)


class Told(Model):
    """The whole file, as written."""

    title: Text
    trial_id: Id
    protocol: str
    form: str
    subjects: tuple[Person, ...]
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A story with what it names: the protocol's text, and the form that all start from."""

    told: Told
    protocol_text: str
    form: dict[str, Any]

    @property
    def people(self) -> dict[str, Person]:
        return {person.id: person for person in self.told.subjects}

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for chapter in self.told.chapters for step in chapter.steps)

    def in_chapters(self) -> Iterator[tuple[str | None, Step]]:
        """Each step, with the title of its chapter where one begins."""
        for chapter in self.told.chapters:
            for number, step in enumerate(chapter.steps):
                yield (chapter.title if number == 0 else None), step


_TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def load_story(path: Path, root: Path) -> Story:
    """Reads a story; files that it names lie below `root`. Subjects and order are checked."""
    try:
        told = _TOLD.validate_json(
            json.dumps(tomllib.loads(path.read_text("utf-8")), default=_text)
        )
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise StoryError(f"{path}: {error}") from error
    story = Story(
        told,
        (root / told.protocol).read_text("utf-8"),
        json.loads((root / told.form).read_text("utf-8")),
    )
    _check(story, path)
    return story


def _check(story: Story, path: Path) -> None:
    people = story.people
    before: datetime | None = None
    for step in story.steps:
        if step.subject is not None and step.subject not in people:
            raise StoryError(f"{path}: {step.at}: nobody is called {step.subject}")
        if before is not None and step.at < before:
            raise StoryError(f"{path}: {step.at} is told after {before}: time only goes forward")
        before = step.at


def _text(value: object) -> str:
    assert isinstance(value, date | datetime), f"TOML gave {type(value)}"
    return value.isoformat()
