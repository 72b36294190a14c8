"""A month of any trial: what is due is signed, places are filled, windows end."""

from datetime import timedelta
from typing import Any

from enrollment.board import board
from tests.enrollment.spec import Story, recorded


def month(trial: Story, dlts: int) -> None:
    """Signs what is due, fills every place, ends the windows with that many DLTs."""
    due = trial.review()
    if due is not None:
        assert trial.sign(*due) == recorded()
        return
    number = trial.steps
    fresh = [f"P{number}-{place}" for place in range(shown(trial)["places"])]
    for subject in fresh:
        assert trial.form(subject).outcome == "slot_reserved"
        assert trial.dose(subject) == recorded()
    pending = [who for level in trial.state.levels for who in level.dosed if is_open(trial, who)]
    for subject in pending[:dlts]:
        trial.dlt(subject, trial.now.strftime("%m-%d"))
    trial.now += timedelta(days=22)
    for subject in pending[dlts:]:
        if is_open(trial, subject):
            assert trial.clear(subject) == recorded()


def shown(trial: Story) -> dict[str, Any]:
    """What the board says of Phase I."""
    phase1: dict[str, Any] = board(trial.state, trial.now)["phase1"]
    return phase1


def is_open(trial: Story, subject: str) -> bool:
    return trial.slot(subject) == "dosed"
