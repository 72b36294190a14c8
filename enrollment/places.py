"""How many places there are, where, and which rule stands in the way (rules R4, R12, R16, R21)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from enrollment.backfill import WHILE, backfill_level, backfill_places
from enrollment.commands import utc
from enrollment.standing import is_stopped, standing, target_of
from enrollment.trial import Level, Trial

Phase = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why a subject cannot be reserved now. `for_good`: no wait would help."""

    rule: str
    sentence: str
    for_good: bool = False


def accruing_phase(trial: Trial) -> Phase:
    """The phase that a new form is for: Phase I while it is open, then Phase II."""
    return 1 if trial.phase1 != "closed" else 2


def open_level(trial: Trial) -> Level:
    assert trial.open_level is not None, "no level is open"
    return trial.levels[trial.open_level]


def counted_from_phase1(trial: Trial) -> int:
    """Phase I subjects dosed at the RP2D who met the Phase II criteria at entry (R21)."""
    if trial.rp2d is None or not trial.in_force.phase2.counts_phase1:
        return 0
    level = trial.levels[trial.level_index(trial.rp2d)]
    return sum(trial.subjects[subject_id].phase2_met for subject_id in level.dosed)


def phase2_places(trial: Trial) -> int:
    """Number - held - reserved - dosed - counted; never below 0."""
    counts = trial.phase2_counts
    taken = counts.reserved + counts.dosed + counted_from_phase1(trial)
    return max(0, trial.in_force.phase2.number - taken)


def site_is_open(trial: Trial, site_id: str) -> bool:
    """Its approval of the version in force is recorded (decision 14)."""
    return trial.sites.get(site_id) == trial.in_force.version


def site_barrier(trial: Trial, phase: Phase, site_id: str) -> Barrier | None:
    """What stops a site alone: its approval, its live reservations, its cap in Phase II."""
    protocol = trial.in_force
    if not site_is_open(trial, site_id):
        return Barrier(
            "site_not_open",
            f"Site {site_id} has no recorded approval of protocol version {protocol.version}.",
        )
    limit = protocol.assignment.max_live_reservations_per_site
    if limit is not None and trial.live_at_site.get(site_id, 0) >= limit:
        return Barrier("site_limit", f"Site {site_id} holds its {limit} undosed reservations.")
    cap = protocol.phase2.site_cap
    if phase == 2 and cap is not None:
        dosed = trial.phase2_counts.dosed_at.get(site_id, 0)
        if dosed >= cap:
            return Barrier("site_cap", f"Site {site_id} has dosed its {cap} subjects.", True)
        if dosed + trial.phase2_counts.reserved_at.get(site_id, 0) >= cap:
            return Barrier("site_cap", f"Site {site_id} has its {cap} subjects.")
    return None


def barrier(trial: Trial, phase: Phase, site_id: str, today: date) -> Barrier | None:
    """The first rule of R16 that stops a subject of this site, or none: a place is free."""
    return phase_barrier(trial, phase, today) or site_barrier(trial, phase, site_id)


def phase_barrier(trial: Trial, phase: Phase, today: date) -> Barrier | None:
    """What stops everybody, whatever the site; none also where somebody may be backfilled."""
    found = first_barrier(trial, phase, today)
    if found is None or phase == 2 or found.rule not in WHILE:
        return found
    return found if backfill_level(trial, today) is None else None


