"""A new trial: its first protocol, checked, shown in plain English and put in force, signed."""

import re
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from enrollment import commands as c
from enrollment.trial import new_trial
from protocols.checks import doubts
from services.api.reading import ID, find_trial
from services.pages.protocol_text import ReadText, read_text, shown, text_given
from services.pages.rendering import FieldError, page
from services.pages.sending import Wish, fresh_key, send
from services.signin.people import PRACTICE
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/new-trial", include_in_schema=False)
EVERY: Final = "*"
"""Who opens a trial must hold the right in all trials: nobody can hold one in a trial to come."""
MEANING: Final = (
    "I have read this protocol as it is shown here and put it in force as that of a new trial."
)


@dataclass(frozen=True, slots=True)
class Opening:
    """One request to open a trial. `trial_id` is as it was typed."""

    viewer: Viewer
    actor: c.Actor
    trial_id: str
    read: ReadText
    key: str


@router.get("")
async def ask_page(request: Request, viewer: CurrentViewer) -> Response:
    actor = viewer.actor(EVERY, "coordinator")
    return _page(request, Opening(viewer, actor, "", ReadText("", None), fresh_key()))


@router.post("")
async def open_trial(request: Request, viewer: CurrentViewer) -> Response:
    """First the text is checked and shown; the trial begins with it once it is signed."""
    form = await posted(request, viewer, files=1)
    actor = viewer.actor(EVERY, "coordinator")
    read = read_text(await text_given(form))
    typed = str(form.get("trial_id") or "").strip()
    trial_id = typed or ("" if read.protocol is None else read.protocol.protocol_id)
    opening = Opening(viewer, actor, trial_id, read, str(form.get("key") or "") or fresh_key())
    errors = (*await _wrong_id(request, trial_id), *read.errors)
    if errors or "confirmed" not in form:
        return _page(request, opening, errors)
    return await _sent(request, opening, form)


async def _wrong_id(request: Request, trial_id: str) -> tuple[FieldError, ...]:
    if not re.fullmatch(ID, trial_id):
        sentence = "Trial: 1 to 64 letters, digits, dots, hyphens and underscores."
        return (FieldError("trial_id", sentence),) if trial_id else ()
    if PRACTICE.fullmatch(trial_id):
        return (FieldError("trial_id", "Trial: this is the name of a practice copy."),)
    found = await find_trial(request, trial_id)
    if found is not None and found.protocol is not None:
        return (FieldError("trial_id", "Trial: there is one of this name already."),)
    return ()


async def _sent(request: Request, opening: Opening, form: FormData) -> Response:
    wrong = await signed(request, opening.viewer, form, MEANING)
    if wrong is not None:
        return _page(request, opening, (wrong,))
    command = c.AdoptProtocol(text=opening.read.text, clock="real", meaning=MEANING)
    wish = Wish(opening.actor, None, opening.key, command)
    received = await send(request, new_trial(opening.trial_id), wish)
    if received.decided is None:
        return RedirectResponse("/", 303)
    answer = received.decided.answer
    if answer.outcome != "recorded":
        return _page(request, opening, (FieldError("trial_id", answer.sentence or ""),))
    return RedirectResponse(f"/trials/{opening.trial_id}/protocol", 303)


def _page(request: Request, opening: Opening, errors: tuple[FieldError, ...] = ()) -> Response:
    unfit = any(error.field in ("text", "trial_id") for error in errors)
    return page(
        request,
        "protocol/new_trial.html",
        opening.viewer,
        status=422 if errors else 200,
        text=opening.read.text,
        trial_id=opening.trial_id,
        key=opening.key,
        errors=errors,
        meaning=MEANING,
        proposed=None if unfit else _proposed(opening),
    )


def _proposed(opening: Opening) -> dict[str, Any] | None:
    protocol = opening.read.protocol
    if protocol is None:
        return None
    return {"protocol": protocol, "sections": shown(protocol), "doubts": doubts(protocol)}
