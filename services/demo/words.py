"""What a person reads of an answer and the events behind it: short, in the field's words."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

OUTCOMES: Mapping[str, tuple[str, str, str]] = {
    "slot_reserved": ("●", "place reserved", "bold green"),
    "held": ("◐", "place held", "green"),
    "waitlisted": ("◌", "waits", "yellow"),
    "ineligible": ("✕", "ineligible", "red"),
    "incomplete": ("?", "incomplete", "magenta"),
    "needs_review": ("§", "a person must decide", "magenta"),
    "recorded": ("✓", "recorded", "green"),
    "refused": ("⊘", "refused", "bold red"),
    "rejected": ("⊘", "rejected", "bold red"),
}
"""Outcome -> mark, words, colour."""

EVENTS: Mapping[str, str] = {
    "AssignmentSuspended": "assignment is suspended: {reason}",
    "AssignmentResumed": "assignment resumes",
    "LevelOpened": "level {level_id} is open",
    "LevelExpanded": "level {level_id} takes up to {target}",
    "LevelStopped": "level {level_id} is stopped",
    "ReviewDue": "a review is due at {level_id}: {dlts} DLT in {evaluable} evaluable, "
    "recommended: {recommendation} {recommended_level_id}",
    "ReviewLapsed": "the review at {level_id} is no longer due",
    "MtdDeclared": "the MTD is {level_id}",
    "NoTolerableDoseDeclared": "no dose is tolerable",
    "Rp2dDeclared": "the recommended Phase II dose is {level_id}",
    "PhaseClosed": "Phase {roman} is closed",
    "PhaseOpened": "Phase {roman} is open at {level_id}",
    "PhaseStopped": "Phase {roman} is stopped",
    "SlotReserved": "{subject_id} has a place at {level_id}",
    "SlotFlagged": "{subject_id} is flagged",
    "FlagLifted": "{subject_id} is flagged no more",
    "PassedOver": "{subject_id} is passed over and keeps the place on the list: {sentence}",
    "LeftWaitlist": "{subject_id} is off the waitlist: {sentence}",
    "SlotReleased": "{subject_id} gave the place back",
    "SlotExpired": "the place of {subject_id} has expired",
    "SlotRecalled": "the place of {subject_id} is recalled; first on the waitlist now",
    "SubjectNotEvaluable": "{subject_id} is not evaluable and will be replaced",
    "OutcomeReopened": "the window of {subject_id} is open again",
    "DeathRecorded": "the death of {subject_id} is recorded",
}
"""Event type -> what a reader is told. Other events say no more than the answer does."""

_WRITTEN: Mapping[str, str] = {
    "mtd": "MTD",
    "de_escalate": "de-escalate to",
    "escalate": "escalate to",
    "stay": "re-open",
    "no_tolerable_dose": "no tolerable dose",
}
"""Recommendations as they stand in a sentence."""


def told_events(events: tuple[dict[str, Any], ...], answer: dict[str, Any]) -> Iterator[str]:
    """One line for each event that tells more than the answer."""
    for event in events:
        line = EVENTS.get(event["type"])
        if line is None or _said_already(event, answer):
            continue
        roman = "I" * event["phase"] if "phase" in event else ""
        yield line.format(roman=roman, **{k: plain(v) for k, v in event.items()}).strip()


def reasons(answer: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """Level, position, rule with its sentence, dates: whatever the answer has of them."""
    if answer.get("level_id") and answer["outcome"] in ("slot_reserved", "held"):
        yield _place(answer)
    if answer.get("position"):
        yield f"number {answer['position']} on the waitlist"
    if answer.get("rule"):
        yield f"[{answer['rule']}] {answer.get('sentence') or ''}".rstrip()
    elif answer.get("sentence"):
        yield str(answer["sentence"])
    if answer.get("missing"):
        yield "missing: " + ", ".join(answer["missing"])
    if answer.get("deviations"):
        yield "against the rules: " + ", ".join(answer["deviations"])
    yield from _dates(answer, zone)


def _dates(answer: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    if answer.get("expires_at") and answer["outcome"] == "slot_reserved":
        yield f"until {_local(answer['expires_at'], zone)}"
    if answer.get("dose_not_before"):
        yield f"no dose before {_day(answer['dose_not_before'])}"
    if answer.get("earliest"):
        about = f" ({answer['anchor'].replace('_', ' ')})" if answer.get("anchor") else ""
        yield f"earliest {_day(answer['earliest'])}{about}"
    elif answer["outcome"] == "waitlisted" and answer.get("rule"):
        yield "no date can be known: people decide"


def day_of(at: datetime) -> str:
    """A simulated day as people write it."""
    return f"{at:%a} {at.day} {at:%B %Y}"


def _place(answer: dict[str, Any]) -> str:
    phase = "Phase II, " if answer.get("phase") == 2 else ""
    return f"{phase}level {answer['level_id']}"


def _said_already(event: dict[str, Any], answer: dict[str, Any]) -> bool:
    """The place of the subject whom the answer is about, when that is the answer."""
    whose: str = event.get("subject_id") or ""
    return (
        event["type"] == "SlotReserved"
        and answer["outcome"] == "slot_reserved"
        and whose == answer.get("subject_id")
    )


def plain(value: object) -> str:
    """A value as it stands in a sentence; nothing for none."""
    if value is None:
        return ""
    return _WRITTEN.get(str(value), str(value))


def _day(text: str) -> str:
    return day_of(datetime.combine(date.fromisoformat(text), datetime.min.time()))


def _local(text: str, zone: ZoneInfo) -> str:
    at = datetime.fromisoformat(text).astimezone(zone)
    return f"{day_of(at)}, {at:%H:%M}"
