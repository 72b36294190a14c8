"""The pages of a site's laboratories and of the sheet for the hours when the system is down."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from enrollment.trial import Trial
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.asking import typed_in
from services.pages.frame import READERS, SITE_STAFF, frame
from services.pages.laboratories import Laboratories, prefilled, wrong_fields
from services.pages.rendering import FieldError, page
from services.pages.screening.asked import asked_by, with_asked
from services.pages.screening.filled import Draft
from services.pages.screening.shown import shown_groups
from services.pages.screening.steps import STEPS
from services.pages.screening.steps_findings import ANALYTES
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}", include_in_schema=False)
FIELDS = ("laboratory", "analyte", "unit", "lower_limit", "upper_limit", "from_on")


def laboratories_of(request: Request) -> Laboratories:
    laboratories: Laboratories = request.app.state.laboratories
    return laboratories


def filled_in(request: Request, typed: Draft, site_id: str) -> Draft:
    """The draft with the limits of the site's laboratories."""
    return prefilled(typed, site_id, laboratories_of(request))


@router.get("/laboratories")
async def laboratories_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    return await _page(request, viewer, trial_id, {})


@router.post("/laboratories")
async def set_limits(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    form = await posted(request, viewer)
    actor = viewer.actor(trial_id, *SITE_STAFF)
    typed = typed_in(form)
    site_id = typed.get("site_id", "")
    if not actor.may_touch(site_id):
        raise Problem(NO_ROUTE, "There is no such site of yours.")
    facts = {name: typed.get(name, "").replace(",", ".") for name in FIELDS}
    try:
        await laboratories_of(request).set(viewer.account.account_id, site_id=site_id, **facts)
    except ValidationError as error:
        errors = tuple(FieldError(*fault) for fault in wrong_fields(error))
        return await _page(request, viewer, trial_id, typed, errors)
    return RedirectResponse(f"/trials/{trial_id}/laboratories", 303)


async def _page(
    request: Request,
    viewer: Viewer,
    trial_id: str,
    typed: dict[str, str],
    errors: tuple[FieldError, ...] = (),
) -> Response:
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    laboratories = laboratories_of(request)
    return page(
        request,
        "mine/laboratories.html",
        viewer,
        status=422 if errors else 200,
        trial=frame(trial, viewer, "/laboratories"),
        sites=[(site, laboratories.of_site(site)) for site in actor.sites],
        accounts=request.app.state.signin.people.accounts,
        analytes=dict(ANALYTES),
        typed=typed,
        errors=errors,
        today=_today(request, trial),
    )


def _today(request: Request, trial: Trial) -> str:
    return trial.in_force.local_date(now_of(request, trial)).isoformat()


@router.get("/paper")
async def paper_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """The screening form to print, for the hours when the system is down."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    criteria = trial.in_force.criteria
    rows = with_asked({"completed_on": _today(request, trial)}, criteria)
    if len(actor.sites) == 1:
        rows = filled_in(request, rows, actor.sites[0])
    rows.pop("completed_on")
    return page(
        request,
        "mine/paper.html",
        viewer,
        trial=frame(trial, viewer, "/downloads"),
        steps=[(step, shown_groups(step, rows)) for step in STEPS],
        asked=asked_by(criteria),
        sites=actor.sites,
        now=now_of(request, trial),
        zone=str(trial.in_force.time_zone),
    )
