"""A slot's window in days 1 to w (R1, R8), and which states hold a place."""

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from cohorts.slots import TREATED, UNDOSED, Slot, SlotState, in_window, window_end


@pytest.mark.parametrize(
    ("dosed", "days", "ends"),
    [
        (date(2027, 2, 23), 21, date(2027, 3, 16)),  # Scenario S4, over a change of the clocks.
        (date(2027, 3, 8), 21, date(2027, 3, 29)),
        (date(2028, 2, 28), 2, date(2028, 3, 1)),  # A leap day.
        (date(2027, 12, 31), 1, date(2028, 1, 1)),
    ],
)
def test_a_window_ends_at_midnight_of_first_dose_plus_its_days(
    dosed: date, days: int, ends: date
) -> None:
    assert window_end(dosed, days) == ends


@pytest.mark.parametrize(
    ("onset", "inside"),
    [
        (date(2027, 2, 22), False),  # The day before day 1.
        (date(2027, 2, 23), True),  # Day 1.
        (date(2027, 3, 15), True),  # Day 21.
        (date(2027, 3, 16), False),  # Day 22.
    ],
)
def test_a_dlt_counts_from_day_1_to_day_21(onset: date, inside: bool) -> None:
    dosed = date(2027, 2, 23)
    assert in_window(onset, dosed, window_end(dosed, 21)) is inside


@pytest.mark.parametrize(
    ("state", "undosed", "treated", "live"),
    [
        ("held", True, False, True),
        ("reserved", True, False, True),
        ("authorised", True, False, True),
        ("dosed", False, True, True),
        ("cleared", False, True, True),
        ("dlt", False, True, True),
        ("not_evaluable", False, True, True),
        ("released", False, False, False),
        ("expired", False, False, False),
        ("recalled", False, False, False),
    ],
)
def test_a_state_says_whether_the_place_is_live(
    state: SlotState, undosed: bool, treated: bool, live: bool
) -> None:
    at = datetime(2027, 2, 22, tzinfo=UTC)
    slot = Slot("S-1", 1, 1, "L1", state, at, at)
    assert (slot.undosed, slot.treated, slot.live) == (undosed, treated, live)


def test_no_state_is_both_undosed_and_treated() -> None:
    assert set(get_args(SlotState)) >= UNDOSED | TREATED
    assert not UNDOSED & TREATED
