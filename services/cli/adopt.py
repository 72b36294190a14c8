"""Sends a signed adoption of a protocol to a running service, and reads its answer."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is signed: the whole text for one trial; `key` makes it safe to send again."""

    trial_id: str
    text: str
    clock: str
    meaning: str
    key: str
    at: str | None = None
    """The moment, in trials with a simulated clock; none leaves it to the service."""


@dataclass(frozen=True, slots=True)
class Answered:
    """`done`: the protocol is in force. `final`: sending it again with the same key is no use."""

    done: bool
    final: bool
    sentence: str


def send(adoption: Adoption, url: str, token: str) -> Answered:
    """Posts the adoption and waits for the decision; every failure is an answer, never a trace."""
    if not url.startswith(("http://", "https://")):
        return Answered(False, True, f"The address {url} must begin with http:// or https://.")
    request = Request(
        f"{url.rstrip('/')}/v1/trials/{quote(adoption.trial_id, safe='')}/protocol",
        data=json.dumps(
            {"text": adoption.text, "clock": adoption.clock, "meaning": adoption.meaning}
        ).encode("utf-8"),
        method="POST",
        headers=_headers(adoption, token),
    )
    try:
        with urlopen(request, timeout=WAIT_SECONDS + 10) as response:
            return _decided(response.status, _body(response.read()))
    except HTTPError as error:
        return _failed(error.code, _body(error.read()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Answered(False, False, f"No answer from {url}: {reason}. Is the service up?")


def _headers(adoption: Adoption, token: str) -> dict[str, str]:
    moment = {} if adoption.at is None else {"Holdfast-At": adoption.at}
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": adoption.key,
        "Prefer": f"wait={WAIT_SECONDS}",
        **moment,
    }


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _decided(status: int, body: dict[str, Any]) -> Answered:
    if status == 202:
        where = body.get("location", "the submission")
        return Answered(False, False, f"Received, not decided yet: look at {where}.")
    outcome = body.get("outcome", "")
    sentence = str(body.get("sentence") or f"The service answered: {outcome or status}.")
    return Answered(outcome == "recorded", True, sentence)


def _failed(status: int, body: dict[str, Any]) -> Answered:
    """Problem details (RFC 9457): title and detail, then each error with its mend."""
    parts = [str(body[key]) for key in ("title", "detail") if body.get(key)]
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            parts.append(f"{error.get('rule', '')}. Mend: {error.get('mend', '')}")
    said = "\n  ".join(parts) or "no reason given"
    return Answered(False, 400 <= status < 500, f"The service refused it ({status}): {said}")
