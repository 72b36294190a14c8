"""A running service that a story is told to, over HTTP as any client would."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from enrollment.commands import Actor
from services.api.identity import Submission
from services.api.paging import token
from services.api.writes import WRITES, Write
from services.demo.tell import Reply

WAIT_SECONDS = 30
DECIDED_WITHIN_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.2
READER = "auditor"
_WRITES: Mapping[str, Write] = {write.name: write for write in WRITES}
_NAMES = {"earliest_on": "earliest", "dose_not_before_on": "dose_not_before"}


class ServiceError(Exception):
    """The service did not take a request, or did not answer; the message is what it said."""


class Service:
    """One trial of a service at `url`. `token_of` gives the token of an actor's id."""

    def __init__(self, url: str, trial_id: str, token_of: Callable[[str], str]) -> None:
        self.trial_id = trial_id
        self._at = urlsplit(url).netloc
        self._token_of = token_of
        self._connection = HTTPConnection(self._at, timeout=WAIT_SECONDS + 10)

    def send(self, number: int, actor: Actor, at: datetime, command: dict[str, Any]) -> Reply:
        """Posts the command under the step's own key, so that a repeat is decided once."""
        write = _WRITES[command["type"]]
        path = f"/v1/trials/{self.trial_id}" + write.path.format_map(command)
        told = {
            "Content-Type": "application/json",
            "Idempotency-Key": _key(number),
            "Prefer": f"wait={WAIT_SECONDS}",
            "Holdfast-At": at.isoformat().replace("+00:00", "Z"),
        }
        content = _body(write, command)
        deadline = time.monotonic() + DECIDED_WITHIN_SECONDS
        while time.monotonic() < deadline:
            status, body = self._ask("POST", path, actor.id, told, content)
            if status == 202:
                status, body = self._looked(body["location"], actor.id, deadline)
                if status == 404:  # The service was restarted: sending again is right and harmless.
                    continue
            if status == 200:
                return self._reply(body)
            if status != 503:
                raise ServiceError(f"{path}: {_problem(status, body)}")
            time.sleep(LOOK_EVERY_SECONDS)
        raise ServiceError(f"{path}: not decided within {DECIDED_WITHIN_SECONDS:.0f} seconds")

    def _looked(self, location: str, actor_id: str, deadline: float) -> tuple[int, dict[str, Any]]:
        """Looks at a submission until it is decided, unknown, or the time is over."""
        status, body = self._ask("GET", location, actor_id)
        while status == 202 and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_SECONDS)
            status, body = self._ask("GET", location, actor_id)
        return status, body

    def known(self, number: int, actor: Actor) -> Reply | None:
        """What was decided when this step was sent before."""
        site_id = actor.sites[0] if actor.role == "site" else None
        submission = Submission(self.trial_id, site_id, _key(number))
        status, body = self._ask("GET", submission.location, actor.id)
        if status not in (200, 202, 404):
            raise ServiceError(f"{submission.location}: {_problem(status, body)}")
        return self._reply(body) if status == 200 else None

    def data_hash(self) -> str | None:
        review = self.board()["review"]
        return None if review is None else str(review["data_hash"])

    def board(self) -> dict[str, Any]:
        return self._read("/board")

    def waitlist(self) -> list[dict[str, Any]]:
        return self._all("/waitlist")

    def public_events(self) -> list[dict[str, Any]]:
        """All public events of the trial, as CloudEvents, in order."""
        return self._all("/events")

    def log(self) -> list[dict[str, Any]]:
        """The whole record, in order."""
        return self._all("/log")

    def _all(self, path: str) -> list[dict[str, Any]]:
        page = self._read(f"{path}?limit=500")
        found: list[dict[str, Any]] = page["items"]
        while page["next"] is not None:
            page = self._read(f"{path}?limit=500&after={page['next']}")
            found += page["items"]
        return found

    def _reply(self, body: dict[str, Any]) -> Reply:
        answer = {_NAMES.get(key, key): value for key, value in body.items()}
        return Reply(answer, self._events(body["sequence"]))

    def _events(self, sequence: int) -> tuple[dict[str, Any], ...]:
        """All events of one decision, from the record."""
        after = f"&after={token(str(sequence - 1))}" if sequence else ""
        items = self._read(f"/log?limit=1{after}")["items"]
        record = items[0]["record"]
        assert record["sequence"] == sequence, "the log is contiguous"
        return tuple(record["events"])

    def _read(self, path: str) -> dict[str, Any]:
        status, body = self._ask("GET", f"/v1/trials/{self.trial_id}{path}", READER)
        if status != 200:
            raise ServiceError(f"{path}: {_problem(status, body)}")
        return body

    def _ask(
        self,
        method: str,
        path: str,
        actor_id: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, dict[str, Any]]:
        told = {"Authorization": f"Bearer {self._token_of(actor_id)}", **(headers or {})}
        status, content = self._answer(method, path, body, told)
        try:
            return status, json.loads(content)
        except ValueError:
            raise ServiceError(f"{path}: status {status}, and no JSON") from None

    def _answer(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Asks a second time on a new connection: a server may close one that was idle."""
        for last in (False, True):
            try:
                self._connection.request(method, path, body, dict(headers))
                response = self._connection.getresponse()
                return response.status, response.read()
            except (OSError, HTTPException) as error:
                self._connection.close()
                if last:
                    raise ServiceError(f"{self._at} does not answer: {error}") from error
        raise AssertionError("the last attempt returns or raises")


def _key(number: int) -> str:
    return f"story-{number}"


def _body(write: Write, command: dict[str, Any]) -> bytes:
    """A form goes as it is; of another command all that the address does not say."""
    if write.is_form:
        return json.dumps(command["form"]).encode()
    told = {k: v for k, v in command.items() if k not in ("type", "subject_id")}
    return json.dumps(told).encode()


def _problem(status: int, body: dict[str, Any]) -> str:
    faults = "; ".join(
        f"{fault.get('pointer') or fault.get('parameter')}: {fault.get('rule')}"
        for fault in body.get("errors", ())
    )
    return f"{status} {body.get('title', '')}. {body.get('detail', '')} {faults}".strip()
