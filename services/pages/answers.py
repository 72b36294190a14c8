"""What became of something a page sent: the outcome at once, what to do by when, or the reasons."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.identity import Submission, parse_submission
from services.api.intake import Intake, Received
from services.api.ports import UnavailableError
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force, unavailable
from services.pages.frame import READERS, SITE_STAFF, frame
from services.pages.rendering import page
from services.pages.screening.steps import STEPS
from services.pages.screening.verdict_view import missing_view
from services.signin.viewer import CurrentViewer

router = APIRouter(prefix="/trials/{trial_id}/answers", include_in_schema=False)

NOT_YES = ("refused", "rejected", "ineligible", "incomplete", "needs_review")
"""Outcomes about which a site may want to ask the medical monitor."""


@router.get("/{submission_id}")
async def answer_page(
    request: Request, viewer: CurrentViewer, trial_id: str, submission_id: str
) -> Response:
    """Until it is decided the page loads itself again; another site's answer is as good as none."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    submission = parse_submission(submission_id)
    if submission is None or not _may_see(submission, trial_id, actor.sites):
        raise Problem(NO_ROUTE, "There is no such submission of yours.")
    received = await _look(request, submission)
    if received is None:
        raise Problem(NO_ROUTE, "It is not known here: send it again, it is decided once.")
    decided = received.decided
    headers = {} if decided is not None else {"Refresh": "1"}
    return page(
        request,
        "answers/answer.html",
        viewer,
        headers=headers,
        trial=frame(trial, viewer, ""),
        received=received,
        answer=None if decided is None else decided.answer,
        decided=decided,
        zone=str(trial.in_force.time_zone),
        root=f"/trials/{trial_id}",
        protocol=trial.in_force,
        missing=()
        if decided is None
        else [missing_view(name, STEPS) for name in decided.answer.missing],
        may_amend=viewer.may(trial_id, *SITE_STAFF),
        refused=decided is not None and decided.answer.outcome in NOT_YES,
    )


def _may_see(submission: Submission, trial_id: str, sites: tuple[str, ...]) -> bool:
    if submission.trial_id != trial_id:
        return False
    if "*" in sites:
        return True
    return submission.site_id is not None and submission.site_id in sites


async def _look(request: Request, submission: Submission) -> Received | None:
    intake: Intake = request.app.state.intake
    try:
        return await intake.look(submission)
    except UnavailableError as error:
        raise unavailable(error) from None
