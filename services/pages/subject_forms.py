"""The forms of one subject: read as they were sent, amended, screened again; the slot to print."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from eligibility.verdict import Verdict
from enrollment.events import FormJudged, SlotReserved
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.drafts import Drafts
from services.pages.frame import READERS, SITE_STAFF, frame, of_subjects
from services.pages.rendering import page
from services.pages.screening.filled import draft_of
from services.pages.screening.shown import shown_groups
from services.pages.screening.steps import STEPS
from services.pages.screening.verdict_view import verdict_view
from services.pages.subjects import forms_of, records_about, seen_subject
from services.signin.viewer import CurrentViewer, posted
from streams.record import Record

router = APIRouter(prefix="/trials/{trial_id}/subjects/{subject_id}", include_in_schema=False)


@router.post("/forms")
async def begin_again(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str
) -> Response:
    """A draft with all that the latest form said: to amend it, or to screen again."""
    posted_form = await posted(request, viewer)
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    purpose = "rescreen" if posted_form.get("purpose") == "rescreen" else "amend"
    forms = forms_of(await records_about(request, trial_id, subject_id), subject_id)
    typed = draft_of(forms[0]["event"].form, STEPS) if forms else {}
    today = trial.in_force.local_date(now_of(request, trial))
    typed |= {"subject_id": subject_id, "completed_on": today.isoformat(), "late_entry": {}}
    drafts: Drafts = request.app.state.drafts
    draft = await drafts.begin(
        trial_id,
        subject.site_id,
        viewer.account.account_id,
        typed,
        purpose=purpose,
        subject_id=subject_id,
    )
    return RedirectResponse(f"/trials/{trial_id}/forms/{draft.draft_id}/{STEPS[0].slug}", 303)


@router.get("/forms/{sequence}")
async def form_page(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str, sequence: int
) -> Response:
    """A form as it was sent, with the verdict of then."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    seen_subject(actor, trial, subject_id)
    forms = forms_of(await records_about(request, trial_id, subject_id), subject_id)
    found = next((form for form in forms if form["sequence"] == sequence), None)
    if found is None:
        raise Problem(NO_ROUTE, "There is no such form of this subject.")
    event: FormJudged = found["event"]
    draft = draft_of(event.form or {}, STEPS)
    return page(
        request,
        "subjects/form.html",
        viewer,
        trial=frame(trial, viewer, of_subjects(actor)),
        steps=[(step, shown_groups(step, draft)) for step in STEPS],
        event=event,
        at=found["at"],
        sequence=sequence,
        zone=str(trial.in_force.time_zone),
        verdict=verdict_view(Verdict.from_json(event.verdict), STEPS),
        root=f"/trials/{trial_id}/subjects/{subject_id}",
    )


@router.get("/slot")
async def slot_page(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str
) -> Response:
    """The confirmation of the latest place, to print on one page."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    found = _reserved(await records_about(request, trial_id, subject_id), subject_id)
    if found is None or subject.slot is None:
        raise Problem(NO_ROUTE, "This subject never had a place.")
    record, event = found
    level = next(
        trial.dose_level(index)
        for index, level in enumerate(trial.levels)
        if level.level_id == event.level_id
    )
    return page(
        request,
        "subjects/slot.html",
        viewer,
        trial=frame(trial, viewer, of_subjects(actor)),
        subject=subject,
        event=event,
        record=record,
        number=_number(record, event),
        level=level,
        protocol=trial.in_force,
        zone=str(trial.in_force.time_zone),
        illustrative="phase1" in trial.in_force.illustrative,
        now=now_of(request, trial),
    )


def _reserved(records: list[Record], subject_id: str) -> tuple[Record, SlotReserved] | None:
    """The latest reservation of the subject."""
    for record in reversed(records):
        for event in reversed(record.content.events):
            if isinstance(event, SlotReserved) and event.subject_id == subject_id:
                return record, event
    return None


def _number(record: Record, event: Any) -> str:
    """The event's own id: the decision and its place within it."""
    return f"{record.trial_id}/{record.sequence}/{record.content.events.index(event)}"
