"""Public events over HTTP: the same CloudEvents as in `enrollment.events`, listed and live."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from enrollment.canonical import canonical
from enrollment.commands import Actor, Role
from services.api import paging
from services.api.actor import CurrentActor, require_role
from services.api.documented import READ_PROBLEMS, problems
from services.api.faults import parameter
from services.api.parameters import WRITTEN_INSTANT, KnownParameters
from services.api.ports import Ports, Trials, UnavailableError
from services.api.problems import TOO_MANY_STREAMS
from services.api.reading import TrialId, known_trial, ports_of, unavailable
from services.api.reads import now_of
from services.api.streaming import Streams, sse, states
from services.api.views import board_json, json_bytes, json_response
from streams.cloud_events import cloud_events
from streams.record import Record

router = APIRouter(prefix="/v1/trials/{trial_id}", tags=["events"], route_class=KnownParameters)
SinceAt = Annotated[AwareDatetime | None, WRITTEN_INSTANT, Query()]
READERS: tuple[Role, ...] = ("site", "coordinator", "reviewer", "auditor", "service")
STEP = 500
LOOKED_AT = 5_000
"""Records looked at for one page: a filtered page may be short before the end."""

Number = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,20}$", description="The `sequence` of the last event that you have."),
]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="Sent by a reader that reconnects.",
        json_schema_extra={"pattern": "^[0-9]{1,20}$"},
    ),
]
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of Server-Sent Events.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **READ_PROBLEMS,
    **problems(TOO_MANY_STREAMS),
}


async def record_before(trials: Trials, trial_id: str, number: int) -> int:
    """The sequence of the record to read on after, for the public events above `number`.

    Looks at a logarithmic number of records: `public_from` never falls along the log.
    """
    if number < 0:
        return -1
    low, high = -1, 1
    while await _starts_at_or_below(trials, trial_id, high, number):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if await _starts_at_or_below(trials, trial_id, middle, number):
            low = middle
        else:
            high = middle
    return max(low, 0) - 1


async def _starts_at_or_below(trials: Trials, trial_id: str, sequence: int, number: int) -> bool:
    found = await trials.records(trial_id, sequence - 1, 1)
    return bool(found) and found[0].content.public_from <= number


def told(record: Record, after: int, actor: Actor) -> list[tuple[int, dict[str, Any]]]:
    """A record's events above a number, with their numbers; of its own sites to site staff."""
    numbered = enumerate(cloud_events(record), record.content.public_from)
    return [(n, event) for n, event in numbered if n > after and _may_read(event, actor)]


def _may_read(event: dict[str, Any], actor: Actor) -> bool:
    site_id = event["data"].get("site_id")
    return site_id is None or not actor.of_site or actor.may_touch(site_id)


@router.get(
    "/events",
    operation_id="listEvents",
    summary="Public events, in order",
    responses=READ_PROBLEMS,
)
async def list_events(
    request: Request,
    actor: CurrentActor,
    trial_id: TrialId,
    after: Number = None,
    limit: paging.Limit = 100,
    site: paging.SiteFilter = None,
    since: SinceAt = None,
) -> Response:
    """CloudEvents 1.0; `sequence` has no gaps, except for site staff and under filters.

    `next` is the `after` of the next page, null at the end; a filtered page may be short.
    """
    require_role(actor, *READERS)
    await known_trial(request, trial_id)
    start = -1 if after is None else int(after)
    items: list[dict[str, Any]] = []
    last = start
    try:
        looked = 0
        async for record in _from(ports_of(request), trial_id, start):
            for number, event in told(record, start, actor):
                if len(items) == limit:
                    return json_response({"items": items, "next": str(last)})
                last = number
                if _wanted(event, record, site, since):
                    items.append(event)
            looked += 1
            if looked == LOOKED_AT:
                return json_response({"items": items, "next": str(last)})
    except UnavailableError as error:
        raise unavailable(error) from None
    return json_response({"items": items, "next": None})


def _wanted(
    event: dict[str, Any], record: Record, site: str | None, since: datetime | None
) -> bool:
    if site is not None and event["data"].get("site_id") != site:
        return False
    return since is None or record.content.at >= since


async def _from(ports: Ports, trial_id: str, number: int) -> AsyncIterator[Record]:
    position = await record_before(ports.trials, trial_id, number)
    while records := await ports.trials.records(trial_id, position, STEP):
        for record in records:
            yield record
        position = records[-1].sequence


@router.get(
    "/events/stream",
    operation_id="followEvents",
    summary="Public events, live",
    responses=STREAM_RESPONSES,
    response_class=Response,
)
async def follow_events(
    request: Request,
    actor: CurrentActor,
    trial_id: TrialId,
    after: Number = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Server-Sent Events; `id` is the event's sequence, so a reader that reconnects misses none.

    Starts behind `Last-Event-ID`, else behind `after`, else with the first event of the trial.
    """
    require_role(actor, *READERS)
    await known_trial(request, trial_id)
    start = _number(last_event_id) if last_event_id is not None else int(after or -1)
    streams: Streams = request.app.state.streams
    return streams.response(actor, _events(ports_of(request), trial_id, start, actor))


def _number(last_event_id: str) -> int:
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 20):
        raise parameter("Last-Event-ID", "not an id of this stream", "leave it out to begin anew")
    return int(last_event_id)


async def _events(
    ports: Ports, trial_id: str, number: int, actor: Actor
) -> AsyncGenerator[bytes, None]:
    position = await record_before(ports.trials, trial_id, number)
    async for record in ports.trials.subscribe(trial_id, position):
        for sequence, event in told(record, number, actor):
            yield sse(sequence, canonical(event))


@router.get(
    "/board/stream",
    operation_id="followBoard",
    summary="The board, live",
    responses=STREAM_RESPONSES,
    response_class=Response,
)
async def follow_board(
    request: Request, actor: CurrentActor, trial_id: TrialId, last_event_id: LastEventId = None
) -> Response:
    """Server-Sent Events `board`: the whole board now and after each change; `id` is the log's."""
    require_role(actor, *(role for role in READERS if role != "service"))
    await known_trial(request, trial_id)
    seen = _number(last_event_id) if last_event_id is not None else -1
    streams: Streams = request.app.state.streams
    return streams.response(actor, _boards(request, trial_id, seen, actor))


async def _boards(
    request: Request, trial_id: str, seen: int, actor: Actor
) -> AsyncGenerator[bytes, None]:
    async for sequence, trial in states(ports_of(request).trials, trial_id, seen):
        shown = board_json(trial, now_of(request, trial), actor)
        yield sse(sequence, json_bytes(shown), "board")
