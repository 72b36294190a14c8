"""The messages of `trial.commands`: as they came, or a judged form as a head and two raw parts.

Judge reads a form strictly, once, and writes three lines: a head with all that decide asks, the
form and the verdict as canonical JSON. Decide reads the head and takes the other two into the
record as they are: of the lengths that the head gives, and neither parsed nor written again.
"""

from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from eligibility.verdict import Gist, Verdict
from enrollment.commands import (
    JUDGED_REQUEST,
    Actor,
    AmendForm,
    Digest,
    Id,
    JudgedRequest,
    Model,
    Request,
    SubmitForm,
)
from enrollment.paper import Paper
from streams.numbers import number_of

FORMAT: Final = 2
_BEGINS: Final = b'{"format":2,'
_ASKED: Final = ("subject_id", "site_id", "completed_on", "planned_first_dose_on", "consent")
"""Members of a form that decide asks for whatever becomes of it."""


class NoCommandError(Exception):
    """No message of ours; says how, never what stands in it."""


class _Command(Model):
    type: Literal["SubmitForm", "AmendForm"]
    subject_id: Id
    site_id: Id


class _Gist(Model):
    protocol: Digest
    anchors: dict[str, str]
    phases: tuple[int, ...]
    telling: tuple[dict[str, Any], ...]


class _Head(Model):
    """The first line; `parts` are the lengths of the two others."""

    format: Literal[2]
    trial_id: Id
    command_id: UUID
    digest: Digest
    at: AwareDatetime
    actor: Actor
    command: _Command
    form: dict[str, Any]
    verdict: _Gist
    parts: tuple[int, int]


_HEAD: Final[TypeAdapter[_Head]] = TypeAdapter(_Head)
_COMMANDS: Final[dict[str, type[SubmitForm | AmendForm]]] = {
    "SubmitForm": SubmitForm,
    "AmendForm": AmendForm,
}


def judged_message(request: Request, form: Paper, verdict: Verdict) -> bytes:
    """The message of a judged form; `form` is that of the request's command."""
    command = request.command
    assert isinstance(command, SubmitForm | AmendForm), "only forms are judged"
    written = orjson.dumps(verdict.to_json(), option=orjson.OPT_SORT_KEYS)
    head = {
        "format": FORMAT,
        "trial_id": request.trial_id,
        "command_id": str(request.command_id),
        "digest": request.digest,
        "at": request.at.isoformat(),
        "actor": request.actor.model_dump(mode="json"),
        "command": {
            "type": command.type,
            "subject_id": command.subject_id,
            "site_id": command.site_id,
        },
        "form": {name: command.form[name] for name in _ASKED if name in command.form},
        "verdict": verdict.gist_json(),
        "parts": (len(form.stored), len(written)),
    }
    return b"\n".join((orjson.dumps(head), form.stored, written))


def read_command(value: bytes) -> JudgedRequest:
    """The command of a message of `trial.commands`; `NoCommandError` if it is none."""
    try:
        if value.startswith(_BEGINS):
            return _read_judged(value)
        return JUDGED_REQUEST.validate_json(value)
    except ValidationError as error:
        # Never the message of the error: it quotes what may be clinical.
        raise NoCommandError("no command: " + number_of(error.error_count(), "error")) from None


def _read_judged(value: bytes) -> JudgedRequest:
    first, *lines = value.split(b"\n")
    head = _HEAD.validate_json(first)
    if tuple(map(len, lines)) != head.parts or not all(map(_is_object, lines)):
        raise NoCommandError("no command: its parts are not those that its head names")
    form, verdict = lines
    gist = head.verdict
    try:
        given = Gist.from_json(
            {
                "protocol": gist.protocol,
                "anchors": gist.anchors,
                "phases": gist.phases,
                "telling": gist.telling,
            },
            Paper(verdict),
        )
    except (LookupError, TypeError, ValueError):
        raise NoCommandError("no command: the gist of its verdict is none") from None
    said = head.command
    return JudgedRequest(
        trial_id=head.trial_id,
        command_id=head.command_id,
        digest=head.digest,
        at=head.at,
        actor=head.actor,
        command=_COMMANDS[said.type](
            subject_id=said.subject_id, site_id=said.site_id, form=Paper(form, head.form)
        ),
        verdict=given,
    )


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and line.endswith(b"}")


def command_id_of(value: bytes) -> UUID:
    """The id of the command in a message that was readable once."""
    first = value.partition(b"\n")[0] if value.startswith(_BEGINS) else value
    return UUID(orjson.loads(first)["command_id"])
