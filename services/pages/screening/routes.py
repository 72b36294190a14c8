"""The screening form, page by page: begun, kept at each step, checked, submitted once."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from enrollment.commands import AmendForm, SubmitForm
from services.api.identity import Submission, parse_submission
from services.api.intake import Intake
from services.api.ports import UnavailableError
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force, unavailable
from services.api.reads import now_of
from services.api.views import visible
from services.pages.frame import SITE_STAFF, frame
from services.pages.hypothetical import Follows, follows
from services.pages.laboratory_pages import filled_in
from services.pages.mine import at_site
from services.pages.rendering import FieldError, page, render_text
from services.pages.screening.asked import asked_by
from services.pages.screening.desk import Desk, desk_of, drafts_of, showing, stands
from services.pages.screening.filled import taken_in
from services.pages.screening.problems import begun, on_page
from services.pages.screening.shown import shown_groups, step_of
from services.pages.screening.steps import BY_SLUG, STEPS, after
from services.pages.screening.verdict_view import Preview, preview
from services.pages.sending import Wish, send, to_answer
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/forms", include_in_schema=False)
SEE_OTHER = 303
MEANWHILE = FieldError(
    "step",
    "This page was saved meanwhile, in another tab or by a colleague. What you see is what you "
    "typed, and it is not kept yet: save again to put it in the place of theirs.",
)


@router.get("")
async def list_forms(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    return page(
        request,
        "screening/forms.html",
        viewer,
        open_now=[at_site(request, trial, site_id) for site_id in actor.sites],
        trial=frame(trial, viewer, "/forms"),
        drafts=drafts_of(request).of_site(trial_id, actor.sites),
        accounts=request.app.state.signin.people.accounts,
        sites=actor.sites,
        zone=str(trial.in_force.time_zone),
    )


@router.post("")
async def begin(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """A new form of one of the viewer's sites; the day is the site's today."""
    form = await posted(request, viewer)
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    site_id = str(form.get("site_id") or actor.sites[0])
    if not actor.may_touch(site_id):
        raise Problem(NO_ROUTE, "There is no such site of yours.")
    today = trial.in_force.local_date(now_of(request, trial))
    typed: dict[str, Any] = {"completed_on": today.isoformat()}
    draft = await drafts_of(request).begin(trial_id, site_id, viewer.account.account_id, typed)
    return _to(f"/trials/{trial_id}/forms/{draft.draft_id}/{STEPS[0].slug}")


@router.get("/{draft_id}/check")
async def check(request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str) -> Response:
    """All answers before they are sent, and what they would come to."""
    desk = await desk_of(request, viewer, trial_id, draft_id)
    return _check_page(request, desk, _preview(request, desk))


@router.post("/{draft_id}/check")
async def submit(request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str) -> Response:
    """Submits the form once for its draft, however often it is sent."""
    form = await posted(request, viewer)
    answer = await _answered(request, viewer, trial_id, draft_id, _flat(form))
    if answer is not None:
        return answer
    desk = await desk_of(request, viewer, trial_id, draft_id)
    seen = _preview(request, desk)
    wrong = _fixed_subject(desk, seen)
    if seen.parsed is None or wrong is not None:
        errors = seen.errors if wrong is None else (wrong,)
        return _check_page(request, desk, seen, errors, status=422)
    wish = Wish(desk.actor, desk.draft.site_id, desk.draft.key, _command(desk, seen))
    received = await send(request, desk.trial, wish)
    if received.decided is not None:
        await drafts_of(request).drop(desk.draft)
    return to_answer(received.submission)


def _command(desk: Desk, seen: Preview) -> AmendForm | SubmitForm:
    """What submitting would send; the form has been read."""
    assert seen.parsed is not None
    known = visible(desk.actor, desk.trial, seen.parsed.subject_id)
    made = AmendForm if known is not None and desk.draft.purpose == "amend" else SubmitForm
    return made(subject_id=seen.parsed.subject_id, site_id=desk.draft.site_id, form=seen.form)


async def _answered(
    request: Request, viewer: Viewer, trial_id: str, draft_id: str, flat: dict[str, str]
) -> Response | None:
    """The second click of a double click: the draft is gone, its answer is there."""
    actor = viewer.actor(trial_id, *SITE_STAFF)
    known = drafts_of(request).find(trial_id, draft_id, actor.sites)
    sent = parse_submission(flat.get("submission", ""))
    if known is not None or sent is None or sent.trial_id != trial_id:
        return None
    if sent.site_id is None or not actor.may_touch(sent.site_id):
        return None
    intake: Intake = request.app.state.intake
    try:
        received = await intake.look(sent)
    except UnavailableError as error:
        raise unavailable(error) from None
    return None if received is None else to_answer(sent)


@router.post("/{draft_id}/discard")
async def discard(
    request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str
) -> Response:
    await posted(request, viewer)
    desk = await desk_of(request, viewer, trial_id, draft_id)
    await drafts_of(request).drop(desk.draft)
    return _to(f"/trials/{trial_id}/forms")


@router.post("/{draft_id}/preview")
async def live_preview(
    request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str
) -> Response:
    """The verdict on what stands in the page now, without keeping it."""
    form = await posted(request, viewer)
    desk = await desk_of(request, viewer, trial_id, draft_id)
    step = BY_SLUG.get(str(form.get("step")), STEPS[0])
    typed = filled_in(request, taken_in(desk.typed, step, _flat(form)), desk.draft.site_id)
    seen = preview(desk.trial, typed, desk.draft.site_id, now_of(request, desk.trial), STEPS)
    shown = {"seen": seen, "root": desk.root, "trial": frame(desk.trial, viewer, "/forms")}
    html = render_text("screening/preview.html", shown)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


@router.get("/{draft_id}/{slug}")
async def step_page(
    request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str, slug: str
) -> Response:
    desk = await desk_of(request, viewer, trial_id, draft_id)
    if slug not in BY_SLUG:
        raise Problem(NO_ROUTE, "The form has no such page.")
    return _step(request, desk, slug)


@router.post("/{draft_id}/{slug}")
async def save_step(
    request: Request, viewer: CurrentViewer, trial_id: str, draft_id: str, slug: str
) -> Response:
    """Keeps the page as it is, whatever is still wrong, and goes where the button leads.

    Going on from a page with something that cannot be read shows the page with what is wrong: it
    is kept all the same, and every other way leads on.
    """
    form = await posted(request, viewer)
    desk = await desk_of(request, viewer, trial_id, draft_id)
    if slug not in BY_SLUG:
        raise Problem(NO_ROUTE, "The form has no such page.")
    flat = _flat(form)
    step = BY_SLUG[slug]
    typed = taken_in(desk.draft.typed, step, flat)
    if desk.draft.subject_id is not None:
        typed["subject_id"] = desk.draft.subject_id
    typed = filled_in(request, typed, desk.draft.site_id)
    now_kept = stands(step, desk.draft.typed)
    if flat.get("stood", now_kept) != now_kept != stands(step, typed):
        return _step(request, showing(request, desk, typed), slug, (MEANWHILE,))
    await drafts_of(request).save(desk.draft, viewer.account.account_id, typed)
    if "add" in flat or "remove" in flat:
        changed = flat.get("add") or flat["remove"].rsplit(".", 1)[0]
        return _to(f"{desk.root}/{slug}#{changed}")
    go = flat.get("go", "next")
    if go == "later":
        return _to(f"/trials/{trial_id}/forms")
    if go == "next":
        desk = await desk_of(request, viewer, trial_id, draft_id)
        if wrong := on_page(BY_SLUG[slug], _preview(request, desk).errors):
            return _step(request, desk, slug, wrong)
    following = after(slug) if go == "next" else None
    return _to(f"{desk.root}/{following or 'check'}")


def _step(
    request: Request, desk: Desk, slug: str, wrong: tuple[FieldError, ...] | None = None
) -> Response:
    seen = _preview(request, desk)
    step, status = BY_SLUG[slug], 200 if wrong is None else 422
    if wrong is None:
        wrong = on_page(step, seen.errors) if begun(step, desk.draft.typed) else ()
    return page(
        request,
        "screening/step.html",
        desk.viewer,
        status=status,
        trial=frame(desk.trial, desk.viewer, "/forms"),
        step=step,
        steps=STEPS,
        groups=shown_groups(step, desk.typed),
        asked=asked_by(desk.trial.in_force.criteria),
        errors=wrong,
        draft=desk.draft,
        stood=stands(step, desk.draft.typed),
        root=desk.root,
        seen=seen,
        last=after(slug) is None,
    )


def _check_page(
    request: Request,
    desk: Desk,
    seen: Preview,
    errors: tuple[FieldError, ...] | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        "screening/check.html",
        desk.viewer,
        status=status,
        trial=frame(desk.trial, desk.viewer, "/forms"),
        steps=[(step, shown_groups(step, desk.draft.typed)) for step in STEPS],
        errors=seen.errors if errors is None else errors,
        pages={error.field: step_of(error.field, STEPS) for error in seen.errors},
        draft=desk.draft,
        root=desk.root,
        seen=seen,
        submission=Submission(desk.trial.trial_id, desk.draft.site_id, desk.draft.key).id,
        follows=_follows(request, desk, seen),
    )


def _follows(request: Request, desk: Desk, seen: Preview) -> Follows | None:
    """What the decider would make of the form now; none while it cannot be read."""
    if seen.parsed is None or _fixed_subject(desk, seen) is not None:
        return None
    actor = desk.actor.model_copy(update={"sites": (desk.draft.site_id,)})
    return follows(desk.trial, actor, _command(desk, seen), now_of(request, desk.trial))


def _fixed_subject(desk: Desk, seen: Preview) -> FieldError | None:
    """What is wrong where an amendment or a re-screening names another subject than its own."""
    if seen.parsed is None:
        return None
    fixed = desk.draft.subject_id
    if fixed is not None and seen.parsed.subject_id != fixed:
        return FieldError("subject_id", f"This form is of {fixed}: begin another for others.")
    return None


def _preview(request: Request, desk: Desk) -> Preview:
    return preview(desk.trial, desk.typed, desk.draft.site_id, now_of(request, desk.trial), STEPS)


def _flat(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _to(path: str) -> Response:
    return RedirectResponse(path, SEE_OTHER)
