"""The command of a decision as its record keeps it, so that anyone can take the decision again.

What an event of the same record holds anyway, a form or the text of a protocol, is not kept twice.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from enrollment.commands import COMMAND, AdoptProtocol, AmendForm, AnyCommand, SubmitForm
from enrollment.events import AnyEvent, FormJudged, ProtocolAdopted


def kept(command: AnyCommand, events: tuple[AnyEvent, ...]) -> dict[str, Any]:
    """The command as plain JSON, without its form or its text where an event has the same."""
    match command:
        case SubmitForm() | AmendForm():
            plain = command.model_dump(mode="json", exclude={"form"})
            if form_in(events) != command.form:
                plain["form"] = command.form
            return plain
        case AdoptProtocol():
            plain = command.model_dump(mode="json", exclude={"text"})
            if text_in(events) != command.text:
                plain["text"] = command.text
            return plain
        case _:
            return command.model_dump(mode="json")


def command_of(plain: dict[str, Any], events: tuple[AnyEvent, ...]) -> AnyCommand:
    """The whole command that `kept` made this of; `ValidationError` if it is none.

    Its digest is for the caller to compare: the record names the one that the command came with.
    """
    whole = dict(plain)
    if whole.get("type") in ("SubmitForm", "AmendForm"):
        whole.setdefault("form", form_in(events))
    if whole.get("type") == "AdoptProtocol":
        whole.setdefault("text", text_in(events))
    return COMMAND.validate_json(orjson.dumps(whole))


def form_in(events: tuple[AnyEvent, ...]) -> Mapping[str, Any] | None:
    """The form that came with the decision; those judged again bring none."""
    for event in events:
        if isinstance(event, FormJudged) and event.form is not None:
            return event.form
    return None


def text_in(events: tuple[AnyEvent, ...]) -> str | None:
    return next((event.text for event in events if isinstance(event, ProtocolAdopted)), None)
