"""What the stages need of the rules: plain functions, given in one place (`worker`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enrollment.answer import Answer
from enrollment.commands import JudgedRequest
from enrollment.events import AnyEvent
from enrollment.trial import Trial


class Decided(Protocol):
    """A decision: its events (none: nothing is written), the answer, and the trial after."""

    @property
    def events(self) -> tuple[AnyEvent, ...]: ...

    @property
    def answer(self) -> Answer: ...

    @property
    def trial(self) -> Trial:
        """The trial with these events, exactly as `Rules.evolve` gives it on replay."""
        ...


Decide = Callable[[Trial, JudgedRequest], Decided]
Evolve = Callable[[Trial, datetime, tuple[AnyEvent, ...]], Trial]
NewTrial = Callable[[str], Trial]
NextDeadline = Callable[[Trial], datetime | None]
PublicCount = Callable[[tuple[AnyEvent, ...], str], int]
"""How many public events the events of a decision of that trial give."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The decider as the owner of a partition uses it."""

    decide: Decide
    evolve: Evolve
    new_trial: NewTrial
    next_deadline: NextDeadline
    public_count: PublicCount
