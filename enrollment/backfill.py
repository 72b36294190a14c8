"""Backfill: further subjects at a cleared lower level while the open one has no place.

Nobody waits for their outcomes. Whether these count for escalation, once known, the protocol says.
"""

from datetime import date
from typing import Final

from cohorts.slots import Slot
from enrollment.standing import is_stopped, standing, target_of, weakest_level
from enrollment.trial import Level, Trial

WHILE: Final = frozenset({"review_due", "full", "held", "outcome_to_confirm", "stagger"})
"""What may stand in the way at the open level while others are backfilled below it (R16)."""


def in_all(level: Level) -> int:
    """Everybody at the level who is or may become evaluable, counted for escalation or not."""
    return level.counts.enrolled + level.backfilling


def backfill_level(trial: Trial, today: date) -> int | None:
    """The highest cleared level below the open one that has room; none where nobody may enter."""
    backfill = trial.in_force.phase1.backfill
    if backfill is None or trial.open_level is None or trial.suspended:
        return None
    if _in_doubt(trial, today):
        return None
    for index in range(trial.open_level - 1, -1, -1):
        level = trial.levels[index]
        if level.opened and not level.stopped and in_all(level) < backfill.max_per_level:
            return index
    return None


def backfill_places(trial: Trial, today: date) -> int:
    """Places at that level."""
    index, backfill = backfill_level(trial, today), trial.in_force.phase1.backfill
    if index is None or backfill is None:
        return 0
    return backfill.max_per_level - in_all(trial.levels[index])


def still_cleared(trial: Trial, slot: Slot, today: date) -> bool:
    """A backfilled place whose level is still below the open one, and nothing there is in doubt."""
    if not slot.backfill or trial.open_level is None:
        return False
    if trial.level_index(slot.level_id) >= trial.open_level:
        return False
    return not is_stopped(trial, slot.level_id) and not _in_doubt(trial, today)


def _in_doubt(trial: Trial, today: date) -> bool:
    """The open level was stopped, or counts no longer allow it (R10)."""
    return is_stopped(trial) or weakest_level(trial, standing(trial, today)) is not None


def most_at(trial: Trial, index: int) -> int:
    """How many a level may hold before the newest reservations are recalled (R11)."""
    phase1 = trial.in_force.phase1
    target = target_of(trial.levels[index], phase1.design)
    if phase1.backfill is None or trial.open_level is None or index >= trial.open_level:
        return target
    return max(target, phase1.backfill.max_per_level)
