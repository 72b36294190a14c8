"""Every error of the API as problem details (RFC 9457); the table is also the public catalogue.

One principle: a status of 400 or more means that nothing was written. What the trial decided, a
refusal too, is an answer and comes with 200.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error: its name in `type`, status, title, and what the caller can do."""

    name: str
    status: int
    title: str
    mend: str

    @property
    def type(self) -> str:
        return f"/v1/problems/{self.name}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a JSON pointer, or a parameter), which rule, the mend."""

    rule: str
    mend: str
    pointer: str | None = None
    parameter: str | None = None

    def to_json(self) -> dict[str, str]:
        place = {"pointer": self.pointer} if self.parameter is None else {}
        named = {"parameter": self.parameter} if self.parameter is not None else {}
        found: dict[str, str | None] = {**place, **named, "rule": self.rule, "mend": self.mend}
        return {key: value for key, value in found.items() if value is not None}


class Problem(Exception):
    """Raised anywhere below a route; becomes the response. Never carries what the caller sent."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.more = more


def problem_response(problem: Problem, instance: str | None = None) -> Response:
    """The response; `instance` names this one occurrence, and is what the server's log shows."""
    body: dict[str, Any] = {
        "type": problem.kind.type,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "instance": instance or uuid4().urn,
        "errors": [fault.to_json() for fault in problem.faults],
        **problem.more,
    }
    return Response(orjson.dumps(body), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


BAD_JSON = Kind("json.malformed", 400, "The body is not JSON", "Mend the JSON and send again.")
NO_KEY = Kind(
    "idempotency_key.missing",
    400,
    "A write needs an Idempotency-Key",
    "Choose a fresh opaque key for each new write, and the same key when you repeat one.",
)
BAD_KEY = Kind(
    "idempotency_key.malformed",
    400,
    "The Idempotency-Key cannot be used",
    "Use 1 to 128 letters, digits, dots, underscores, colons or hyphens; never personal data.",
)
NO_ACTOR = Kind(
    "actor.unknown",
    401,
    "Nobody is signed in",
    "Send `Authorization: Bearer <token>` with a token that the server knows.",
)
NOT_THIS_ROLE = Kind(
    "actor.role",
    403,
    "This role may not do that",
    "Ask somebody whose role may; the routes and their roles are in docs/api.md.",
)
NOT_THIS_SITE = Kind(
    "actor.site", 403, "This site is not yours", "Act for a site that your token names."
)
NO_ROUTE = Kind("route.unknown", 404, "There is nothing at this address", "See /openapi.json.")
NO_TRIAL = Kind(
    "trial.unknown",
    404,
    "There is no such trial",
    "Check the id; a trial begins when its first protocol is adopted.",
)
NO_SUBJECT = Kind(
    "subject.unknown",
    404,
    "There is no such subject at your site",
    "Check the id; a subject begins with its first form or consent.",
)
NO_VERDICT = Kind(
    "verdict.unknown",
    404,
    "No form of this subject has been judged",
    "Submit a form; consent alone brings no verdict.",
)
NO_SUBMISSION = Kind(
    "submission.unknown",
    404,
    "Unknown: send again with the same key",
    "Send the same request again with the same key; it is decided once, however often it is sent.",
)
BAD_METHOD = Kind(
    "method.not_allowed", 405, "This address has no such method", "See the Allow header."
)
TOO_SLOW = Kind(
    "request.too_slow",
    408,
    "The request did not arrive in time",
    "Send it again with the same key, at once and whole; the limits are in docs/api.md.",
)
TOO_LARGE = Kind("body.too_large", 413, "The body is too large", "Send less.")
NOT_JSON = Kind(
    "body.media_type", 415, "The body must be JSON", "Send `Content-Type: application/json`."
)
HEAD_TOO_LARGE = Kind(
    "headers.too_large", 431, "Address and headers are too large", "Send fewer and shorter headers."
)
BAD_HTTP = Kind(
    "request.unreadable", 400, "This is not HTTP", "Speak HTTP/1.1; check what stands in between."
)
INVALID = Kind(
    "request.invalid",
    422,
    "The request breaks rules of its shape",
    "Mend each of `errors` and send again, with a new key if this one was accepted before.",
)
OTHER_BODY = Kind(
    "idempotency_key.reused",
    422,
    "The key was used for another body",
    "Use a fresh key for a new wish; to repeat the old one, send its very body.",
)
NO_PROTOCOL = Kind(
    "protocol.none", 409, "No protocol is in force", "Adopt a protocol for this trial first."
)
REAL_CLOCK = Kind(
    "clock.real",
    422,
    "The trial has a real clock",
    "Leave `Holdfast-At` out; only trials with a simulated clock are told the time.",
)
TOO_MANY_STREAMS = Kind(
    "streams.too_many", 429, "Too many live streams", "Close one, then connect again."
)
TOO_MANY_WRITES = Kind(
    "writes.too_many",
    429,
    "Too many writes",
    "Wait as long as Retry-After says, then send again with the same key.",
)
OUR_FAULT = Kind(
    "server.error",
    500,
    "Something went wrong here",
    "Send again with the same key; if it stays, tell the operator the `instance`.",
)
UNAVAILABLE = Kind(
    "server.unavailable",
    503,
    "A part of the service cannot be reached",
    "Wait as long as Retry-After says, then send again with the same key: nothing is done twice.",
)
NOT_SHOWN = Kind(
    "trial.not_shown",
    503,
    "The trial cannot be shown yet, or is not known here yet",
    "Wait as long as Retry-After says, then send again: what is read is made anew of the record.",
)

PROBLEMS: tuple[Kind, ...] = (
    BAD_HTTP,
    BAD_JSON,
    NO_KEY,
    BAD_KEY,
    NO_ACTOR,
    NOT_THIS_ROLE,
    NOT_THIS_SITE,
    NO_ROUTE,
    NO_TRIAL,
    NO_SUBJECT,
    NO_VERDICT,
    NO_SUBMISSION,
    BAD_METHOD,
    TOO_SLOW,
    NO_PROTOCOL,
    TOO_LARGE,
    NOT_JSON,
    INVALID,
    OTHER_BODY,
    REAL_CLOCK,
    TOO_MANY_STREAMS,
    TOO_MANY_WRITES,
    HEAD_TOO_LARGE,
    OUR_FAULT,
    UNAVAILABLE,
    NOT_SHOWN,
)
