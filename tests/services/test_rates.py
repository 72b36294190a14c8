"""Writes per actor: so many at once, so many a second, each actor for itself, and nothing lost."""

from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from enrollment.commands import Actor
from services.api import rates, seldom
from services.api.app import build_app
from services.api.problems import Problem
from services.api.rates import WriteRates
from services.settings import ApiSettings
from tests.services.conftest import Caller, form
from tests.services.memory import Memory
from tests.services.told import problem

NURSE = Actor(id="nurse-1", role="site", sites=("S1",))
OTHER = Actor(id="nurse-2", role="site", sites=("S2",))


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(token_file: Path, clock: Clock) -> WriteRates:
    settings = ApiSettings(token_file=token_file, writes_per_second=2, writes_burst=3)
    return WriteRates(settings, clock)


def taken(limits: WriteRates, actor: Actor, tries: int) -> int:
    """How many of so many tries were let through."""
    found = 0
    for _ in range(tries):
        try:
            limits.take(actor)
            found += 1
        except Problem:
            pass
    return found


def test_a_burst_is_let_through_and_then_the_rate(limits: WriteRates, clock: Clock) -> None:
    assert taken(limits, NURSE, 10) == 3
    clock.now += 0.5
    assert taken(limits, NURSE, 10) == 1
    clock.now += 1.0
    assert taken(limits, NURSE, 10) == 2


def test_a_long_silence_saves_no_more_than_one_burst(limits: WriteRates, clock: Clock) -> None:
    taken(limits, NURSE, 3)
    clock.now += 86_400
    assert taken(limits, NURSE, 10) == 3


def test_one_actor_uses_up_nothing_of_another(limits: WriteRates) -> None:
    assert taken(limits, NURSE, 10) == 3
    assert taken(limits, OTHER, 10) == 3


def test_trying_on_does_not_make_the_wait_longer(limits: WriteRates, clock: Clock) -> None:
    taken(limits, NURSE, 100)
    clock.now += 0.5
    assert taken(limits, NURSE, 100) == 1


def test_the_buckets_of_silent_actors_are_forgotten(
    limits: WriteRates, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "ACTORS_MAX", 5)
    for number in range(50):
        clock.now += 1.0
        limits.take(Actor(id=f"n{number}", role="site", sites=("S1",)))
    assert len(limits._buckets) <= 6


@pytest.mark.parametrize(("rate", "seconds"), [(0.1, "10"), (0.5, "2"), (3, "1")])
def test_retry_after_says_when_one_is_let_through_again(
    token_file: Path, clock: Clock, rate: float, seconds: str
) -> None:
    settings = ApiSettings(token_file=token_file, writes_per_second=rate, writes_burst=1)
    limits = WriteRates(settings, clock)
    limits.take(NURSE)
    with pytest.raises(Problem) as caught:
        limits.take(NURSE)
    assert caught.value.headers == {"Retry-After": seconds}
    clock.now += int(seconds)
    limits.take(NURSE)


async def test_a_write_too_many_is_a_429_that_names_the_limit_and_writes_nothing(
    memory: Memory, token_file: Path
) -> None:
    settings = ApiSettings(token_file=token_file, writes_per_second=0.1, writes_burst=5)
    app = build_app(memory.ports(), settings)
    clock = Clock()
    app.state.rates = WriteRates(settings, clock)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as http:
        api = Caller(http)
        await api.open_trial()
        for number in range(5):
            path = "/verdicts" if number else "/forms"
            assert (await api.post(path, form(f"S1-{number}"))).status_code == 200
        sent = len(memory.sent)
        for path in ("/forms", "/verdicts"):
            answer = await api.post(path, form("S1-9"), key="k9")
            found = problem(answer, 429, "writes.too_many")
            assert found["detail"] == (
                "Nothing was written: one actor may send 0.1 a second, 5 at once, to this process."
            )
            assert answer.headers["retry-after"] == "10"
        assert len(memory.sent) == sent
        assert (await api.get("/v1/trials/T1/board", "token-s1")).status_code == 200
        clock.now += 10
        again = await api.post("/forms", form("S1-9"), key="k9")
        assert again.json()["outcome"] == "slot_reserved"


def test_an_actor_who_sends_too_much_is_named_in_the_log_once_a_minute(
    limits: WriteRates, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert taken(limits, NURSE, 10) == 3
    assert taken(limits, OTHER, 3) == 3
    clock.now += seldom.EVERY_SECONDS
    assert taken(limits, NURSE, 5) == 3
    told = [(line.__dict__["actor"], line.__dict__["refused"]) for line in caplog.records]
    assert told == [("nurse-1", 1), ("nurse-1", 7)]
