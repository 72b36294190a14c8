"""The trial's audit trail: filtered, in order, to download whole; and the site's own logs."""

import re
from collections.abc import AsyncIterator, Callable
from itertools import islice
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from enrollment.commands import Actor
from enrollment.trial import Trial
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import ports_of, trial_in_force
from services.api.reads import now_of
from services.api.views import state_of, visible
from services.pages.audit_rows import COLUMNS, Row, Wanted, csv_row, ndjson_row, trail
from services.pages.downloads import csv_lines, download
from services.pages.event_words import SENTENCES
from services.pages.frame import CENTRE, READERS, frame
from services.pages.rendering import page
from services.signin.viewer import CurrentViewer, Viewer

router = APIRouter(prefix="/trials/{trial_id}", include_in_schema=False)
SHOWN = 100
Text = Annotated[str, Query(max_length=128)]
ORDERS: Final[dict[str, str]] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "happened": "As it happened",
    "subject": "By subject",
}
"""How the page orders what it shows. Rows that are equal in it stay in the order of the record."""
EVENTS: Final[dict[str, str]] = {
    name: re.sub(r"(?<!^)([A-Z])", lambda found: f" {found[1].lower()}", name)
    for name in sorted(SENTENCES)
}
"""Every event in words: `FirstDoseRecorded` is the first dose recorded."""


async def _wanted(subject: Text = "", site: Text = "", event: Text = "", by: Text = "") -> Wanted:
    return Wanted(subject.strip(), site, event, by.strip())


Filter = Annotated[Wanted, Depends(_wanted)]


@router.get("/audit")
async def audit_page(
    request: Request,
    viewer: CurrentViewer,
    trial_id: str,
    wanted: Filter,
    order: Text = "newest",
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    actor = viewer.actor(trial_id, *CENTRE, "auditor")
    trial = await trial_in_force(request, trial_id)
    found = [row async for row in _rows(request, trial, actor, wanted)]
    order = order if order in ORDERS else "newest"
    return page(
        request,
        "audit/audit.html",
        viewer,
        trial=frame(trial, viewer, "/audit"),
        rows=list(islice(_ordered(found, order), skip, skip + SHOWN)),
        total=len(found),
        skip=skip,
        step=SHOWN,
        wanted=wanted,
        order=order,
        orders=ORDERS,
        events=EVENTS,
        sites=trial.in_force.site_ids,
        query=_query(wanted),
        zone=str(trial.in_force.time_zone),
        root=f"/trials/{trial_id}",
    )


def _ordered(found: list[Row], order: str) -> list[Row]:
    """`found` is oldest first. What has no day of its own stands where it was recorded."""
    match order:
        case "oldest":
            return found
        case "happened":
            return sorted(found, key=lambda row: row.happened_on or row.recorded_at[:10])
        case "subject":
            return sorted(found, key=lambda row: (not row.subject_id, row.subject_id))
        case _:
            return found[::-1]


def _query(wanted: Wanted) -> str:
    return urlencode(
        {
            "subject": wanted.subject_id,
            "site": wanted.site_id,
            "event": wanted.event,
            "by": wanted.by,
        }
    )


@router.get("/audit.{kind}")
async def audit_file(
    request: Request, viewer: CurrentViewer, trial_id: str, kind: str, wanted: Filter
) -> Response:
    """The same rows, oldest first, as CSV or NDJSON; of site staff their own sites' only."""
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    rows = _rows(request, trial, actor, wanted)
    if kind == "csv":
        return download(_lines(rows, csv_row, csv_lines([COLUMNS])), f"{trial_id}-audit.csv")
    if kind == "ndjson":
        return download(_lines(rows, ndjson_row, ""), f"{trial_id}-audit.ndjson")
    raise Problem(NO_ROUTE, "The trail comes as csv or ndjson.")


def _rows(request: Request, trial: Trial, actor: Actor, wanted: Wanted) -> AsyncIterator[Row]:
    people = request.app.state.signin.people.accounts
    zone = str(trial.in_force.time_zone)
    return trail(ports_of(request), trial.trial_id, actor, people, zone, wanted)


async def _lines(
    rows: AsyncIterator[Row], written: Callable[[Row], str], head: str
) -> AsyncIterator[str]:
    if head:
        yield head
    async for row in rows:
        yield written(row)


@router.get("/downloads")
async def downloads(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    actor = viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    return page(
        request,
        "audit/downloads.html",
        viewer,
        trial=frame(trial, viewer, "/downloads"),
        sites=actor.sites,
        root=f"/trials/{trial_id}",
    )


@router.get("/logs/{name}.csv")
async def site_log(request: Request, viewer: CurrentViewer, trial_id: str, name: str) -> Response:
    """The screening log or the enrolment log of the viewer's sites, as it stands now."""
    viewer.actor(trial_id, *READERS)
    trial = await trial_in_force(request, trial_id)
    made = {"screening": _screening, "enrolment": _enrolment}.get(name)
    if made is None:
        raise Problem(NO_ROUTE, "There is a screening log and an enrolment log.")
    return download(csv_lines(made(request, trial, viewer)), f"{trial_id}-{name}-log.csv")


def _screening(request: Request, trial: Trial, viewer: Viewer) -> list[list[Any]]:
    head = ["trial_id", "subject_id", "site_id", "consented_on", "form_of", "forms", "rescreens"]
    head += ["verdict", "state"]
    rows: list[list[Any]] = [head]
    actor = viewer.actor(trial.trial_id, *READERS)
    for subject_id in sorted(trial.subjects):
        one = visible(actor, trial, subject_id)
        if one is not None:
            rows.append(
                [
                    trial.trial_id,
                    one.subject_id,
                    one.site_id,
                    one.consented_on or "",
                    one.completed_on or "",
                    one.forms,
                    one.rescreens,
                    one.outcome or "",
                    state_of(one),
                ]
            )
    return rows


def _enrolment(request: Request, trial: Trial, viewer: Viewer) -> list[list[Any]]:
    head = ["trial_id", "subject_id", "site_id", "slot_id", "phase", "level_id", "state"]
    head += ["reserved_at", "dosed_on", "window_ends_on", "dlt_onset_on", "as_of"]
    rows: list[list[Any]] = [head]
    actor, now = viewer.actor(trial.trial_id, *READERS), now_of(request, trial)
    for subject_id in sorted(trial.subjects):
        one = visible(actor, trial, subject_id)
        if one is not None and one.slot is not None:
            slot = one.slot
            rows.append(
                [
                    trial.trial_id,
                    one.subject_id,
                    one.site_id,
                    slot.slot_id,
                    slot.phase,
                    slot.level_id,
                    slot.state,
                    slot.reserved_at.isoformat(),
                    slot.dosed_on or "",
                    slot.window_ends_on or "",
                    slot.dlt_onset_on or "",
                    now.isoformat(),
                ]
            )
    return rows
