"""The forecast over HTTP: who may ask, what it says, when it says nothing, and what it costs."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI

from enrollment.simulate_forward import Basis, Future
from services.api.forecast import FEWEST_RUNS, RUNS, Forecasts, ForecastShown, shown_of
from tests.services.conftest import Caller, form
from tests.services.memory import Memory

ADDRESS = "/v1/trials/T1/forecast"
LATER = {"Holdfast-At": "2027-03-18T15:00:00Z"}


def few() -> Forecasts:
    """Fewer futures than the service follows, and no end of time."""
    return Forecasts(lambda: 0.0, runs=45)


@pytest.fixture(autouse=True)
def _few(app: FastAPI) -> None:
    app.state.forecasts = few()


async def busy(trial: Caller) -> None:
    """Three dosed on the first day, two wait, windows have ended since."""
    for subject in ("A", "B", "C", "D", "E"):
        await trial.post("/forms", form(subject, "S1"), "token-s1")
    for subject in ("A", "B", "C"):
        path, on = f"/subjects/{subject}", "2027-02-22"
        await trial.post(f"{path}/authorisation", {"planned_on": on})
        await trial.post(f"{path}/first-dose", {"dosed_on": on})
    await trial.post("/clock", {}, "token-centre", headers=LATER, wait=0)
    cleared = {"outcome": "cleared"}
    await trial.post("/subjects/A/window-outcome", cleared, headers=LATER)


async def forecast(trial: Caller, by: str = "token-centre") -> dict[str, Any]:
    answer = await trial.get(ADDRESS, by)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_it_tells_dates_with_an_interval_and_how_it_came_to_them(trial: Caller) -> None:
    await busy(trial)
    told = await forecast(trial)
    found = told["forecast"]
    assert "why_not" not in told
    assert (found["futures"], found["interval_percent"]) == (45, 80)
    assert found["accrual"] == {"eligible": 5, "days": 24}
    assert not found["place_now"]
    place, end = found["next_place"], found["phase1_end"]
    assert "2027-03-18" <= place["low_on"] <= place["median_on"] <= place["high_on"]
    assert place["low_on"] < end["low_on"] < end["median_on"] < end["high_on"]
    assert place["not_in_ten_years_percent"] == 0
    assert "Monte Carlo" in told["method"]
    assert "Beta(m + t, 1 - m + n - t)" in told["method"]
    assert any("3 days" in each for each in told["assumptions"])
    assert told["as_of"] == "2027-03-18T15:00:00Z"


@pytest.mark.parametrize("by", ["token-centre", "token-reviewer", "token-auditor"])
async def test_the_centre_and_auditors_may_ask(trial: Caller, by: str) -> None:
    assert (await forecast(trial, by))["trial_id"] == "T1"


@pytest.mark.parametrize("by", ["token-s1", "token-service"])
async def test_sites_and_services_may_not(trial: Caller, by: str) -> None:
    assert (await trial.get(ADDRESS, by)).status_code == 403


async def test_with_too_little_data_it_says_what_is_missing(trial: Caller) -> None:
    told = await forecast(trial)
    assert "forecast" not in told
    assert told["why_not"].startswith("Too little data: 0 eligible subjects in 0 days")
    assert "needs 5 or more" in told["why_not"]


async def test_it_is_made_once_for_a_place_of_the_log_and_again_when_that_goes_on(
    trial: Caller, memory: Memory
) -> None:
    await busy(trial)
    first = await forecast(trial)
    assert await forecast(trial, "token-auditor") == first
    answer = await trial.post("/subjects/B/window-outcome", {"outcome": "cleared"}, headers=LATER)
    assert answer.json()["outcome"] == "recorded"
    second = await forecast(trial)
    assert second["sequence"] == first["sequence"] + 1
    assert second["forecast"] != first["forecast"]


async def test_a_process_that_starts_anew_says_the_same(trial: Caller, memory: Memory) -> None:
    await busy(trial)
    state = await memory.ports().trials.trial("T1")
    assert state is not None

    async def anew(sequence: int) -> ForecastShown | None:
        return (await few().of("T1", sequence, state, state.time)).shown

    assert await anew(9) is not None
    assert await anew(9) == await anew(9)
    assert await anew(10) != await anew(9)


async def test_it_stops_when_its_time_is_over_and_says_so(trial: Caller, memory: Memory) -> None:
    await busy(trial)
    state = await memory.ports().trials.trial("T1")
    assert state is not None
    ticks = count()
    slow = Forecasts(lambda: float(next(ticks)), seconds=10)
    kept = await slow.of("T1", 9, state, state.time)
    assert kept.shown is None
    assert kept.why_not == (
        f"Fewer than {FEWEST_RUNS} futures could be followed in 10 seconds of the processor; a "
        "forecast needs so many."
    )
    assert next(ticks) < 15, "no more futures than there was time for"
    enough = count()
    fewer = Forecasts(lambda: float(next(enough)), seconds=FEWEST_RUNS + 5)
    kept = await fewer.of("T1", 9, state, state.time)
    assert kept.shown is not None
    assert FEWEST_RUNS <= kept.shown.futures < RUNS


async def test_what_lies_too_far_ahead_is_later_than_everything(
    trial: Caller, memory: Memory
) -> None:
    state = await memory.ports().trials.trial("T1")
    assert state is not None
    now = datetime(2027, 3, 1, 15, tzinfo=UTC)
    days = [now + timedelta(days=day) for day in range(8)]
    futures = [Future(at, at) for at in days] + [Future(days[0], None)] * 2
    found = shown_of(state, Basis(5, 20, 1, 0, 0, 0), futures, now)
    assert found.phase1_end.low_on == date(2027, 3, 1)
    assert found.phase1_end.median_on == date(2027, 3, 5)
    assert found.phase1_end.high_on is None
    assert found.phase1_end.not_in_ten_years_percent == 20
    assert found.next_place.high_on == date(2027, 3, 7)
    assert not found.place_now


async def test_no_parameter_is_taken(trial: Caller) -> None:
    assert (await trial.get(ADDRESS, runs=5)).status_code == 422
