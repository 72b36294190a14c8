"""One record of `trial.log` is one decision: built once, hashed as stored, never written anew."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import Actor, Digest, Id, JudgedRequest, Model
from enrollment.events import AnyEvent, FormJudged
from enrollment.version import RULES_VERSION
from streams.command_kept import kept
from streams.numbers import number_of

FORMAT = 1


class HigherFormatError(Exception):
    """Written by a newer Holdfast: this one must not go on with the partition."""


class UnreadableRecordError(Exception):
    """No record of ours: void for every reader."""


class LogRecord(Model):
    """The content of one record. `previous` is the hash of the trial's record before it, or empty.

    `rules` is the version of the rules that decided it; `protocol` is the digest of the protocol in
    force when it was decided, empty before the first; `public_from` is the number of the first
    public event that this record gives. `command` is what was decided, as `command_kept` keeps it.
    """

    format: Literal[1]
    rules: Annotated[int, Field(ge=1)]
    trial: Id
    sequence: Annotated[int, Field(ge=0)]
    previous: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    command_id: UUID
    digest: Digest
    command: dict[str, Any]
    actor: Actor
    at: AwareDatetime
    protocol: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    public_from: Annotated[int, Field(ge=0)]
    answer: Answer
    events: tuple[Annotated[AnyEvent, Field(discriminator="type")], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record with the bytes it has in Kafka and in Redis, and their SHA-256."""

    content: LogRecord
    stored: bytes
    hash: str

    @property
    def trial_id(self) -> str:
        return self.content.trial

    @property
    def sequence(self) -> int:
        return self.content.sequence


_RECORD: TypeAdapter[LogRecord] = TypeAdapter(LogRecord)


def build(
    request: JudgedRequest,
    sequence: int,
    previous: str,
    protocol: str,
    public_from: int,
    answer: Answer,
    events: tuple[AnyEvent, ...],
) -> Record:
    """The record of a decision. The same decision on the same chain gives the same bytes."""
    content = LogRecord.model_construct(
        format=1,
        rules=RULES_VERSION,
        trial=request.trial_id,
        sequence=sequence,
        previous=previous,
        command_id=request.command_id,
        digest=request.digest,
        command=kept(request.command, events),
        actor=request.actor,
        at=request.at,
        protocol=protocol,
        public_from=public_from,
        answer=answer,
        events=events,
    )
    stored = canonical(_as_json(content))
    return Record(content, stored, digest(stored))


def _as_json(content: LogRecord) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "rules": content.rules,
        "trial": content.trial,
        "sequence": content.sequence,
        "previous": content.previous,
        "command_id": str(content.command_id),
        "digest": content.digest,
        "command": content.command,
        "actor": content.actor.model_dump(mode="json"),
        "at": content.at.isoformat().replace("+00:00", "Z"),
        "protocol": content.protocol,
        "public_from": content.public_from,
        "answer": content.answer.model_dump(mode="json", exclude_defaults=True),
        "events": [_plain(event) for event in content.events],
    }


def _plain(event: AnyEvent) -> dict[str, Any]:
    """The event as JSON; a form and its verdict are plain JSON as they came, and large."""
    if not isinstance(event, FormJudged):
        return event.model_dump(mode="json")
    told = event.model_dump(mode="json", exclude={"form", "verdict"})
    told["form"], told["verdict"] = event.form, event.verdict
    return told


def parse(stored: bytes) -> Record:
    """The record that these bytes are; a higher format number is told apart from nonsense."""
    try:
        content = _RECORD.validate_json(stored)
    except ValidationError as error:
        if _format_of(stored) > FORMAT:
            raise HigherFormatError(
                f"trial.log holds format {_format_of(stored)}, this worker knows {FORMAT}: "
                "update every worker before you go on"
            ) from None
        # The message of a validation error quotes its input, which may be clinical.
        raise UnreadableRecordError(
            "not a record: " + number_of(error.error_count(), "error")
        ) from None
    return Record(content, stored, digest(stored))


def parse_without_forms(stored: bytes) -> Record:
    """As `parse`, but forms and verdicts are left out: three quarters of the bytes of most records.

    It takes for a record exactly what `parse` takes: nothing but plain JSON is taken out.
    """
    try:
        plain = orjson.loads(stored)
        for event in plain["events"]:
            if isinstance(event.get("form"), dict):
                event["form"] = None
            if isinstance(event.get("verdict"), dict):
                event["verdict"] = {}
        light = parse(orjson.dumps(plain))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return parse(stored)
    return Record(light.content, stored, digest(stored))


def _format_of(stored: bytes) -> int:
    try:
        plain = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return 0
    number = plain.get("format") if isinstance(plain, dict) else None
    return number if isinstance(number, int) else 0
