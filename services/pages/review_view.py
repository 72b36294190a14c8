"""The cohort review before it is signed: the data it rests on, and what each choice would open."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enrollment.commands import Actor, SignReview
from enrollment.events import DltRecorded, ToxicityRecorded
from enrollment.standing import explained
from enrollment.trial import Level, Review, Trial
from services.pages.charts.marks import WORDS, shape_of
from services.pages.event_words import as_reported
from services.pages.hypothetical import Follows, follows
from services.pages.tallies import Toxicities

DECISIONS = {
    "escalate": "Escalate to",
    "stay": "Stay at",
    "de_escalate": "De-escalate to",
    "mtd": "Declare the MTD:",
    "no_tolerable_dose": "Declare that no dose is tolerable",
}
MEANING = (
    "I have reviewed the safety data of every level listed here and sign this decision of the "
    "cohort review."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision that could be signed; `value` is what the form sends."""

    value: str
    words: str
    recommended: bool
    needs_reason: bool
    follows: Follows


@dataclass(frozen=True, slots=True)
class LevelData:
    level_id: str
    evaluable: int
    dlts: int
    pending: int
    reserved: int
    subjects: tuple[dict[str, Any], ...]


def level_data(trial: Trial, today: date, reports: Toxicities) -> tuple[LevelData, ...]:
    """Every opened level with every dosed subject, the lowest first: what the hash rests on.

    With every toxicity as it was reported, which the design does not count by.
    """
    return tuple(_level(trial, level, today, reports) for level in trial.levels if level.opened)


def _level(trial: Trial, level: Level, today: date, reports: Toxicities) -> LevelData:
    counts = level.counts
    subjects = []
    for subject_id in level.dosed:
        slot = trial.subjects[subject_id].slot
        if slot is not None:
            subjects.append(
                {
                    "subject_id": subject_id,
                    "words": WORDS[shape_of(slot, today)],
                    "slot": slot,
                    "reports": [_report(event) for event in reports.of(subject_id)],
                }
            )
    return LevelData(
        level.level_id,
        counts.evaluable,
        counts.dlts,
        counts.pending,
        counts.reserved,
        tuple(subjects),
    )


def _report(event: DltRecorded | ToxicityRecorded) -> dict[str, Any]:
    """One toxicity as it was reported."""
    counted = isinstance(event, DltRecorded)
    late = isinstance(event, ToxicityRecorded) and event.late
    return {
        "kind": "DLT" if counted else "late toxicity" if late else "toxicity",
        "event": event,
        "more": as_reported(event),
    }


def choices(trial: Trial, review: Review, now: datetime) -> tuple[Choice, ...]:
    """Each decision at each level that the rules would take now, the recommended one first.

    Found by asking the decider itself; what it refuses is left out.
    """
    signer = Actor(id="whoever signs", role="reviewer", sites=("*",))
    found = []
    for decision in DECISIONS:
        for level_id in _levels(trial, review, decision):
            command = _command(review, decision, level_id)
            would = follows(trial, signer, command, now)
            if would.answer.outcome != "recorded":
                continue
            named = level_id or (review.level_id if decision == "stay" else "")
            recommended = decision == review.recommendation and (
                level_id == review.recommended_level_id or decision == "stay"
            )
            reopens = recommended and decision == "stay"
            words = f"{'Re-open' if reopens else DECISIONS[decision]} {named}".strip()
            value = f"{decision}:{level_id or ''}"
            bare = follows(trial, signer, command.model_copy(update={"reason": None}), now)
            found.append(Choice(value, words, recommended, _refused(bare), would))
    return tuple(sorted(found, key=lambda choice: not choice.recommended))


def _refused(would: Follows) -> bool:
    return would.answer.outcome == "refused"


def _levels(trial: Trial, review: Review, decision: str) -> tuple[str | None, ...]:
    if decision in ("stay", "no_tolerable_dose"):
        return (None,)
    return tuple(level.level_id for level in trial.levels)


def _command(review: Review, decision: str, level_id: str | None) -> SignReview:
    return SignReview.model_validate(
        {
            "decision": decision,
            "level_id": level_id,
            "data_hash": review.data_hash,
            "reason": "To see what would follow.",
            "meaning": MEANING,
        }
    )


def reason_of_design(trial: Trial, today: date) -> str:
    """Why the design asks for what it asks for; why a signature is due where it would go on."""
    said = explained(trial, today)
    review = trial.review
    if review is not None and review.recommendation == "stay":
        return f"{said.rstrip('.')}. It was stopped, and only a signature opens it again."
    return said
