"""The forecast: when the next place opens and Phase I ends, from futures of the trial as it is."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from math import ceil
from random import Random
from typing import Final

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from enrollment import simulate_forward as ahead
from enrollment.commands import Role
from enrollment.trial import Trial
from services.api.actor import CurrentActor, require_role
from services.api.documented import READ_PROBLEMS, problems
from services.api.parameters import KnownParameters
from services.api.problems import NO_PROTOCOL
from services.api.reading import TrialId, ports_of, trial_in_force
from services.api.reads import now_of

MAY_ASK: Final[tuple[Role, ...]] = ("coordinator", "reviewer", "auditor")
RUNS: Final = 200
FEWEST_RUNS: Final = 40
"""With fewer futures in the time there is, the ends of the interval would be noise."""
SECONDS: Final = 4.0
"""Of CPU, for one forecast."""
PERCENT: Final = 80
PAUSE_SECONDS: Final = 0.001
"""After each future, for whoever else waits for this process."""
METHOD: Final = (
    "Monte Carlo: each future goes on from the trial as it stands, command by command, through the "
    "decider that runs the trial. Its DLT probabilities are drawn from Beta(m + t, 1 - m + n - t) "
    "at each level, m the target of the design (0.25 where it has none), and made to rise by "
    "isotonic regression; its accrual rate from Gamma(k - 1, days), k eligible subjects so far. "
    f"Interval: the middle {PERCENT} % of the futures."
)
ASSUMED: Final = (
    "New subjects come at random (Poisson), from every open site alike, and are eligible.",
    "Days from the reservation to the first dose, places given back or lapsed, and subjects who "
    "are not evaluable are as so far; whoever is in a window now stays.",
    "DLTs begin on any day of the window alike; outcomes are reported the day after.",
    f"Reviews are signed as recommended {ahead.REVIEW_DAYS} days after their data; who waits "
    f"leaves after {ahead.PATIENCE_DAYS} days.",
    "No suspension, no amendment of the protocol, no death.",
)

router = APIRouter(prefix="/v1/trials/{trial_id}", tags=["reads"], route_class=KnownParameters)


class Shown(BaseModel):
    """Closed, as every answer of ours."""

    model_config = ConfigDict(extra="forbid")


class WhenShown(Shown):
    """Dates in the trial's time zone; one that lies further ahead than ten years is left out."""

    low_on: date | None = None
    median_on: date | None = None
    high_on: date | None = None
    not_in_ten_years_percent: float


class AccrualShown(Shown):
    """What the accrual of the futures rests on."""

    eligible: int
    days: int


class ForecastShown(Shown):
    """`place_now`: a place stands free already, and `next_place` is today."""

    place_now: bool
    next_place: WhenShown
    phase1_end: WhenShown
    interval_percent: int
    futures: int
    accrual: AccrualShown


class ForecastAnswer(Shown):
    """`forecast`, or `why_not` in one sentence with the limit that is not reached."""

    trial_id: str
    sequence: int
    """The decision of the log after which it was made."""
    as_of: AwareDatetime
    forecast: ForecastShown | None = None
    why_not: str | None = None
    method: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    sequence: int
    on: date
    shown: ForecastShown | None
    why_not: str | None
    as_of: datetime


