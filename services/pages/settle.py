"""Settling a finding that a person must decide: signed by the centre, void once inputs change."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from eligibility.finding import Finding
from eligibility.verdict import Verdict
from enrollment import commands as c
from enrollment.events import FormJudged
from enrollment.trial import Subject, Trial
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.asking import Ask, command_typed, with_options
from services.pages.frame import CENTRE, frame
from services.pages.hypothetical import Follows, follows
from services.pages.rendering import FieldError, page
from services.pages.sending import Wish, fresh_key, send
from services.pages.subjects import records_about, seen_subject
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(
    prefix="/trials/{trial_id}/subjects/{subject_id}/settle/{phase}/{criterion_id}",
    include_in_schema=False,
)
ASKS = (Ask("reason", "Reason", "long", "What you looked at, and why the criterion is met."),)


@dataclass(frozen=True, slots=True)
class Settling:
    """For the template: the same as an action of a subject."""

    signs: str
    slug: str = "settle"


@dataclass(frozen=True, slots=True)
class Asked:
    trial: Trial
    viewer: Viewer
    actor: c.Actor
    subject: Subject
    phase: int
    finding: Finding

    @property
    def meaning(self) -> str:
        return (
            f"I have looked at the facts behind {self.finding.criterion_id} and sign that the "
            "criterion is met."
        )


@router.get("")
async def settle_page(
    request: Request,
    viewer: CurrentViewer,
    trial_id: str,
    subject_id: str,
    phase: int,
    criterion_id: str,
) -> Response:
    asked = await _asked(request, viewer, trial_id, subject_id, phase, criterion_id)
    return _page(request, asked, {}, fresh_key())


@router.post("")
async def settle(
    request: Request,
    viewer: CurrentViewer,
    trial_id: str,
    subject_id: str,
    phase: int,
    criterion_id: str,
) -> Response:
    form = await posted(request, viewer)
    typed = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    key = typed.get("key") or fresh_key()
    asked = await _asked(request, viewer, trial_id, subject_id, phase, criterion_id)
    fixed = {
        "subject_id": subject_id,
        "phase": phase,
        "criterion_id": criterion_id,
        "meaning": asked.meaning,
    }
    zone = asked.trial.in_force.time_zone
    command, errors = command_typed(c.SettleFinding, ASKS, typed, fixed, zone)
    if command is None:
        return _page(request, asked, typed, key, errors)
    would = follows(asked.trial, asked.actor, command, now_of(request, asked.trial))
    if "confirmed" not in typed:
        return _page(request, asked, typed, key, would=would)
    wrong = await signed(request, viewer, form, asked.meaning)
    if wrong is not None:
        return _page(request, asked, typed, key, (wrong,), would)
    received = await send(request, asked.trial, Wish(asked.actor, None, key, command))
    return RedirectResponse(f"/trials/{trial_id}/answers/{received.submission.id}", 303)


async def _asked(
    request: Request,
    viewer: Viewer,
    trial_id: str,
    subject_id: str,
    phase: int,
    criterion_id: str,
) -> Asked:
    actor = viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    for record in reversed(await records_about(request, trial_id, subject_id)):
        for event in reversed(record.content.events):
            if isinstance(event, FormJudged) and event.subject_id == subject_id:
                found = Verdict.from_json(event.verdict).findings_for(phase)
                for finding in found:
                    if finding.criterion_id == criterion_id and finding.answer.value == "review":
                        return Asked(trial, viewer, actor, subject, phase, finding)
                raise Problem(NO_ROUTE, "Nothing of this criterion waits for a person.")
    raise Problem(NO_ROUTE, "No form of this subject has been judged.")


def _page(
    request: Request,
    asked: Asked,
    typed: dict[str, str],
    key: str,
    errors: tuple[FieldError, ...] = (),
    would: Follows | None = None,
) -> Response:
    trial_id, subject_id = asked.trial.trial_id, asked.subject.subject_id
    root = f"/trials/{trial_id}/subjects/{subject_id}"
    return page(
        request,
        "subjects/settle.html",
        asked.viewer,
        status=422 if errors else 200,
        trial=frame(asked.trial, asked.viewer, "/subjects"),
        subject=asked.subject,
        finding=asked.finding,
        phase=asked.phase,
        action=Settling(asked.meaning),
        asks=with_options(ASKS, asked.trial),
        typed=typed,
        key=key,
        errors=errors,
        follows=would,
        root=root,
        post=f"{root}/settle/{asked.phase}/{asked.finding.criterion_id}",
    )
