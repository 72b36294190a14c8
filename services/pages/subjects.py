"""One subject: where it stands, what can be done, its story and forms; and the list of all."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from eligibility.verdict import Verdict
from enrollment.board import subject_view
from enrollment.commands import Actor
from enrollment.confirming import confirmed
from enrollment.events import (
    AnyEvent,
    CommandRefused,
    EnrollmentRefused,
    FactCorrected,
    FormJudged,
)
from enrollment.trial import Subject, Trial
from services.api.ports import UnavailableError
from services.api.problems import NO_SUBJECT, Problem
from services.api.reading import ports_of, trial_in_force, unavailable
from services.api.reads import now_of
from services.api.views import state_of, visible
from services.pages.actions import ACTIONS, SubjectAction
from services.pages.audit_rows import signed_meaning
from services.pages.before import Before
from services.pages.event_words import sentence
from services.pages.frame import CENTRE, READERS, frame, of_subjects
from services.pages.rendering import page
from services.pages.screening.steps import STEPS
from services.pages.screening.verdict_view import VerdictView, verdict_view
from services.pages.who import who
from services.pages.words import STATES
from services.signin.viewer import CurrentViewer, Viewer
from streams.record import Record

router = APIRouter(prefix="/trials/{trial_id}/subjects", include_in_schema=False)
STEP = 500
SHOWN = 200


@router.get("")
async def list_subjects(
    request: Request, viewer: CurrentViewer, trial_id: str, site: str = "", state: str = ""
) -> Response:
    """Of the centre: every subject, by site and state."""
    actor = viewer.actor(trial_id, *CENTRE, "auditor")
    trial = await trial_in_force(request, trial_id)
    found = [
        subject
        for subject_id in sorted(trial.subjects)
        if (subject := visible(actor, trial, subject_id)) is not None
        and site in ("", subject.site_id)
        and state in ("", state_of(subject))
    ]
    return page(
        request,
        "subjects/list.html",
        viewer,
        trial=frame(trial, viewer, "/subjects"),
        subjects=[subject_row(trial, subject) for subject in found[:SHOWN]],
        left_out=max(0, len(found) - SHOWN),
        sites=trial.in_force.site_ids,
        site=site,
        state=state,
        states=STATES,
    )


@router.get("/{subject_id}")
async def subject_page(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str
) -> Response:
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    records = await records_about(request, trial_id, subject_id)
    now = now_of(request, trial)
    return page(
        request,
        "subjects/subject.html",
        viewer,
        trial=frame(trial, viewer, of_subjects(actor)),
        subject=subject,
        view=subject_view(trial, subject, now),
        state=STATES[state_of(subject)],
        root=f"/trials/{trial_id}/subjects/{subject_id}",
        zone=str(trial.in_force.time_zone),
        offered=offered(viewer, trial, subject),
        verdict=latest_verdict(records, subject_id),
        story=story(request, records, subject, actor, str(trial.in_force.time_zone)),
        forms=forms_of(records, subject_id),
        reviews=subject.reviews if viewer.may(trial_id, *CENTRE) else (),
        may_amend=actor.of_site,
        illustrative="phase1" in trial.in_force.illustrative,
        confirmation=_confirmation(trial, subject),
        refused=refusals(trial, subject, records),
    )


def _confirmation(trial: Trial, subject: Subject) -> bool | None:
    """Whether an investigator's signature stands; none where nobody is asked for one."""
    undosed = subject.slot is not None and subject.slot.undosed
    if not (trial.in_force.assignment.confirm_eligibility and undosed):
        return None
    return confirmed(trial, subject)


