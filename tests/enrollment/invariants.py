"""What must hold of a trial besides what its own record can show: checked against the reports."""

from datetime import date

from cohorts.designs.crm import Crm
from enrollment.deadlines import NOBODY, follow_up
from enrollment.events import AnyEvent, LevelOpened, MtdDeclared
from enrollment.places import free_places
from enrollment.standing import standing, weakest_level
from enrollment.trial import Trial
from enrollment.turn import Turn


def check_dlts(trial: Trial, onsets: dict[str, set[date]]) -> None:
    """A DLT counts if and only if an onset reported lies in the window (R8); deaths apart (R14)."""
    for subject_id, reported in onsets.items():
        subject = trial.subjects[subject_id]
        slot = subject.slot
        if slot is None or slot.dosed_on is None or slot.window_ends_on is None:
            continue
        inside = any(slot.dosed_on <= onset < slot.window_ends_on for onset in reported)
        if reported and subject.died_on is None:
            assert (slot.state == "dlt") == inside, f"{subject_id}: {slot.state}, {inside}"


def check_deaths_and_withdrawals(trial: Trial) -> None:
    """Told in whatever order: a death in the window is a DLT, or was adjudicated (R14).

    Who withdrew there is waited for by nobody (R13).
    """
    for subject in trial.subjects.values():
        slot = subject.slot
        if slot is None or slot.dosed_on is None or slot.window_ends_on is None:
            continue
        if subject.died_on and slot.dosed_on <= subject.died_on < slot.window_ends_on:
            states = ("dlt",) if subject.death_open else ("dlt", "not_evaluable")
            assert slot.state in states, f"{subject.subject_id} died in the window: {slot.state}"
            assert trial.suspended or not subject.death_open, "a death suspends assignment"
        if subject.withdrawn_on and slot.dosed_on <= subject.withdrawn_on < slot.window_ends_on:
            assert slot.state != "dosed", f"{subject.subject_id} withdrew and is waited for"


def check_settled(trial: Trial) -> None:
    """At the same instant nothing follows any more: no stop, no recall, no offer was left out."""
    turn = Turn(trial, trial.time, NOBODY)
    follow_up(turn)
    left = [event.type for event in turn.events]
    assert not left, f"left for the next command: {left}"


def check_goes_on(trial: Trial) -> None:
    """An open Phase I that waits for nobody has a place: no design may leave it stuck."""
    if trial.phase1 != "open" or trial.review is not None:
        return
    if any(level.counts.waits for level in trial.levels) or _waits_for_a_first_dose(trial):
        return
    today = trial.in_force.local_date(trial.time)
    assert free_places(trial, 1, today) > 0, "nobody is waited for, and nobody may enter"


def _waits_for_a_first_dose(trial: Trial) -> bool:
    """The first subject of a staggered level has a DLT, and its dose was not told yet (R12)."""
    if trial.open_level is None or not trial.levels[trial.open_level].stagger:
        return False
    at = trial.levels[trial.open_level].level_id
    slots = (subject.slot for subject in trial.subjects.values())
    return any(s and s.level_id == at and s.state == "dlt" and s.dosed_on is None for s in slots)


def check_what_stops_is_stopped(trial: Trial) -> None:
    """Whatever does not allow the open level has stopped it: no count alone opens it again."""
    if trial.open_level is None:
        return
    asked = standing(trial, trial.in_force.local_date(trial.time))
    if asked.stopped(trial.open_level) or weakest_level(trial, asked) is not None:
        assert trial.levels[trial.open_level].stopped, "nothing keeps it stopped"


def check_openings(trial: Trial, events: tuple[AnyEvent, ...]) -> None:
    """No level is opened, and no MTD declared, that the design has eliminated; none is skipped."""
    asked = standing(trial, trial.in_force.local_date(trial.time)) if trial.levels else None
    for event in events:
        if isinstance(event, LevelOpened | MtdDeclared):
            assert asked is not None
            index = trial.level_index(event.level_id)
            design = getattr(asked.design, "boin", asked.design)
            eliminated = getattr(design, "eliminated", design.stopped)(asked.levels, index)
            if eliminated and isinstance(event, MtdDeclared) and isinstance(design, Crm):
                # A CRM eliminates none: of those tried its end may name one it would go down from.
                chosen = design.select_mtd(asked.levels, design.posterior(asked.levels))
                eliminated = chosen != index
            assert not eliminated, f"{event.level_id} is eliminated"
        if isinstance(event, LevelOpened) and index > 0 and not event.reopened:
            below = trial.levels[index - 1]
            started = event.level_id == trial.in_force.phase1.start_level
            assert started or below.opened or trial.levels[index + 1].opened, "a level was skipped"