def first_barrier(trial: Trial, phase: Phase, today: date) -> Barrier | None:
    """What stops everybody at the open level, or in Phase II."""
    if trial.suspended:
        return Barrier("suspended", "Assignment is suspended until a signed resumption.")
    return _phase1_barrier(trial, today) if phase == 1 else _phase2_barrier(trial)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next subject goes, and from which date it may be dosed (R12)."""

    level_id: str
    not_before: date | None = None
    backfill: bool = False
    counted: bool = True


def next_place(trial: Trial, phase: Phase, today: date) -> Place:
    """The open level, or the one to backfill; in Phase II the recommended dose. One must be free.

    Backfill is never staggered: its level has been treated before.
    """
    if phase == 2:
        assert trial.rp2d is not None
        return Place(trial.rp2d)
    level, backfill = open_level(trial), trial.in_force.phase1.backfill
    if backfill is None or first_barrier(trial, 1, today) is None:
        return Place(level.level_id, stagger_date(trial, level))
    below = backfill_level(trial, today)
    assert below is not None, "a place must be free"
    counted = backfill.counts_for_escalation
    return Place(trial.levels[below].level_id, backfill=True, counted=counted)


def _phase1_barrier(trial: Trial, today: date) -> Barrier | None:
    if trial.open_level is None:
        return Barrier("phase_closed", "Phase I is closed.", True)
    level = open_level(trial)
    asked = standing(trial, today)
    if level.stopped or asked.stopped(trial.open_level):
        return Barrier("level_stopped", f"Level {level.level_id} is stopped.")
    if trial.review is not None:
        return Barrier("review_due", f"The cohort review of {level.level_id} is due.")
    if asked.places == 0:
        return _no_place(trial, level, today)
    if level.stagger and level.counts.enrolled > 0:
        return Barrier("stagger", f"The first subject at {level.level_id} must be dosed first.")
    return None


def _no_place(trial: Trial, level: Level, today: date) -> Barrier:
    design = trial.in_force.phase1.design
    if level.counts.reserved:
        return Barrier(
            "full", f"All {target_of(level, design)} places at {level.level_id} are taken."
        )
    waited_for = _waited_for(trial, level)
    if all(_over(trial, each, today) for each in waited_for):
        return Barrier(
            "outcome_to_confirm",
            f"Windows at {waited_for[0].level_id} have ended without an outcome.",
        )
    still = next(each for each in waited_for if not _over(trial, each, today))
    return Barrier("held", f"DLT windows are open at {still.level_id}.")


def _waited_for(trial: Trial, level: Level) -> tuple[Level, ...]:
    """The open level, if somebody is pending there; else every other level where somebody is."""
    if level.counts.pending:
        return (level,)
    return tuple(each for each in trial.levels if each.counts.pending) or (level,)


def _phase2_barrier(trial: Trial) -> Barrier | None:
    if trial.phase2 in ("not_open", "closed") or trial.no_tolerable_dose:
        return Barrier("phase_closed", "Phase I is closed and Phase II is not open.", True)
    if trial.phase2 == "stopped":
        return Barrier("level_stopped", "Phase II is stopped: the dose it rests on is in doubt.")
    if trial.review is not None:
        return Barrier("review_due", "A cohort review is due.")
    if phase2_places(trial) > 0:
        return None
    number = trial.in_force.phase2.number
    used = trial.phase2_counts.dosed + counted_from_phase1(trial)
    if used >= number:
        return Barrier("phase_full", f"All {number} places of Phase II are used.", True)
    return Barrier("full", f"All {number} places of Phase II are taken.")


def free_places(trial: Trial, phase: Phase, today: date) -> int:
    """Places that stand free now, whoever may take them: at the open level, else to backfill."""
    if phase == 2:
        return phase2_places(trial)
    level = open_level(trial)
    free = 0 if is_stopped(trial) else standing(trial, today).places
    if level.stagger:
        free = min(free, int(level.counts.enrolled == 0))
    return free or backfill_places(trial, today)


def _over(trial: Trial, level: Level, today: date) -> bool:
    """Every open outcome of the level waits for a person: all its windows have ended."""
    ends = (window_ends(trial, subject_id) for subject_id in level.dosed)
    return all(end is None or end <= today for end in ends)


def window_ends(trial: Trial, subject_id: str) -> date | None:
    """When the window of a pending subject ends; none if it is known, or nobody waits for it."""
    slot = trial.subjects[subject_id].slot
    if slot is None or slot.state != "dosed" or not slot.read_by_design:
        return None
    return slot.window_ends_on


def expiry(trial: Trial, not_before: date | None, now: datetime) -> datetime:
    """When a reservation made now expires, if nobody may be dosed before that date (R2, R12)."""
    hours = timedelta(hours=trial.in_force.assignment.reservation_hours)
    if not_before is None:
        return now + hours
    return max(now, utc_midnight(trial, not_before)) + hours


def stagger_date(trial: Trial, level: Level) -> date | None:
    """The date before which nobody but the first may be dosed at a freshly opened level."""
    if level.first_dose_on is None:
        return None
    return level.first_dose_on + timedelta(days=trial.in_force.phase1.stagger_days)


def utc_midnight(trial: Trial, on: date) -> datetime:
    """00:00 of a date in the trial's time zone, as an instant in UTC."""
    return utc(trial.in_force.midnight(on))