def refusals(trial: Trial, subject: Subject, records: list[Record]) -> list[str]:
    """Why the subject does not get what was asked for it last; empty where it does."""
    if records:
        found = [
            event.sentence
            for event in records[-1].content.events
            if isinstance(event, CommandRefused | EnrollmentRefused)
            and event.subject_id == subject.subject_id
        ]
        if found:
            return [f"Refused: {sentence}" for sentence in found]
    if subject.slot is not None and subject.slot.undosed and subject.slot.flagged:
        return ["The place is flagged: no first dose is authorised."]
    live = subject.waiting is not None or (subject.slot is not None and subject.slot.live)
    said = {
        "ineligible": "Not eligible.",
        "incomplete": "Incomplete: something is missing or unclear.",
        "needs_review": "A person of the coordinating centre must decide on a finding.",
    }
    found_so = said.get(subject.outcome or "")
    return [found_so] if found_so is not None and not live else []


def seen_subject(actor: Actor, trial: Trial, subject_id: str) -> Subject:
    """The subject if the actor may see it; another site's is as good as unknown."""
    subject = visible(actor, trial, subject_id)
    if subject is None:
        raise Problem(NO_SUBJECT, "No subject of this id is known at a site of yours.")
    return subject


def offered(viewer: Viewer, trial: Trial, subject: Subject) -> list[SubjectAction]:
    """What the viewer can do about the subject as it is now."""
    return [
        action
        for action in ACTIONS
        if viewer.may(trial.trial_id, *action.roles) and action.offered(trial, subject)
    ]


async def records_about(request: Request, trial_id: str, subject_id: str) -> list[Record]:
    """Every decision with an event about the subject, in order."""
    found: list[Record] = []
    after = -1
    try:
        while records := await ports_of(request).trials.records(trial_id, after, STEP):
            found += [record for record in records if _about(record, subject_id)]
            after = records[-1].sequence
    except UnavailableError as error:
        raise unavailable(error) from None
    return found


def _about(record: Record, subject_id: str) -> bool:
    return any(getattr(event, "subject_id", None) == subject_id for event in record.content.events)


def story(
    request: Request, records: list[Record], subject: Subject, reader: Actor, zone: str
) -> list[dict[str, Any]]:
    """The subject's events, newest first: who brought them about, and what was before."""
    people = request.app.state.signin.people.accounts
    told, before = [], Before(zone)
    for record in records:
        content = record.content
        own = [e for e in content.events if getattr(e, "subject_id", None) == subject.subject_id]
        told.append(
            {
                "sequence": record.sequence,
                "hash": record.hash,
                "at": content.at,
                "by": who(content.actor, reader, people),
                "sentences": [_with_before(sentence(event, zone), event, before) for event in own],
                "signed": next(filter(None, map(signed_meaning, own)), None),
            }
        )
    return told[::-1]


def _with_before(said: str, event: AnyEvent, before: Before) -> str:
    """A correction says by itself what was before."""
    was = before.of(event)
    return said if not was or isinstance(event, FactCorrected) else f"{said} Before: {was}."


def latest_judged(records: list[Record], subject_id: str) -> Verdict | None:
    """The latest verdict on the subject's form; none before the first."""
    for record in reversed(records):
        for event in reversed(record.content.events):
            if isinstance(event, FormJudged) and event.subject_id == subject_id:
                return Verdict.from_json(event.verdict)
    return None


def latest_verdict(records: list[Record], subject_id: str) -> VerdictView | None:
    """The latest verdict as a page shows it."""
    judged = latest_judged(records, subject_id)
    return None if judged is None else verdict_view(judged, STEPS)


def forms_of(records: list[Record], subject_id: str) -> list[dict[str, Any]]:
    """Every form that was sent of the subject, newest first."""
    return [
        {"sequence": record.sequence, "at": record.content.at, "event": event}
        for record in reversed(records)
        for event in record.content.events
        if isinstance(event, FormJudged) and event.subject_id == subject_id and event.form
    ]


def subject_row(trial: Trial, subject: Subject) -> dict[str, Any]:
    slot = subject.slot
    return {
        "subject_id": subject.subject_id,
        "site_id": subject.site_id,
        "state": STATES[state_of(subject)],
        "level_id": None if slot is None or not slot.live else slot.level_id,
        "completed_on": subject.completed_on,
    }
