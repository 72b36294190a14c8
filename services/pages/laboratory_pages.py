"""The pages of a site's laboratories and of the sheet for the hours when the system is down."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.asking import typed_in
from services.pages.frame import READERS, SITE_STAFF, frame
from services.pages.laboratories import Laboratories, wrong_fields
from services.pages.rendering import FieldError, page
from services.pages.screening.shown import shown_groups
from services.pages.screening.steps import STEPS
from services.pages.screening.steps_findings import ANALYTES
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}", include_in_schema=False)
FIELDS = ("laboratory", "analyte", "unit", "lower_limit", "upper_limit", "from_on")


def laboratories_of(request: Request) -> Laboratories:
    laboratories: Laboratories = request.app.state.laboratories
    return laboratories


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
        today=trial.in_force.local_date(now_of(request, trial)),
    )


@router.get("/paper")
async def paper_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """The screening form to print, for the hours when the system is down."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    return page(
        request,
        "mine/paper.html",
        viewer,
        trial=frame(trial, viewer, "/downloads"),
        steps=[(step, shown_groups(step, {})) for step in STEPS],
        sites=actor.sites,
        now=now_of(request, trial),
        zone=str(trial.in_force.time_zone),
    )
