"""What a reader sees: of its own sites only, dates named `*_on`, instants in UTC with `Z`."""

from datetime import UTC, datetime
from typing import Any, Literal, get_args

import orjson
from starlette.responses import Response

from cohorts.slots import SlotState
from enrollment.board import board, subject_state, subject_view
from enrollment.commands import Actor
from enrollment.confirming import confirmed, judged_digest
from enrollment.trial import Subject, Trial
from streams.record import Record

SubjectState = Literal[
    "consented",
    "eligible_without_slot",
    "ineligible",
    "incomplete",
    "needs_review",
    "waitlisted",
    "withdrawn",
    "held",
    "reserved",
    "authorised",
    "dosed",
    "cleared",
    "dlt",
    "not_evaluable",
    "released",
    "expired",
    "recalled",
]
"""Every word that `enrollment.board.subject_state` can say."""
assert set(get_args(SlotState)) <= set(get_args(SubjectState))

RENAMED = {
    "earliest": "earliest_on",
    "dose_not_before": "dose_not_before_on",
    "authorised_for": "authorised_for_on",
}


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def json_bytes(value: Any) -> bytes:
    """Instants get `Z`; dates and instants may stand in `value` as such."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def json_response(value: Any) -> Response:
    """A read: never kept by a cache, for what it shows may be about a subject."""
    headers = {"Cache-Control": "no-store"}
    return Response(json_bytes(value), 200, headers, media_type="application/json")


def renamed(value: Any) -> Any:
    """The same JSON with dates named as the API names them."""
    if isinstance(value, dict):
        return {RENAMED.get(key, key): renamed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value


def visible(actor: Actor, trial: Trial, subject_id: str) -> Subject | None:
    """The subject if the actor may see it. Another site's subject is as good as unknown."""
    subject = trial.subjects.get(subject_id)
    if subject is None or not actor.may_touch(subject.site_id):
        return None
    return subject


def subject_json(trial: Trial, subject: Subject, now: datetime) -> dict[str, Any]:
    """One subject, and which findings a signed decision could settle.

    Where the protocol asks for it: what an investigator would confirm, and whether one has.
    """
    shown: dict[str, Any] = renamed(subject_view(trial, subject, now))
    shown["completed_on"] = subject.completed_on
    shown["consented_on"] = subject.consented_on
    shown["reviews"] = [
        {"phase": phase, "criterion_id": criterion_id} for phase, criterion_id, _ in subject.reviews
    ]
    if trial.in_force.assignment.confirm_eligibility:
        shown["confirmation"] = {
            "judged": judged_digest(trial, subject),
            "confirmed": confirmed(trial, subject),
        }
    return shown


def board_json(trial: Trial, now: datetime, actor: Actor) -> dict[str, Any]:
    """The board. Who may not see a site sees neither its subjects nor its reservations."""
    shown: dict[str, Any] = renamed(board(trial, now))
    if trial.protocol is None or "*" in actor.sites:
        return shown
    for level in shown["phase1"]["levels"]:
        level["subjects"] = _own(level["subjects"], actor)
    shown["phase2"]["reservations"] = _own(shown["phase2"]["reservations"], actor)
    shown["sites"] = _own(shown["sites"], actor)
    return shown


def _own(items: list[dict[str, Any]], actor: Actor) -> list[dict[str, Any]]:
    return [item for item in items if actor.may_touch(item["site_id"])]


def state_of(subject: Subject) -> str:
    return subject_state(subject)


def record_json(record: Record, actor: Actor) -> dict[str, Any] | None:
    """A record of the log with its hash. Of another site's records nothing is shown at all.

    Whoever may see all sites gets it as stored, so that the chain can be verified from it.
    """
    plain: dict[str, Any] = orjson.loads(record.stored)
    if "*" in actor.sites:
        return {"hash": record.hash, "record": plain}
    events = [
        event for event in plain["events"] if actor.may_touch(str(event.get("site_id") or ""))
    ]
    if not events:
        return None
    return {
        "hash": record.hash,
        "record": {
            "trial": plain["trial"],
            "sequence": plain["sequence"],
            "at": plain["at"],
            "protocol": plain["protocol"],
            "events": events,
        },
    }
