"""Makes a failing schedule short: leaves out whatever is not needed for it to fail."""

from collections.abc import Sequence

from tests.streams.schedule import Choice, Run, Setting
from tests.streams.world import ViolatedError


def shortened(setting: Setting, schedule: Sequence[Choice]) -> list[Choice]:
    """A schedule that still fails, with no choice in it that could be left out."""
    kept = list(schedule)
    shorter = True
    while shorter:
        shorter = False
        for index in reversed(range(len(kept))):
            tried = kept[:index] + kept[index + 1 :]
            if fails(setting, tried):
                kept, shorter = tried, True
    return kept


def fails(setting: Setting, schedule: Sequence[Choice]) -> bool:
    """Whether it can be run and ends in a violation, at its last choice."""
    run = Run(setting)
    run.world.looked_at = False
    try:
        for index, choice in enumerate(schedule):
            if choice not in run.choices():
                return False
            try:
                run.take(choice)
            except ViolatedError:
                return index == len(schedule) - 1
    finally:
        run.end()
    return False
