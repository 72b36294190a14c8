"""What if: a DLT, a freed place, another cap, days gone by, on the trial as is. Never written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from enrollment import commands as c
from enrollment.board import board, waitlist_view
from enrollment.places import utc_midnight
from enrollment.trial import Trial
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.asking import typed_in
from services.pages.event_words import sentence
from services.pages.frame import CENTRE, frame
from services.pages.hypothetical import WouldFollow, would_follow
from services.pages.rendering import FieldError, page
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/what-if", include_in_schema=False)
CENTRE_ACTOR = c.Actor(id="what if", role="coordinator", sites=("*",))
CLOCK = c.Actor(id="what if", role="clock", sites=("*",))
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Idea:
    """One kind of question; `asks` names the fields that it needs."""

    value: str
    words: str
    asks: tuple[str, ...]


IDEAS = (
    Idea("dlt", "A subject has a DLT", ("subject_id", "on")),
    Idea("cleared", "A subject is cleared when its window ends", ("subject_id",)),
    Idea("release", "A subject gives its place back", ("subject_id",)),
    Idea("passed", "Nothing happens until a day", ("on",)),
    Idea("number", "Phase II takes another number", ("count",)),
    Idea("site_cap", "Phase II takes another number from each site", ("count",)),
    Idea("limit", "Each site may hold another number of undosed places", ("count",)),
)


class NotAnIdeaError(Exception):
    """A field is missing or does not fit: its name and a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field)
        self.error = FieldError(field, sentence)


@router.get("")
async def what_if_page(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    return _page(request, viewer, trial, {})


@router.post("")
async def what_if(request: Request, viewer: CurrentViewer, trial_id: str) -> Response:
    form = await posted(request, viewer)
    viewer.actor(trial_id, *CENTRE)
    trial = await trial_in_force(request, trial_id)
    typed = typed_in(form)
    try:
        found = _asked(trial, typed, now_of(request, trial))
    except NotAnIdeaError as wrong:
        return _page(request, viewer, trial, typed, errors=(wrong.error,))
    return _page(request, viewer, trial, typed, found)


def _asked(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
    """What the decider would do. Raises `NotAnIdeaError`."""
    ideas: dict[str, Callable[[Trial, dict[str, str], datetime], WouldFollow]] = {
        "dlt": _dlt,
        "cleared": _cleared,
        "release": _release,
        "passed": _passed,
        "number": _count(lambda trial, n: _phase2(trial, number=n)),
        "site_cap": _count(lambda trial, n: _phase2(trial, site_cap=n)),
        "limit": _count(_limit),
    }
    idea = ideas.get(typed.get("idea", ""))
    if idea is None:
        raise NotAnIdeaError("idea", "What if: choose one.")
    return idea(trial, typed, now)


def _subject(trial: Trial, typed: dict[str, str]) -> str:
    subject_id = typed.get("subject_id", "")
    if subject_id not in trial.subjects:
        raise NotAnIdeaError("subject_id", "Subject: choose one.")
    return subject_id


def _day(typed: dict[str, str]) -> date:
    try:
        return date.fromisoformat(typed.get("on", ""))
    except ValueError:
        raise NotAnIdeaError("on", "Day: write a date as 2027-03-24.") from None


def _dlt(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
    command = c.ReportDlt(subject_id=_subject(trial, typed), onset_on=_day(typed))
    at = max(now, utc_midnight(trial, command.onset_on))
    return would_follow(trial, CENTRE_ACTOR, command, at)


def _cleared(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
    subject_id = _subject(trial, typed)
    slot = trial.subjects[subject_id].slot
    ends = None if slot is None else slot.window_ends_on
    at = now if ends is None else max(now, utc_midnight(trial, ends) + timedelta(minutes=1))
    command = c.ReportWindowOutcome(subject_id=subject_id, outcome="cleared")
    return would_follow(trial, CENTRE_ACTOR, command, at)


def _release(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
    command = c.ReleaseReservation(subject_id=_subject(trial, typed), reason="What if.")
    return would_follow(trial, CENTRE_ACTOR, command, now)


def _passed(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
    on = _day(typed)
    if on > trial.in_force.local_date(now) + timedelta(days=3_660):
        raise NotAnIdeaError("on", "Day: at most ten years from now.")
    at = max(now, utc_midnight(trial, on))
    return would_follow(trial, CLOCK, c.TimePassed(), at)


def _count(
    changed: Callable[[Trial, int], Trial],
) -> Callable[[Trial, dict[str, str], datetime], WouldFollow]:
    def asked(trial: Trial, typed: dict[str, str], now: datetime) -> WouldFollow:
        text = typed.get("count", "")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
            raise NotAnIdeaError("count", "Number: write a whole number from 1.")
        return would_follow(changed(trial, int(text)), CLOCK, c.TimePassed(), now)

    return asked


def _phase2(trial: Trial, **changes: Any) -> Trial:
    protocol = trial.in_force
    return replace(trial, protocol=replace(protocol, phase2=replace(protocol.phase2, **changes)))


def _limit(trial: Trial, count: int) -> Trial:
    protocol = trial.in_force
    assignment = replace(protocol.assignment, max_live_reservations_per_site=count)
    return replace(trial, protocol=replace(protocol, assignment=assignment))


def _page(
    request: Request,
    viewer: Viewer,
    trial: Trial,
    typed: dict[str, str],
    found: WouldFollow | None = None,
    errors: tuple[FieldError, ...] = (),
) -> Response:
    now = now_of(request, trial)
    zone = str(trial.in_force.time_zone)
    after = None if found is None else _summary(found.trial, max(now, found.trial.time))
    return page(
        request,
        "what_if/what_if.html",
        viewer,
        status=422 if errors else 200,
        trial=frame(trial, viewer, "/what-if"),
        ideas=IDEAS,
        subjects=sorted(s.subject_id for s in trial.subjects.values() if s.slot or s.waiting),
        typed=typed,
        errors=errors,
        before=_summary(trial, now),
        after=after,
        sentences=[] if found is None else [sentence(e, zone) for e in found.events],
        answer=None if found is None else found.answer,
        root=f"/trials/{trial.trial_id}/what-if",
    )


def _summary(trial: Trial, now: datetime) -> dict[str, Any]:
    """What a person compares: places, stops, review, waitlist."""
    shown = board(trial, now)
    return {
        "phase1": shown["phase1"],
        "phase2": shown["phase2"],
        "review": shown["review"],
        "suspended": shown["suspended"],
        "waiting": [one["subject_id"] for one in waitlist_view(trial)][:10],
    }
