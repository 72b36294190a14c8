"""What must hold of whatever was stopped: nobody enters there until a signature (rules R9, R10).

Told independently of the decider, like the other invariants. Records that rules before
`SINCE_RULES` decided are not held to it: there a level could open again by itself.
"""

from typing import Final

from enrollment import events as e
from enrollment.broken import must
from enrollment.trial import Trial

SINCE_RULES: Final = 2


def check_stops(before: Trial, event: e.AnyEvent, after: Trial, signature: bool) -> None:
    """One event on the trial before it; `signature`: the decision so far has one that opens."""
    for level, now in zip(before.levels, after.levels, strict=False):
        lifted = level.stopped and not now.stopped and level.level_id == now.level_id
        must(signature or not lifted, f"{level.level_id} opened again without a signature")
    if isinstance(event, e.LevelExpanded):
        stopped = before.levels[before.level_index(event.level_id)].stopped
        must(signature or not stopped, f"{event.level_id} was expanded while it was stopped")
    if isinstance(event, e.SlotReserved | e.SlotHeld) and event.phase == 1:
        _must_go_on(before, event.level_id, f"{event.subject_id} got a place")
    if isinstance(event, e.FirstDoseAuthorised):
        slot = before.subjects[event.subject_id].slot
        if slot is not None and slot.phase == 1:
            _must_go_on(before, slot.level_id, f"{event.subject_id} was authorised")
        else:
            must(before.phase2 == "open", f"authorised while Phase II was {before.phase2}")
    opened = before.phase2 == "stopped" and after.phase2 == "open"
    signed_anew = before.rp2d is not None and isinstance(event, e.PhaseOpened)
    must(not opened or signed_anew, "Phase II went on without a signed RP2D")


def _must_go_on(trial: Trial, level_id: str, what: str) -> None:
    """Neither the level nor the open one, on which whoever enters below it rests, is stopped."""
    ids = {level.level_id for level in trial.levels if level.stopped}
    must(level_id not in ids, f"{what} at {level_id}, which is stopped")
    if trial.open_level is not None:
        top = trial.levels[trial.open_level].level_id
        must(top not in ids, f"{what} at {level_id} while {top} is stopped")


def check_stopped(trial: Trial) -> None:
    """After a decision: nobody holds a place where all is stopped, and it is clear what comes next.

    Somebody's outcome is open, or a review is due: what is stopped never waits for nothing.
    """
    for level in trial.levels:
        free = not level.stopped or not level.reservations
        must(free, f"{level.reservations} hold places at {level.level_id}, which is stopped")
    if trial.open_level is not None:
        at = trial.levels[trial.open_level]
        waits_for_nothing = at.stopped and trial.review is None
        outcomes = any(level.counts.pending for level in trial.levels)
        must(not waits_for_nothing or outcomes, f"{at.level_id} is stopped, and nothing is due")
        return
    doubt = trial.phase2 == "stopped" and trial.rp2d is not None and trial.review is None
    outcomes = any(level.counts.pending for level in trial.levels)
    must(not doubt or outcomes, "Phase II is stopped, and nothing is due")
