"""The earliest date promised is the date on which ticks alone bring the place (rules R17)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment.commands import TimePassed
from enrollment.events import SlotReserved
from enrollment.evolve_slots import next_deadline
from tests.enrollment.spec import CHICAGO, CLOCK, P0, Story, opened

START = datetime(2027, 3, 1, 15, tzinfo=UTC)
RULES: list[dict[str, Any]] = [
    {},
    {"stagger_days": 7},
    {"site_limit": 1},
    {"site_limit": 2, "waitlist_order": "round_robin"},
    {"waitlist_order": "round_robin", "stagger_days": 3},
    {"reservation_hours": 30, "sites": ("S1", "S2")},
]


def run_on_ticks(trial: Story, subject: str) -> str | None:
    """Ticks at every deadline until the subject is reserved; the local date, or none."""
    for _ in range(400):
        due = next_deadline(trial.state)
        if due is None:
            return None
        trial.now = due[0]
        trial.do(TimePassed(), CLOCK)
        for event in trial.events:
            if isinstance(event, SlotReserved) and event.subject_id == subject:
                return event.reserved_at.astimezone(CHICAGO).date().isoformat()
    raise AssertionError("the waitlist never came to this subject")


@pytest.mark.parametrize("rules", RULES, ids=str)
@given(
    arrivals=st.lists(
        st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.integers(0, 2000)), min_size=4, max_size=9
    ),
    dosed=st.booleans(),
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_ticks_alone_keep_the_promise(
    rules: dict[str, Any], arrivals: list[tuple[str, int]], dosed: bool
) -> None:
    sites = rules.get("sites", ("S1", "S2", "S3"))
    trial, moment = opened(P0(**rules), at="03-01 08:00"), START
    waiting: str | None = None
    for number, (site, minutes) in enumerate(arrivals):
        trial.now = moment
        said = trial.form(f"P{number}", site=site if site in sites else "S1")
        waiting = f"P{number}" if said.outcome == "waitlisted" else None
        promised = said.earliest
        moment += timedelta(minutes=minutes)
        if dosed and number == 0:
            trial.dose("P0", trial.now.astimezone(CHICAGO).date())
    if waiting is not None:
        brought = run_on_ticks(trial, waiting)
        assert (None if promised is None else promised.isoformat()) == brought
