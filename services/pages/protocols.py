"""The protocol of a trial: read in plain English; another version put in force, signed."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from enrollment import commands as c
from enrollment.amending import changed_verdicts
from enrollment.events import FormJudged
from enrollment.trial import Trial
from protocols.checks import doubts
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.event_words import sentence
from services.pages.frame import CENTRE, READERS, frame
from services.pages.hypothetical import would_follow
from services.pages.protocol_text import ReadText, read_text, shown, text_given
from services.pages.rendering import FieldError, page
from services.pages.sending import Wish, fresh_key, sent
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/protocol", include_in_schema=False)
MEANING: Final = "I have read this version of the protocol as it is shown here and put it in force."
OUTCOMES: Final = {
    "eligible": "eligible",
    "ineligible": "not eligible",
    "incomplete": "incomplete",
    "needs_review": "a person must decide",
}
FOLLOWS_SHOWN = 30


@router.get("")
async def protocol_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """What the protocol in force says."""
    viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    return page(
        request,
        "protocol/protocol.html",
        viewer,
        trial=frame(trial, viewer, "/protocol"),
        sections=shown(trial.in_force),
        protocol=trial.in_force,
        may_adopt=viewer.may(trial_id, *CENTRE),
        root=f"/trials/{trial_id}",
    )


@dataclass(frozen=True, slots=True)
class Adopting:
    """One request to put a version in force."""

    trial: Trial
    viewer: Viewer
    actor: c.Actor
    read: ReadText
    key: str

    @property
    def command(self) -> c.AdoptProtocol:
        return c.AdoptProtocol(text=self.read.text, clock=self.trial.clock, meaning=MEANING)


@router.get("/adopt")
async def ask_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    actor = viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    return _page(request, Adopting(trial, viewer, actor, ReadText("", None), fresh_key()))


@router.post("/adopt")
async def adopt(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """First the text is checked and shown; in force comes what was shown, once it is signed."""
    form = await posted(request, viewer, files=1)
    actor = viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    key = str(form.get("key") or "") or fresh_key()
    adopting = Adopting(trial, viewer, actor, read_text(await text_given(form)), key)
    if adopting.read.protocol is None:
        return _page(request, adopting, adopting.read.errors)
    would = would_follow(trial, actor, adopting.command, now_of(request, trial))
    if would.answer.outcome != "recorded":
        return _page(request, adopting, (FieldError("text", would.answer.sentence or ""),))
    if "confirmed" not in form:
        return _page(request, adopting)
    return await _sent(request, adopting, form)


async def _sent(request: Request, adopting: Adopting, form: FormData) -> Response:
    wrong = await signed(request, adopting.viewer, form, MEANING)
    if wrong is not None:
        return _page(request, adopting, (wrong,))
    wish = Wish(adopting.actor, None, adopting.key, adopting.command)
    return await sent(request, adopting.trial, wish)


def _page(request: Request, adopting: Adopting, errors: tuple[FieldError, ...] = ()) -> Response:
    trial, read = adopting.trial, adopting.read
    fits = read.protocol is not None and not any(error.field == "text" for error in errors)
    return page(
        request,
        "protocol/adopt.html",
        adopting.viewer,
        status=422 if errors else 200,
        trial=frame(trial, adopting.viewer, "/protocol"),
        text=read.text,
        key=adopting.key,
        errors=errors,
        meaning=MEANING,
        in_force=trial.in_force,
        root=f"/trials/{trial.trial_id}/protocol",
        proposed=_proposed(request, adopting) if fits else None,
    )


def _proposed(request: Request, adopting: Adopting) -> dict[str, Any]:
    """The version as it would be: in English, its doubts, and what would follow from it."""
    trial, protocol = adopting.trial, adopting.read.protocol
    assert protocol is not None
    now = now_of(request, trial)
    zone = str(trial.in_force.time_zone)
    would = would_follow(trial, adopting.actor, adopting.command, now)
    told = [sentence(e, zone) for e in would.events if not isinstance(e, FormJudged)]
    return {
        "protocol": protocol,
        "sections": shown(protocol, trial.in_force),
        "doubts": doubts(protocol),
        "changes": changed_verdicts(trial, protocol, trial.in_force.local_date(now)),
        "words": OUTCOMES,
        "waiting": sum(trial.waiting),
        "follows": told[:FOLLOWS_SHOWN],
        "left_out": max(0, len(told) - FOLLOWS_SHOWN),
        "sites": [site for site in protocol.site_ids if site in trial.sites],
    }
