"""What a caller is told of a write: decided with its outcome, or pending with where to look."""

from datetime import date
from typing import Any, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from enrollment.answer import Outcome
from services.api.intake import Received
from services.api.views import RENAMED, instant

RETRY_AFTER = "1"


class Answered(BaseModel):
    """A decided submission. Its status is 200 whatever the outcome: the service worked.

    `refused`: a rule said no, see `rule`, `sentence`, `earliest_on`. `rejected`: the request does
    not fit the trial (an unknown subject), and nothing else changed. Keys without a value are left
    out; `earliest_on` is left out where no date can be known.
    """

    model_config = ConfigDict(extra="forbid")

    status: Literal["decided"]
    submission_id: str
    trial_id: str
    digest: str
    """SHA-256 of the command as received, in canonical JSON."""
    sequence: int
    """Where the decision stands in the trial's log."""
    at: AwareDatetime
    outcome: Outcome
    subject_id: str | None = None
    rule: str | None = None
    sentence: str | None = None
    earliest_on: date | None = None
    anchor: str | None = None
    phase: int | None = None
    level_id: str | None = None
    slot_id: str | None = None
    expires_at: AwareDatetime | None = None
    dose_not_before_on: date | None = None
    position: int | None = None
    missing: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


class PendingSubmission(BaseModel):
    """Accepted: Kafka has it on every in-sync replica. Look again at `location`."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["pending"]
    submission_id: str
    trial_id: str
    digest: str
    location: str


def answer_json(received: Received) -> dict[str, Any]:
    """The body of a 200 or a 202."""
    submission, decided = received.submission, received.decided
    head = {
        "status": "pending" if decided is None else "decided",
        "submission_id": submission.id,
        "trial_id": submission.trial_id,
        "digest": received.digest,
    }
    if decided is None:
        return head | {"location": submission.location}
    told = decided.answer.model_dump(mode="json", exclude_defaults=True)
    renamed = {RENAMED.get(key, key): value for key, value in told.items()}
    return head | {"sequence": decided.sequence, "at": instant(decided.at)} | renamed


def answer_response(received: Received, waited: int = 0) -> Response:
    """200 with the outcome, or 202 with Location and Retry-After."""
    headers = {"Cache-Control": "no-store"}
    if waited:
        headers["Preference-Applied"] = f"wait={waited}"
    status = 200
    if received.decided is None:
        status = 202
        headers |= {"Location": received.submission.location, "Retry-After": RETRY_AFTER}
    body = orjson.dumps(answer_json(received))
    return Response(body, status, headers, media_type="application/json")
