"""The earliest date on which scheduled deadlines alone could give a waiting subject a place (R17).

Run forward from the trial as it is: reservations expire undosed, windows end and are confirmed and
signed on the day, nothing else happens, and those ahead are served first (R15). Where no site is
limited the places simply go round, which needs no run: it costs a sort of the reservations.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from cohorts.designs.three_plus_three import LevelCounts, recommend
from enrollment.evolve_slots import live_reservations
from enrollment.forecast import Forecast, goes_round
from enrollment.places import (
    Barrier,
    Phase,
    counts_of,
    free_places,
    open_level,
    stagger_date,
    utc_midnight,
    window_ends,
)
from enrollment.trial import Trial

HUMAN: Final = frozenset(
    {"suspended", "level_stopped", "review_due", "outcome_to_confirm", "site_not_open"}
)
"""Rules that only a person's decision ends: no date can be known."""


def earliest(
    trial: Trial, phase: Phase, subject_id: str, site_id: str, barrier: Barrier, now: datetime
) -> date | None:
    """The local date on which this subject could be reserved; or none.

    A subject that is not on the list yet comes last.
    """
    if barrier.rule in HUMAN or barrier.for_good:
        return None
    if trial.sites.get(site_id) != trial.in_force.version:
        return None
    try:
        at = _reserved_at(trial, phase, subject_id, site_id, barrier, now)
        return None if at is None else trial.in_force.local_date(at)
    except OverflowError:  # further away than a date can be
        return None


def _reserved_at(
    trial: Trial, phase: Phase, subject_id: str, site_id: str, barrier: Barrier, now: datetime
) -> datetime | None:
    hours = timedelta(hours=trial.in_force.assignment.reservation_hours)
    not_before = _not_before(trial, phase)
    if barrier.rule == "held":
        places, now = places_after_windows(trial), _windows_over(trial)
        not_before = None
        expiries: list[tuple[datetime, str]] = []
    else:
        places = free_places(trial, phase)
        expiries = list(_expiries(trial, phase))
        if not expiries:
            return None
    known = trial.subjects[subject_id].waiting
    listed = known is not None and known.phase == phase
    if not listed and _unlimited(trial, phase):
        ahead = trial.waiting[phase - 1] - trial.passed_over[phase - 1]
        free_at = [at for at, _ in expiries] or [now] * places
        return goes_round(free_at, ahead, hours, not_before)
    model = Forecast.of(trial, phase, hours, not_before)
    order = trial.orders[1] + 1
    if known is not None and listed:
        order = known.order
    else:
        model.add_last(order, site_id)
    model.open_places(places, now)
    model.reservations(expiries)
    return model.reserved_at(order, site_id)


def _unlimited(trial: Trial, phase: Phase) -> bool:
    """Every site may take any free place, and the order is that of arrival."""
    protocol = trial.in_force
    return (
        protocol.assignment.waitlist_order == "first_come"
        and protocol.assignment.max_live_reservations_per_site is None
        and (phase == 1 or protocol.phase2.site_cap is None)
        and all(trial.sites.get(site) == protocol.version for site in protocol.site_ids)
    )


def _expiries(trial: Trial, phase: Phase) -> Iterable[tuple[datetime, str]]:
    """When each live reservation of the phase expires, and at which site."""
    for subject_id in live_reservations(trial, phase):
        subject = trial.subjects[subject_id]
        assert subject.slot is not None
        yield subject.slot.expires_at, subject.site_id


def _not_before(trial: Trial, phase: Phase) -> datetime | None:
    on = stagger_date(trial, open_level(trial)) if phase == 1 else None
    return None if on is None else utc_midnight(trial, on)


def _windows_over(trial: Trial) -> datetime:
    """00:00 of the day on which the last open window of the open level ends."""
    ends = [window_ends(trial, subject_id) for subject_id in open_level(trial).dosed]
    return utc_midnight(trial, max(end for end in ends if end is not None))


def places_after_windows(trial: Trial) -> int:
    """Places once every pending outcome of the open level is cleared and the advice is signed."""
    assert trial.open_level is not None
    level = open_level(trial)
    counts = list(counts_of(trial))
    done = LevelCounts(level.counts.evaluable + level.counts.pending, level.counts.dlts)
    counts[trial.open_level] = done
    advice = recommend(trial.in_force.phase1.variant, counts, trial.open_level, level.target)
    if advice is None:
        return max(0, level.target - done.evaluable)
    if advice.kind == "expand":
        return max(0, 6 - done.evaluable)
    if advice.kind not in ("escalate", "de_escalate"):
        return 0
    assert advice.level is not None
    return places_on_opening(trial, advice.level)


def places_on_opening(trial: Trial, index: int) -> int:
    """Places of a level on the day it opens: one where it is staggered (R4, R12)."""
    level = trial.levels[index]
    if not level.opened:
        return 1 if trial.in_force.phase1.stagger_days > 0 else 3
    counts = level.counts
    return max(0, target_on_opening(counts) - counts.evaluable - counts.pending)


def target_on_opening(counts: LevelCounts) -> int:
    """6 where three are evaluable already, else 3 (R5)."""
    return 6 if counts.evaluable >= 3 else 3
