"""The real stage under thousands of long schedules: more of everything than can be explored whole.

Two owners, crashes, records that land late, a lost or older Redis, lost replies, halted trials. By
default a few hundred seeds; `HOLDFAST_SCHEDULES=20000` tries that many.
"""

# ruff: noqa: T201

import os

import pytest

from tests.streams.life import by_hand
from tests.streams.schedule import replay
from tests.streams.simulation import FailedError, setting_of, simulate, simulate_all

SCHEDULES = int(os.environ.get("HOLDFAST_SCHEDULES", "600"))
PARTS = 4


@pytest.mark.timeout(max(180, SCHEDULES))
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_doubled_or_shown_unaccepted_under_any_schedule(part: int) -> None:
    many = SCHEDULES // PARTS
    done = simulate_all(range(part * many, (part + 1) * many))
    print(done)
    assert done.schedules == many
    assert all(done.troubles.values()), "something that may go wrong never did"


def test_a_seed_gives_the_same_schedule_and_the_same_log_each_time() -> None:
    with by_hand():
        first, second = simulate(7), simulate(7)
    assert first.happened == second.happened
    assert first.world.log == second.world.log


def test_a_printed_schedule_can_be_run_again() -> None:
    with by_hand():
        run = simulate(11)
        again = replay(setting_of(11), run.happened)
    assert again.world.log == run.world.log
    assert again.world.redis.key() == run.world.redis.key()


def test_a_failure_names_its_seed_and_its_schedule() -> None:
    error = FailedError(3, "a command was decided twice", ["take 0 1", "land 0"])
    assert str(error) == "seed 3: a command was decided twice, by: take 0 1, land 0"
