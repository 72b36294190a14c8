"""Prints a story while it is told: chapter, simulated day, who did what, and what came of it."""

from datetime import date
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from services.demo.story import Story
from services.demo.tell import Outcome
from services.demo.words import OUTCOMES, day_of, reasons, told_events

MARGIN = " " * 9


class Screen:
    """Remembers the day that was printed last, and whom the reader has met already."""

    def __init__(self, console: Console, story: Story, zone: ZoneInfo) -> None:
        self._console = console
        self._story = story
        self._zone = zone
        self._day: date | None = None
        self._met: set[str] = set()

    def opening(self) -> None:
        """The title, and what is real about it."""
        self._console.print()
        self._console.print(Text(self._story.told.title, "bold"))
        self._console.print(
            Text(
                "Simulated days, made-up subjects, illustrative doses and sites. "
                "Every step goes over HTTP, Kafka and Redis.",
                "dim",
            )
        )

    def show(self, outcome: Outcome) -> None:
        """One step; where it differs from the story, that too."""
        if outcome.chapter is not None:
            self._console.print()
            self._console.rule(Text(outcome.chapter, "bold cyan"), align="left", style="cyan")
        at = outcome.step.at
        if at.date() != self._day:
            self._day = at.date()
            self._console.print(Text(day_of(at), "bold"))
        self._console.print(self._what(outcome), soft_wrap=True)
        self._console.print(self._answer(outcome), soft_wrap=True)
        for line in told_events(outcome.reply.events, outcome.reply.answer):
            self._console.print(Text(f"{MARGIN}  → {line}", "cyan"), soft_wrap=True)
        for difference in outcome.differences:
            self._console.print(Text(f"{MARGIN}  NOT AS TOLD: {difference}", "bold white on red"))

    def _what(self, outcome: Outcome) -> Text:
        step = outcome.step
        line = Text(f"  {step.at:%H:%M}  ", "dim")
        line.append(f"{step.by:<9}", "bold")
        if step.subject is not None:
            line.append(f"{step.subject}  ", "bold blue")
        line.append(step.say)
        if step.subject is not None and step.subject not in self._met:
            self._met.add(step.subject)
            line.append(f"  ({self._story.people[step.subject].who})", "dim")
        return line

    def _answer(self, outcome: Outcome) -> Text:
        answer = outcome.reply.answer
        mark, words, colour = OUTCOMES[answer["outcome"]]
        line = Text(f"{MARGIN}{mark} {words}", colour)
        for reason in reasons(answer, self._zone):
            line.append(f" · {reason}", "default")
        return line
