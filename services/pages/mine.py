"""The site's own subjects, the most urgent first; and what is open before a form is begun."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from enrollment.due import due, earliest_for_newcomer, most_urgent_first
from enrollment.places import accruing_phase, barrier, free_places, next_place
from enrollment.trial import Trial
from enrollment.waitlist import in_order
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.api.views import state_of, visible
from services.pages.drafts import Drafts
from services.pages.frame import SITE_STAFF, frame
from services.pages.rendering import page
from services.pages.words import STATES, barrier_words
from services.signin.viewer import CurrentViewer

router = APIRouter(prefix="/trials/{trial_id}", include_in_schema=False)


@router.get("/mine")
async def my_subjects(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    now = now_of(request, trial)
    own = [
        subject
        for subject_id in sorted(trial.subjects)
        if (subject := visible(actor, trial, subject_id)) is not None
    ]
    places = _places_on_the_list(trial)
    drafts: Drafts = request.app.state.drafts
    return page(
        request,
        "mine/mine.html",
        viewer,
        trial=frame(trial, viewer, "/mine"),
        due=most_urgent_first([one for subject in own for one in due(trial, subject, now)]),
        subjects=[
            {
                "subject_id": subject.subject_id,
                "state": STATES[state_of(subject)],
                "place": places.get(subject.subject_id),
                "slot": subject.slot if subject.slot is not None and subject.slot.live else None,
            }
            for subject in own
        ],
        drafts=drafts.of_site(trial_id, actor.sites),
        today=trial.in_force.local_date(now),
        zone=str(trial.in_force.time_zone),
        root=f"/trials/{trial_id}",
    )


def _places_on_the_list(trial: Trial) -> dict[str, int]:
    return {
        subject_id: position
        for phase in (1, 2)
        for position, subject_id in enumerate(in_order(trial, phase), 1)
    }


@router.get("/open")
async def open_now(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    """What a new subject of each of the viewer's sites would find now."""
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    return page(
        request,
        "mine/open.html",
        viewer,
        trial=frame(trial, viewer, "/open"),
        sites=[at_site(request, trial, site_id) for site_id in actor.sites],
        phase=accruing_phase(trial),
        root=f"/trials/{trial_id}",
        zone=str(trial.in_force.time_zone),
        now=now_of(request, trial),
    )


def at_site(request: Request, trial: Trial, site_id: str) -> dict[str, Any]:
    """What a new subject of a site would find now: places, the list, the earliest date."""
    now = now_of(request, trial)
    today = trial.in_force.local_date(now)
    phase = accruing_phase(trial)
    if not trial.activated:
        return _shown(site_id, 0, "trial_not_open", 0, None, None)
    stands = barrier(trial, phase, site_id, today)
    waiting = trial.waiting[phase - 1]
    if stands is None:
        level = next_place(trial, phase, today).level_id
        return _shown(site_id, free_places(trial, phase, today), None, waiting, None, level)
    on = earliest_for_newcomer(trial, site_id, now)
    return _shown(site_id, 0, stands.rule, waiting, on, None)


def _shown(
    site_id: str, places: int, rule: str | None, waiting: int, earliest_on: Any, level: str | None
) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "places": places,
        "rule": rule,
        "why": None if rule is None else barrier_words(rule),
        "waiting": waiting,
        "earliest_on": earliest_on,
        "level_id": level,
    }
