"""One run of the demo on a service that is up: tells what is left of the story, and shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from protocols.parse import parse_protocol
from services.demo.picture import picture
from services.demo.screen import Screen
from services.demo.service import Service
from services.demo.story import Story, StoryError, load_story
from services.demo.tell import Listener, tell

STORY = Path("examples/story/story.toml")
LAST_EVENTS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """How a telling went. Steps with differences stop it."""

    as_told: bool
    new_steps: int


def checkout() -> Path:
    """The folder of the project, which has the story."""
    root = Path(__file__).resolve().parents[2]
    if not (root / STORY).is_file():
        raise StoryError(f"{root / STORY} is not there: the demo runs from a clone of the project")
    return root


def shipped_story() -> Story:
    root = checkout()
    return load_story(root / STORY, root)


def run(story: Story, service: Service, console: Console) -> Told:
    """Tells the story to its end, or to the first step that goes otherwise, and draws the trial."""
    zone = parse_protocol(story.protocol_text).time_zone
    screen = Screen(console, story, zone)
    screen.opening()
    told = tell_to(story, zone, service, screen.show)
    if told.as_told and told.new_steps == 0:
        sentence = (
            f"All {len(story.steps)} steps were told before, and the record has them as told."
        )
        console.print(Text(sentence, "green"))
    console.print()
    console.print(picture(service.board(), service.waitlist()))
    _show_published(service.public_events(), console)
    if told.as_told:
        console.print(Text(f"The story of {len(story.steps)} steps went as told.", "bold green"))
    else:
        console.print(Text("The story did NOT go as told; see above.", "bold white on red"))
    return told


def _show_published(events: list[dict[str, Any]], console: Console) -> None:
    """How many public events there are, and the last of them."""
    console.print(Text(f"{len(events)} public events so far, without clinical values; the last:"))
    for event in events[-LAST_EVENTS:]:
        data = {name: value for name, value in event["data"].items() if name != "trial_id"}
        about = ", ".join(f"{name} {value}" for name, value in data.items())
        console.print(Text(f"  {event['id']}  {event['type']}  {about}", "dim"), soft_wrap=True)
    console.print()


def tell_to(story: Story, zone: ZoneInfo, listener: Listener, show: Callable[..., None]) -> Told:
    """Shows each new step, and a step of the record only where it is not as told."""
    new_steps = 0
    for outcome in tell(story, zone, listener):
        new_steps += not outcome.told_before
        if outcome.differences or not outcome.told_before:
            show(outcome)
        if outcome.differences:
            return Told(False, new_steps)
    return Told(True, new_steps)
