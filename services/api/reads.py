"""Reads: trials, board, subjects, waitlist, log. Another site's subjects are as good as unknown."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from enrollment.board import waitlist_view
from enrollment.commands import Actor, Role
from enrollment.trial import Subject, Trial
from services.api import paging
from services.api.actor import CurrentActor, may_see_trial, require_role
from services.api.documented import READ_PROBLEMS, problems
from services.api.parameters import WRITTEN_DATE, WRITTEN_INSTANT, KnownParameters
from services.api.ports import UnavailableError
from services.api.problems import NO_SUBJECT, Problem
from services.api.reading import (
    SubjectId,
    TrialId,
    known_trial,
    ports_of,
    trial_in_force,
    unavailable,
)
from services.api.views import (
    SubjectState,
    board_json,
    json_response,
    record_json,
    state_of,
    subject_json,
    visible,
)

router = APIRouter(
    prefix="/v1/trials", tags=["reads"], responses=READ_PROBLEMS, route_class=KnownParameters
)
STAFF: tuple[Role, ...] = ("site", "coordinator", "reviewer", "auditor")
Since = Annotated[
    date | None,
    WRITTEN_DATE,
    Query(description="Latest form completed on this date or later."),
]
SinceAt = Annotated[
    AwareDatetime | None, WRITTEN_INSTANT, Query(description="At this instant or later.")
]
STEP = 500
LOOKED_AT = 5_000
"""Records looked at for one page of a filtered log."""
TOLD_SECONDS = 0.5


def now_of(request: Request, trial: Trial) -> datetime:
    """The trial's present: of a simulated one its own time."""
    if trial.clock != "simulated":
        return ports_of(request).now()
    # Without pages nobody moves it but what is sent.
    moved: Callable[[Trial], datetime] | None = getattr(request.app.state, "simulated_now", None)
    return trial.time if moved is None else moved(trial)


@router.get("", operation_id="listTrials", summary="The trials there are")
async def list_trials(request: Request, actor: CurrentActor) -> Response:
    """Those that the token has a right in.

    `complete` is false while no worker says that there are no others, as when none runs.
    """
    require_role(actor, *STAFF, "service")
    try:
        found = await ports_of(request).trials.list_trials()
    except UnavailableError as error:
        raise unavailable(error) from None
    seen = (trial_id for trial_id in found.trial_ids if may_see_trial(request, trial_id))
    items = [{"trial_id": trial_id} for trial_id in seen]
    return json_response({"items": items, "next": None, "complete": found.complete})


@router.get("/{trial_id}/board", operation_id="readBoard", summary="The board of a trial")
async def read_board(request: Request, actor: CurrentActor, trial_id: TrialId) -> Response:
    require_role(actor, *STAFF)
    trial = await known_trial(request, trial_id)
    shown = board_json(trial, now_of(request, trial), actor)
    return json_response(shown | {"rebuilding": await _rebuilding(request, trial_id)})


async def _rebuilding(request: Request, trial_id: str) -> bool:
    """Told beside the board, and never in its way: a read side that is away is told elsewhere."""
    try:
        async with asyncio.timeout(TOLD_SECONDS):
            return await ports_of(request).trials.rebuilding(trial_id)
    except (UnavailableError, TimeoutError):
        return False


@router.get("/{trial_id}/subjects", operation_id="listSubjects", summary="Subjects, by id")
async def list_subjects(
    request: Request,
    actor: CurrentActor,
    trial_id: TrialId,
    after: paging.After = None,
    limit: paging.Limit = 100,
    site: paging.SiteFilter = None,
    state: SubjectState | None = None,
    since: Since = None,
) -> Response:
    require_role(actor, *STAFF)
    trial = await known_trial(request, trial_id)
    start, now = paging.untoken(after), now_of(request, trial)

    def wanted() -> Iterator[Subject]:
        for subject_id in sorted(trial.subjects):
            subject = visible(actor, trial, subject_id)
            if subject is None or (start is not None and subject_id <= start):
                continue
            if site is not None and subject.site_id != site:
                continue
            if state is not None and state_of(subject) != state:
                continue
            if since is not None and (subject.completed_on or date.min) < since:
                continue
            yield subject

    return json_response(
        paging.page(
            wanted(),
            limit,
            lambda subject: subject.subject_id,
            lambda subject: subject_json(trial, subject, now),
        )
    )


@router.get(
    "/{trial_id}/subjects/{subject_id}",
    operation_id="readSubject",
    summary="One subject",
    responses=problems(NO_SUBJECT),
)
async def read_subject(
    request: Request, actor: CurrentActor, trial_id: TrialId, subject_id: SubjectId
) -> Response:
    require_role(actor, *STAFF)
    trial = await trial_in_force(request, trial_id)
    subject = visible(actor, trial, subject_id)
    if subject is None:
        raise Problem(NO_SUBJECT, "No subject of this id is known at a site of yours.")
    return json_response(subject_json(trial, subject, now_of(request, trial)))


@router.get("/{trial_id}/waitlist", operation_id="readWaitlist", summary="Who waits, in order")
async def read_waitlist(
    request: Request,
    actor: CurrentActor,
    trial_id: TrialId,
    after: paging.After = None,
    limit: paging.Limit = 100,
    site: paging.SiteFilter = None,
) -> Response:
    """In order of places on the list of each phase; `position` counts every site's subjects."""
    require_role(actor, *STAFF)
    trial = await known_trial(request, trial_id)
    start = paging.untoken(after)

    def wanted() -> Iterator[dict[str, Any]]:
        passed = start is None
        for item in waitlist_view(trial):
            if passed and actor.may_touch(item["site_id"]) and site in (None, item["site_id"]):
                yield item
            passed = passed or item["subject_id"] == start

    return json_response(
        paging.page(wanted(), limit, lambda item: str(item["subject_id"]), lambda item: item)
    )


@router.get("/{trial_id}/log", operation_id="readLog", summary="The record, in order")
async def read_log(
    request: Request,
    actor: CurrentActor,
    trial_id: TrialId,
    after: paging.After = None,
    limit: paging.Limit = 100,
    site: paging.SiteFilter = None,
    since: SinceAt = None,
) -> Response:
    """Decisions with their hashes, as stored; for site staff only the events of their subjects.

    A page may be short, or empty, before the end: go on while `next` is not null.
    """
    require_role(actor, *STAFF)
    await known_trial(request, trial_id)
    if site is not None:
        actor = _narrowed(actor, site)
    shown: list[dict[str, Any]] = []
    start = last = paging.untoken_number(after)
    while last - start < LOOKED_AT:
        try:
            records = await ports_of(request).trials.records(trial_id, last, STEP)
        except UnavailableError as error:
            raise unavailable(error) from None
        if not records:
            return json_response({"items": shown, "next": None})
        for record in records:
            last = record.sequence
            if since is not None and record.content.at < since:
                continue
            item = record_json(record, actor)
            if item is not None:
                shown.append(item)
            if len(shown) == limit:
                return json_response({"items": shown, "next": paging.token(str(last))})
    return json_response({"items": shown, "next": paging.token(str(last))})


def _narrowed(actor: Actor, site: str) -> Actor:
    """A filter by site shows what that site's own staff would see."""
    return actor.model_copy(update={"sites": (site,) if actor.may_touch(site) else ()})