class Forecasts:
    """The latest forecast of each trial: one is made at a time, and once for a log and a date."""

    def __init__(
        self,
        clock: Callable[[], float] = time.thread_time,
        seconds: float = SECONDS,
        runs: int = RUNS,
    ) -> None:
        self._kept: dict[str, _Kept] = {}
        self._one_at_a_time = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "forecast")
        self._clock = clock
        self._seconds = seconds
        self._runs = runs

    async def of(self, trial_id: str, sequence: int, trial: Trial, now: datetime) -> _Kept:
        """The forecast for this place of the log on this date, made now if it is not known."""
        on = trial.in_force.local_date(now)
        async with self._one_at_a_time:
            kept = self._kept.get(trial_id)
            if kept is None or (kept.sequence, kept.on) != (sequence, on):
                why_not = ahead.too_little(trial, now)
                shown = None
                if why_not is None:
                    loop = asyncio.get_running_loop()
                    shown = await loop.run_in_executor(
                        self._thread, self._made, trial, sequence, now
                    )
                    why_not = None if shown else _too_slow(self._seconds)
                kept = _Kept(sequence, on, shown, why_not, now)
                self._kept[trial_id] = kept
            return kept

    def _made(self, trial: Trial, sequence: int, now: datetime) -> ForecastShown | None:
        """In the one thread for it, with no more of the processor than there is for it."""
        basis, futures = ahead.basis_of(trial, now), list[ahead.Future]()
        end = self._clock() + self._seconds
        for number in range(self._runs):
            if self._clock() > end:
                break
            chance = chance_of(trial.trial_id, sequence, number)
            futures.append(ahead.future(trial, basis, now, chance))
            time.sleep(PAUSE_SECONDS)
        return shown_of(trial, basis, futures, now) if len(futures) >= FEWEST_RUNS else None


def chance_of(trial_id: str, sequence: int, number: int) -> Random:
    """The same for the same place of the log, in whatever process."""
    text = f"forecast/{trial_id}/{sequence}/{number}"
    return Random(int.from_bytes(sha256(text.encode()).digest()))


def _too_slow(seconds: float) -> str:
    return (
        f"Fewer than {FEWEST_RUNS} futures could be followed in {seconds:g} seconds of the "
        "processor; a forecast needs so many."
    )


def shown_of(
    trial: Trial, basis: ahead.Basis, futures: Sequence[ahead.Future], now: datetime
) -> ForecastShown:
    """Quantiles over futures; one that lies beyond the longest time counts as later than all."""
    places = [future.place_at for future in futures]
    return ForecastShown(
        place_now=all(at is not None and at <= now for at in places),
        next_place=_when(trial, places),
        phase1_end=_when(trial, [future.ends_at for future in futures]),
        interval_percent=PERCENT,
        futures=len(futures),
        accrual=AccrualShown(eligible=basis.eligible, days=basis.days),
    )


def _when(trial: Trial, found: Sequence[datetime | None]) -> WhenShown:
    in_time = sorted(at for at in found if at is not None)
    tail = (100 - PERCENT) / 200

    def on(part: float) -> date | None:
        place = max(1, ceil(part * len(found)))
        return trial.in_force.local_date(in_time[place - 1]) if place <= len(in_time) else None

    return WhenShown(
        low_on=on(tail),
        median_on=on(0.5),
        high_on=on(1 - tail),
        not_in_ten_years_percent=round(100 * (1 - len(in_time) / len(found)), 1),
    )


@router.get(
    "/forecast",
    operation_id="readForecast",
    summary="When the next place opens and when Phase I ends, with intervals",
    response_model=ForecastAnswer,
    responses={**READ_PROBLEMS, **problems(NO_PROTOCOL)},
)
async def read_forecast(request: Request, actor: CurrentActor, trial_id: TrialId) -> Response:
    """Futures of the trial as it stands, through the decider itself; the method is in the answer.

    Kept until the log goes on or the day ends. With too little data there is no `forecast`, and
    `why_not` says what is missing.
    """
    require_role(actor, *MAY_ASK)
    trial = await trial_in_force(request, trial_id)
    sequence = ports_of(request).trials.sequence(trial_id)
    kept = await _forecasts_of(request).of(trial_id, sequence, trial, now_of(request, trial))
    answer = ForecastAnswer(
        trial_id=trial_id,
        sequence=kept.sequence,
        as_of=kept.as_of,
        forecast=kept.shown,
        why_not=kept.why_not,
        method=METHOD,
        assumptions=ASSUMED,
    )
    body = answer.model_dump_json(exclude_none=True).encode()
    return Response(body, media_type="application/json")


def _forecasts_of(request: Request) -> Forecasts:
    """Made with the first question, in the loop that asks."""
    state = request.app.state
    if not hasattr(state, "forecasts"):
        state.forecasts = Forecasts()
    found: Forecasts = state.forecasts
    return found
