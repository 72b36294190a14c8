"""The answer to a command, one of a closed set; stored with it and given again on repeats."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from pydantic import AwareDatetime

from eligibility.verdict import Outcome as Judged
from enrollment.commands import Id, Model

Outcome = Literal[
    "slot_reserved",
    "waitlisted",
    "ineligible",
    "incomplete",
    "needs_review",
    "held",
    "recorded",
    "refused",
    "rejected",
]
NOT_ELIGIBLE: Final[Mapping[Judged, Outcome]] = {
    Judged.INELIGIBLE: "ineligible",
    Judged.INCOMPLETE: "incomplete",
    Judged.NEEDS_REVIEW: "needs_review",
}
"""What is told of a verdict that lets nobody in."""


class Answer(Model):
    """What the caller is told. `earliest` is null where no date can be known (R17)."""

    outcome: Outcome
    subject_id: Id | None = None
    rule: str | None = None
    sentence: str | None = None
    earliest: date | None = None
    anchor: str | None = None
    """Which date `earliest` is about, for eligibility: registration, enrolment, ..."""
    phase: int | None = None
    level_id: Id | None = None
    slot_id: str | None = None
    expires_at: AwareDatetime | None = None
    dose_not_before: date | None = None
    position: int | None = None
    missing: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    """The rules that a recorded fact went against."""
