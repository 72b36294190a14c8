"""The first page after signing in: the trials that the viewer has a right in."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from enrollment.trial import Trial
from services.api.ports import UnavailableError
from services.api.reading import find_trial, ports_of, unavailable
from services.pages.frame import PLACES
from services.pages.rendering import page
from services.signin.viewer import CurrentViewer, Viewer

router = APIRouter(include_in_schema=False)


def first_place(viewer: Viewer, trial_id: str) -> str | None:
    """Where a viewer of a trial begins; none without any right in it."""
    for place in PLACES:
        if viewer.may(trial_id, *place.roles):
            return f"/trials/{trial_id}{place.path}"
    return None


@router.get("/")
async def home(request: Request, viewer: CurrentViewer) -> Response:
    """Whoever has one trial only goes straight to it."""
    try:
        listed = await ports_of(request).trials.list_trials()
    except UnavailableError as error:
        raise unavailable(error) from None
    shown: list[tuple[str, Trial, str]] = []
    for trial_id in listed.trial_ids:
        place = first_place(viewer, trial_id)
        trial = None if place is None else await find_trial(request, trial_id)
        if place is not None and trial is not None and trial.protocol is not None:
            shown.append((trial_id, trial, place))
    if len(shown) == 1 and not viewer.account.holds("administrator"):
        return RedirectResponse(shown[0][2], 303)
    return page(request, "home.html", viewer, trials=shown)


@router.get("/trials/{trial_id}")
async def trial_home(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id)
    return RedirectResponse(first_place(viewer, trial_id) or "/", 303)
