"""The dates that are reckoned are those on which handing on each place in turn arrives (R17)."""

from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from cohorts.numbers import Numbers
from enrollment.forecast import Forecast, goes_round

NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)
SITES = ("S1", "S2", "S3")
HOURS = st.integers(0, 40).map(lambda steps: NOW + timedelta(hours=8 * steps))
NUMBER = st.integers(0, 4)


@st.composite
def makings(draw: st.DrawFn) -> dict[str, Any]:
    """Everything a forecast rests on: live reservations, queues, limits, new places."""
    arrivals = draw(st.lists(st.sampled_from(SITES), min_size=1, max_size=25))
    queues = {site: Numbers() for site in SITES}
    for order, site in enumerate(arrivals):
        queues[site] = queues[site].add(order)
    expiries = draw(st.lists(st.tuples(HOURS, st.sampled_from((*SITES, "closed"))), max_size=8))
    other, dosed = (draw(st.tuples(NUMBER, NUMBER, NUMBER)) for _ in range(2))
    mine = [sum(site == at for _, at in expiries) for site in SITES]
    return {
        "arrivals": arrivals,
        "expiries": expiries,
        "places": draw(st.integers(0, 8)),
        "known": {
            "sites": SITES,
            "round_robin": draw(st.booleans()),
            "limit": draw(st.none() | st.integers(1, 9)),
            "cap": draw(st.none() | st.integers(1, 12)),
            "hours": timedelta(hours=draw(st.sampled_from((24, 30, 72)))),
            "not_before": draw(st.none() | HOURS),
            "live": {site: mine[n] + other[n] % 2 for n, site in enumerate(SITES)},
            "used": {site: mine[n] + dosed[n] for n, site in enumerate(SITES)},
            "queues": queues,
            "last_site": draw(st.sampled_from((None, *SITES, "closed"))),
        },
    }


def made(making: dict[str, Any]) -> Forecast:
    known: dict[str, Any] = {
        name: dict(value) if isinstance(value, dict) else value
        for name, value in making["known"].items()
    }
    model = Forecast(**known)
    model.open_places(making["places"], NOW)
    model.reservations(making["expiries"])
    return model


@given(makings(), st.data())
@settings(max_examples=400, deadline=None)
def test_reckoning_arrives_where_handing_on_does(
    making: dict[str, Any], data: st.DataObject
) -> None:
    arrivals: list[str] = making["arrivals"]
    order = data.draw(st.integers(0, len(arrivals) - 1))
    model = made(making)
    apart, unbound = model._apart(), model._unbound()
    event(f"apart {apart}, unbound {unbound}")
    assert made(making).reserved_at(order, arrivals[order]) == made(making).handed_on(order)


@given(st.lists(HOURS, min_size=1, max_size=8), st.integers(0, 60), st.none() | HOURS)
@settings(deadline=None)
def test_going_round_is_passing_each_place_on(
    free_at: list[datetime], ahead: int, not_before: datetime | None
) -> None:
    hours, heap = timedelta(hours=72), list(free_at)
    heapify(heap)
    for _ in range(ahead):
        at = heappop(heap)
        heappush(heap, (at if not_before is None else max(at, not_before)) + hours)
    assert goes_round(free_at, ahead, hours, not_before) == heap[0]


def test_an_extended_reservation_does_not_bring_the_others_forward() -> None:
    """Expiries on days 1 and 30: the place of day 1 goes round on days 1, 4 and 7."""
    free_at = [NOW + timedelta(days=1), NOW + timedelta(days=30)]
    assert goes_round(free_at, 2, timedelta(days=3), None) == NOW + timedelta(days=7)
