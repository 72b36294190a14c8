"""The board of the coordinating centre: read from across a room, live, decisions first."""

from collections.abc import AsyncGenerator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from enrollment.board import board, waitlist_view
from enrollment.commands import Actor
from enrollment.trial import Trial
from enrollment.until import held_until
from services.api.reading import ports_of, trial_in_force
from services.api.reads import now_of
from services.api.streaming import Streams, states
from services.pages.charts.accrual import accrual_curve
from services.pages.charts.escalation import escalation_picture
from services.pages.charts.marks import phase1_marks
from services.pages.charts.swimmer import swimmer_plot
from services.pages.frame import CENTRE, frame
from services.pages.live import sse_html
from services.pages.needs import needs
from services.pages.rendering import page, render_text
from services.pages.tallies import Tallies
from services.signin.viewer import CurrentViewer

router = APIRouter(prefix="/trials/{trial_id}", include_in_schema=False)
WAITING_SHOWN = 25


@router.get("/board")
async def board_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id, *CENTRE, "auditor")
    trial = await trial_in_force(request, trial_id)
    seen = ports_of(request).trials.sequence(trial_id)
    shown = await board_context(request, trial)
    framed = frame(trial, viewer, "/board")
    return page(request, "board/board.html", viewer, trial=framed, seen=seen, **shown)


@router.get("/board/live")
async def board_live(
    request: Request, viewer: CurrentViewer, trial_id: str, seen: Annotated[int, Query(ge=-1)] = -1
) -> Response:
    """The board's content anew after each change, as Server-Sent Events.

    At once if the trial has moved on since the page was made (`seen`): a browser that was cut off
    asks again with the same address, and what it missed is shown.
    """
    actor: Actor = viewer.actor(trial_id, *CENTRE, "auditor")
    await trial_in_force(request, trial_id)
    streams: Streams = request.app.state.streams
    return streams.response(actor, _boards(request, trial_id, seen))


async def _boards(request: Request, trial_id: str, seen: int) -> AsyncGenerator[bytes, None]:
    trials = ports_of(request).trials
    # A page may have seen more than this process knows yet: it is not shown less.
    known = min(seen, trials.sequence(trial_id))
    async for sequence, trial in states(trials, trial_id, known):
        content = render_text("board/content.html", await board_context(request, trial))
        yield sse_html(sequence, content)


async def board_context(request: Request, trial: Trial) -> dict[str, Any]:
    """All that the board shows of a trial, at one instant."""
    now = now_of(request, trial)
    today = trial.in_force.local_date(now)
    tallies: Tallies = request.app.state.tallies
    failures = await tallies.screen_failures(ports_of(request), trial.trial_id)
    shown = board(trial, now)
    waiting = waitlist_view(trial)
    return {
        "root": f"/trials/{trial.trial_id}",
        "board": shown,
        "zone": str(trial.in_force.time_zone),
        "now": now,
        "needs": needs(trial, today),
        "until": held_until(trial, now),
        "levels": list(reversed(shown["phase1"]["levels"])),
        "waiting": waiting[:WAITING_SHOWN],
        "waiting_left_out": max(0, len(waiting) - WAITING_SHOWN),
        "failures": failures.by_criterion(),
        "failed_subjects": failures.subjects,
        "sites": _sites(trial),
        "curve": accrual_curve(_dosed_in_phase2(trial), trial.in_force.phase2.number, today),
        **_pictures(trial, shown, today),
    }


def _pictures(trial: Trial, shown: dict[str, Any], today: date) -> dict[str, Any]:
    marks = phase1_marks(trial, today)
    levels = [
        (level["level_id"], doses_in_words(level), _note(level, shown["phase1"]["places"]))
        for level in shown["phase1"]["levels"]
    ]
    return {
        "picture": escalation_picture(levels, marks),
        "plot": swimmer_plot(marks, [level_id for level_id, _, _ in levels], today),
    }


def doses_in_words(level: dict[str, Any]) -> str:
    """The doses of a level of the board: `sorafenib 200 mg, ixabepilone 32 mg/m2`."""
    return ", ".join(f"{d['drug']} {d['amount']} {d['unit']}" for d in level["doses"])


def _note(level: dict[str, Any], places: int) -> str:
    if level["exceeded"] or level["stopped"]:
        return "stopped"
    if level["open"]:
        return "open" if places else "held"
    return ""


def _dosed_in_phase2(trial: Trial) -> list[date]:
    slots = (subject.slot for subject in trial.subjects.values())
    return [s.dosed_on for s in slots if s is not None and s.phase == 2 and s.dosed_on is not None]


def _sites(trial: Trial) -> list[dict[str, Any]]:
    """Accrual by site: forms, places ever dosed, waiting."""
    protocol = trial.in_force
    found: dict[str, dict[str, Any]] = {
        site: {
            "site_id": site,
            "open": trial.sites.get(site) == protocol.version,
            "screened": 0,
            "dosed": 0,
            "reserved": trial.live_at_site.get(site, 0),
            "waiting": 0,
        }
        for site in protocol.site_ids
    }
    for subject in trial.subjects.values():
        row = found.get(subject.site_id)
        if row is not None:
            row["screened"] += subject.outcome is not None
            row["dosed"] += subject.slot is not None and subject.slot.treated
            row["waiting"] += subject.waiting is not None
    return list(found.values())
