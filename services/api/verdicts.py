"""Verdicts, finding by finding: of a form without submitting it, and of a subject as recorded."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from eligibility.verdict import Verdict
from enrollment.commands import Role
from enrollment.events import FormJudged
from enrollment.judging import judge_on_arrival
from services.api.actor import CurrentActor, require_role
from services.api.bodies import read_body
from services.api.documented import READ_PROBLEMS, json_body, problems
from services.api.examples import FORM
from services.api.parameters import KnownParameters
from services.api.ports import UnavailableError
from services.api.problems import (
    BAD_JSON,
    INVALID,
    NO_PROTOCOL,
    NO_SUBJECT,
    NO_VERDICT,
    NOT_JSON,
    NOT_THIS_ROLE,
    NOT_THIS_SITE,
    TOO_LARGE,
    TOO_MANY_WRITES,
    TOO_SLOW,
    Problem,
)
from services.api.rates import WriteRates
from services.api.reading import SubjectId, TrialId, ports_of, trial_in_force, unavailable
from services.api.reads import now_of
from services.api.submit import checked_form
from services.api.views import instant, json_response, visible
from services.settings import ApiSettings
from streams.record import Record

router = APIRouter(prefix="/v1/trials/{trial_id}", tags=["reads"], route_class=KnownParameters)
STAFF: tuple[Role, ...] = ("site", "coordinator", "reviewer", "auditor")


@router.get(
    "/subjects/{subject_id}/verdict",
    operation_id="readVerdict",
    summary="The latest verdict on a subject's form, finding by finding",
    responses={**READ_PROBLEMS, **problems(NOT_THIS_ROLE, NO_PROTOCOL, NO_SUBJECT, NO_VERDICT)},
)
async def read_verdict(
    request: Request, actor: CurrentActor, trial_id: TrialId, subject_id: SubjectId
) -> Response:
    """As it stands in the record at `sequence`, under the protocol named by its digest."""
    require_role(actor, *STAFF)
    trial = await trial_in_force(request, trial_id)
    if visible(actor, trial, subject_id) is None:
        raise Problem(NO_SUBJECT, "No subject of this id is known at a site of yours.")
    try:
        record = await ports_of(request).trials.judged(trial_id, subject_id)
    except UnavailableError as error:
        raise unavailable(error) from None
    judged = None if record is None else _judged(record, subject_id)
    if record is None or judged is None:
        raise Problem(NO_VERDICT, "No form of this subject has been judged.")
    return json_response(
        {
            "trial_id": trial_id,
            "subject_id": subject_id,
            "sequence": record.sequence,
            "at": instant(record.content.at),
            "why": judged.why,
            "judged_for_phase": judged.phase,
            "protocol": {"digest": judged.verdict["protocol"]},
            **_verdict_json(Verdict.from_json(judged.verdict)),
        }
    )


def _judged(record: Record, subject_id: str) -> FormJudged | None:
    """The last verdict on this subject in the record."""
    found = [
        event
        for event in record.content.events
        if isinstance(event, FormJudged) and event.subject_id == subject_id
    ]
    return found[-1] if found else None


@router.post(
    "/verdicts",
    operation_id="previewVerdict",
    summary="Preview a verdict without submitting",
    responses={
        **READ_PROBLEMS,
        **problems(
            BAD_JSON,
            NOT_THIS_ROLE,
            NOT_THIS_SITE,
            TOO_SLOW,
            NO_PROTOCOL,
            TOO_LARGE,
            NOT_JSON,
            INVALID,
            TOO_MANY_WRITES,
        ),
    },
    openapi_extra={"requestBody": json_body("ScreeningForm", FORM)},
)
async def preview_verdict(request: Request, actor: CurrentActor, trial_id: TrialId) -> Response:
    """Judged now under the trial's protocol in force; a place is not asked for.

    Signed settlements of the subject, if it is known, count as they would on submitting.
    """
    require_role(actor, "site", "coordinator", "reviewer")
    rates: WriteRates = request.app.state.rates
    rates.take(actor)
    settings: ApiSettings = request.app.state.settings
    form, _ = checked_form(await read_body(request, settings.max_body_bytes, settings.body_seconds))
    if not actor.may_touch(form.site_id):
        raise Problem(NOT_THIS_SITE, "The form is of a site that is not yours.")
    trial = await trial_in_force(request, trial_id)
    subject = visible(actor, trial, form.subject_id)
    settlements = frozenset() if subject is None else subject.settlements
    verdict = judge_on_arrival(form, trial.in_force, now_of(request, trial), settlements)
    return json_response(
        {
            "trial_id": trial_id,
            "subject_id": form.subject_id,
            "protocol": {"version": trial.in_force.version, "digest": trial.in_force.digest},
            **_verdict_json(verdict),
        }
    )


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "anchors": verdict.anchors.to_json(),
        "phases": [_phase(verdict, phase) for phase in (1, 2)],
        "findings": [
            {"phases": list(finding.phases), **finding.to_json()} for finding in verdict.findings
        ],
    }


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
