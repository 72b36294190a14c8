"""The centre decides: the cohort review and all other decisions about the trial, signed."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from enrollment import commands as c
from enrollment.trial import Trial
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import ports_of, trial_in_force
from services.api.reads import now_of
from services.pages.acting import Doing, act
from services.pages.asking import command_typed, typed_in
from services.pages.frame import CENTRE, frame
from services.pages.hypothetical import Follows
from services.pages.needs import needs
from services.pages.rendering import FieldError, page
from services.pages.review_view import MEANING, choices, level_data, reason_of_design
from services.pages.sending import Wish, fresh_key, key_of, sent
from services.pages.tallies import Tallies
from services.pages.trial_actions import BY_SLUG, TRIAL_ACTIONS, TrialAction
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/decisions", include_in_schema=False)
TREATED_SHOWN = 60


@router.get("")
async def decisions(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    today = trial.in_force.local_date(now_of(request, trial))
    treated = [
        who
        for who in sorted(trial.subjects)
        if (slot := trial.subjects[who].slot) is not None and slot.treated
    ]
    return page(
        request,
        "decisions/decisions.html",
        viewer,
        trial=frame(trial, viewer, "/decisions"),
        needs=needs(trial, today),
        review=trial.review,
        offered=[
            action
            for action in TRIAL_ACTIONS
            if viewer.may(trial_id, *action.roles) and action.offered(trial)
        ],
        may_sign=viewer.may(trial_id, "reviewer"),
        root=f"/trials/{trial_id}/decisions",
        treated=treated[:TREATED_SHOWN],
        treated_left_out=max(0, len(treated) - TREATED_SHOWN),
        subjects=f"/trials/{trial_id}/subjects",
        audit=f"/trials/{trial_id}/audit",
    )


@router.get("/review")
async def review_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    return await _review(request, viewer, trial, {}, fresh_key())


@router.post("/review")
async def sign_review(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """Signed is what was shown: the hash of the page goes with it, and changed data refuse it."""
    form = await posted(request, viewer)
    actor = viewer.actor(trial_id, "reviewer")
    trial = await trial_in_force(request, trial_id)
    typed = typed_in(form)
    key = key_of(typed)
    decision, _, level_id = typed.get("decision", "").partition(":")
    fixed = {
        "decision": decision,
        "level_id": level_id or None,
        "data_hash": typed.get("data_hash", ""),
        "reason": typed.get("reason") or None,
        "meaning": MEANING,
    }
    command, errors = command_typed(c.SignReview, (), {}, fixed, trial.in_force.time_zone)
    if command is None:
        wrong = FieldError("decision", "Decision: choose one.")
        return await _review(request, viewer, trial, typed, key, (wrong,) if errors else ())
    refused = await signed(request, viewer, form, MEANING)
    if refused is not None:
        return await _review(request, viewer, trial, typed, key, (refused,))
    return await sent(request, trial, Wish(actor, None, key, command))


async def _review(
    request: Request,
    viewer: Viewer,
    trial: Trial,
    typed: dict[str, str],
    key: str,
    errors: tuple[FieldError, ...] = (),
) -> Response:
    now = now_of(request, trial)
    today = trial.in_force.local_date(now)
    review = trial.review
    seen = typed.get("data_hash")
    tallies: Tallies = request.app.state.tallies
    reports = await tallies.toxicities(ports_of(request), trial.trial_id)
    return page(
        request,
        "decisions/review.html",
        viewer,
        status=422 if errors else 200,
        trial=frame(trial, viewer, "/decisions"),
        review=review,
        changed=review is not None and seen is not None and seen != review.data_hash,
        levels=level_data(trial, today, reports),
        choices=() if review is None else choices(trial, review, now),
        explain=None if review is None else reason_of_design(trial, today),
        design=trial.in_force.phase1.design.name,
        required=trial.in_force.phase1.signatures_required,
        people=request.app.state.signin.people.accounts,
        may_sign=viewer.may(trial.trial_id, "reviewer"),
        meaning=MEANING,
        typed=typed,
        key=key,
        errors=errors,
        root=f"/trials/{trial.trial_id}/decisions",
        subjects=f"/trials/{trial.trial_id}/subjects",
    )


@router.get("/do/{slug}")
async def ask_page(request: Request, viewer: CurrentViewer, trial_id: str, slug: str) -> Response:
    action, doing = await _doing(request, viewer, trial_id, slug, {})
    return await _page(request, action, doing)


@router.post("/do/{slug}")
async def do_it(request: Request, viewer: CurrentViewer, trial_id: str, slug: str) -> Response:
    form = await posted(request, viewer)
    action, doing = await _doing(request, viewer, trial_id, slug, typed_in(form))
    return await act(request, form, doing, {}, partial(_page, request, action, doing))


async def _doing(
    request: Request, viewer: Viewer, trial_id: str, slug: str, typed: dict[str, str]
) -> tuple[TrialAction, Doing]:
    action = BY_SLUG.get(slug)
    if action is None:
        raise Problem(NO_ROUTE, "There is no such thing to decide.")
    actor = viewer.actor(trial_id, *action.roles)
    trial = await trial_in_force(request, trial_id)
    key = key_of(typed)
    command, asks, signs = action.command, action.asks, action.signs
    return action, Doing(trial, viewer, actor, command, asks, signs, typed, key, None)


async def _page(
    request: Request,
    action: TrialAction,
    doing: Doing,
    errors: tuple[FieldError, ...] = (),
    would: Follows | None = None,
) -> Response:
    root = f"/trials/{doing.trial.trial_id}/decisions"
    return page(
        request,
        "decisions/do.html",
        doing.viewer,
        status=422 if errors else 200,
        trial=frame(doing.trial, doing.viewer, "/decisions"),
        action=action,
        **doing.shown(errors, would),
        post=f"{root}/do/{action.slug}",
        back=root,
    )
