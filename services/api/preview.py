"""What a form would come to, without submitting it: nothing is written, nothing is kept."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from eligibility.verdict import Verdict
from enrollment.judging import judge_on_arrival
from services.api.actor import CurrentActor, require_role
from services.api.bodies import read_body
from services.api.documented import READ_PROBLEMS, json_body, problems
from services.api.examples import FORM
from services.api.problems import (
    BAD_JSON,
    INVALID,
    NO_PROTOCOL,
    NOT_JSON,
    NOT_THIS_ROLE,
    NOT_THIS_SITE,
    TOO_LARGE,
    Problem,
)
from services.api.reading import TrialId, trial_in_force
from services.api.reads import now_of
from services.api.submit import checked_form
from services.api.views import json_response, visible
from services.settings import ApiSettings

router = APIRouter(prefix="/v1/trials/{trial_id}", tags=["reads"])


@router.post(
    "/verdicts",
    operation_id="previewVerdict",
    summary="Preview a verdict without submitting",
    responses={
        **READ_PROBLEMS,
        **problems(
            BAD_JSON, NOT_THIS_ROLE, NOT_THIS_SITE, NO_PROTOCOL, TOO_LARGE, NOT_JSON, INVALID
        ),
    },
    openapi_extra={"requestBody": json_body("ScreeningForm", FORM)},
)
async def preview_verdict(request: Request, actor: CurrentActor, trial_id: TrialId) -> Response:
    """Judged now under the trial's protocol in force; a place is not asked for.

    Signed settlements of the subject, if it is known, count as they would on submitting.
    """
    require_role(actor, "site", "coordinator", "reviewer")
    settings: ApiSettings = request.app.state.settings
    form = checked_form(await read_body(request, settings.max_body_bytes))
    if not actor.may_touch(form.site_id):
        raise Problem(NOT_THIS_SITE, "The form is of a site that is not yours.")
    trial = await trial_in_force(request, trial_id)
    subject = visible(actor, trial, form.subject_id)
    settlements = frozenset() if subject is None else subject.settlements
    protocol = trial.in_force
    verdict = judge_on_arrival(form, protocol, now_of(request, trial), settlements)
    return json_response(
        {
            "trial_id": trial_id,
            "subject_id": form.subject_id,
            "protocol": {"version": protocol.version, "digest": protocol.digest},
            "anchors": verdict.anchors.to_json(),
            "phases": [_phase(verdict, phase) for phase in (1, 2)],
            "findings": [finding.to_json() for finding in verdict.findings],
        }
    )


def _phase(verdict: Verdict, phase: int) -> dict[str, Any]:
    earliest = verdict.earliest(phase)
    return {
        "phase": phase,
        "outcome": verdict.outcome(phase).value,
        "fails": verdict.fails(phase),
        "missing": verdict.missing(phase),
        "reviews": verdict.reviews(phase),
        "safety": verdict.safety(phase),
        "earliest_on": None if earliest is None else earliest.on,
        "anchor": None if earliest is None else earliest.anchor,
    }
