"""What became of a submission; the id resolves by itself, so a restart forgets nothing decided."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from enrollment.commands import Actor
from services.api.actor import CurrentActor, require_role
from services.api.answers import Answered, PendingSubmission, answer_response
from services.api.documented import EVERYWHERE, problems
from services.api.identity import Submission, parse_submission
from services.api.intake import Intake
from services.api.parameters import KnownParameters
from services.api.ports import UnavailableError
from services.api.problems import NO_SUBMISSION, NOT_THIS_ROLE, Problem
from services.api.reading import unavailable

router = APIRouter(prefix="/v1/submissions", tags=["writes"], route_class=KnownParameters)


@router.get(
    "/{submission_id}",
    operation_id="readSubmission",
    summary="What became of a write",
    responses={
        200: {"model": Answered, "description": "Decided."},
        202: {"model": PendingSubmission, "description": "Accepted, not decided yet."},
        **problems(*EVERYWHERE, NOT_THIS_ROLE, NO_SUBMISSION),
    },
)
async def read_submission(
    request: Request,
    actor: CurrentActor,
    submission_id: Annotated[str, Path(max_length=400)],
) -> Response:
    """200 decided, 202 pending, 404 unknown: send again with the same key.

    After a restart a submission that is still on its way is unknown too. Sending it again is
    harmless: the same key is decided once.
    """
    require_role(actor, "site", "coordinator", "reviewer", "auditor")
    submission = parse_submission(submission_id)
    if submission is None or not _may_read(actor, submission):
        raise _unknown()
    intake: Intake = request.app.state.intake
    try:
        received = await intake.look(submission)
    except UnavailableError as error:
        raise unavailable(error) from None
    if received is None:
        raise _unknown()
    return answer_response(received)


def _may_read(actor: Actor, submission: Submission) -> bool:
    """A site's submissions are its own; the centre's are not for sites."""
    if submission.site_id is None:
        return not actor.of_site
    return actor.may_touch(submission.site_id)


def _unknown() -> Problem:
    return Problem(NO_SUBMISSION, "Unknown: send again with the same key.")
