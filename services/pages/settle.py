"""Settling a finding that a person must decide: signed by the centre, void once inputs change."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from eligibility.finding import Finding
from enrollment import commands as c
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.pages.acting import Doing, act
from services.pages.asking import Ask, typed_in
from services.pages.frame import CENTRE, frame
from services.pages.hypothetical import Follows
from services.pages.rendering import FieldError, page
from services.pages.sending import key_of
from services.pages.subjects import latest_judged, records_about, seen_subject
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(
    prefix="/trials/{trial_id}/subjects/{subject_id}/settle/{phase}/{criterion_id}",
    include_in_schema=False,
)
ASKS = (Ask("reason", "Reason", "long", "What you looked at, and why the criterion is met."),)


@dataclass(frozen=True, slots=True)
class Place:
    """What is settled, from the address."""

    trial_id: str
    subject_id: str
    phase: int
    criterion_id: str


At = Annotated[Place, Depends()]


@dataclass(frozen=True, slots=True)
class Settling(Doing):
    """One request to settle a finding."""

    place: Place
    finding: Finding


@router.get("")
async def settle_page(request: Request, viewer: CurrentViewer, at: At) -> Response:
    return await _page(request, await _settling(request, viewer, at, {}))


@router.post("")
async def settle(request: Request, viewer: CurrentViewer, at: At) -> Response:
    form = await posted(request, viewer)
    settling = await _settling(request, viewer, at, typed_in(form))
    fixed = {"subject_id": at.subject_id, "phase": at.phase, "criterion_id": at.criterion_id}
    return await act(request, form, settling, fixed, partial(_page, request, settling))


async def _settling(request: Request, viewer: Viewer, at: Place, typed: dict[str, str]) -> Settling:
    actor = viewer.actor(at.trial_id, *CENTRE)
    trial = await trial_in_force(request, at.trial_id)
    seen_subject(actor, trial, at.subject_id)
    verdict = latest_judged(await records_about(request, at.trial_id, at.subject_id), at.subject_id)
    if verdict is None:
        raise Problem(NO_ROUTE, "No form of this subject has been judged.")
    for finding in verdict.findings_for(at.phase):
        if finding.criterion_id == at.criterion_id and finding.answer.value == "review":
            break
    else:
        raise Problem(NO_ROUTE, "Nothing of this criterion waits for a person.")
    signs = (
        f"I have looked at the facts behind {finding.criterion_id} and sign that the "
        "criterion is met."
    )
    return Settling(
        trial,
        viewer,
        actor,
        c.SettleFinding,
        ASKS,
        signs,
        typed,
        key_of(typed),
        None,
        at,
        finding,
    )


async def _page(
    request: Request,
    settling: Settling,
    errors: tuple[FieldError, ...] = (),
    would: Follows | None = None,
) -> Response:
    at = settling.place
    root = f"/trials/{at.trial_id}/subjects/{at.subject_id}"
    return page(
        request,
        "subjects/settle.html",
        settling.viewer,
        status=422 if errors else 200,
        trial=frame(settling.trial, settling.viewer, "/subjects"),
        subject_id=at.subject_id,
        finding=settling.finding,
        phase=at.phase,
        **settling.shown(errors, would),
        root=root,
        post=f"{root}/settle/{at.phase}/{at.criterion_id}",
    )
