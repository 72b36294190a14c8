"""The earliest date on which scheduled deadlines alone could give a waiting subject a place (R17).

Run forward from the trial as it is: reservations expire undosed, windows end and are confirmed and
signed on the day, nothing else happens, and those ahead are served first (R15). Where no site is
limited the places simply go round, which needs no run: it costs a sort of the reservations.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final, Literal

from cohorts.designs.design import LevelHistory
from enrollment.backfill import WHILE, still_cleared
from enrollment.evolve_slots import first_dose_at, live_reservations
from enrollment.forecast import Forecast, goes_round
from enrollment.places import (
    Barrier,
    Phase,
    free_places,
    open_level,
    site_is_open,
    stagger_date,
    utc_midnight,
    window_ends,
)
from enrollment.standing import Standing, days_passed, standing
from enrollment.trial import Level, Trial

Known = Literal["ended here", "all here", "ended"]
"""Windows that have ended at the open level; everybody there; windows that have ended anywhere."""

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
    if barrier.for_good or (barrier.rule in HUMAN and not _backfilled(trial, phase, barrier, now)):
        return None
    if not site_is_open(trial, site_id):
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
    places, at, expiries, not_before = _what_falls_free(trial, phase, barrier, now)
    if not expiries and (barrier.rule != "held" or not places):
        return None
    known = trial.subjects[subject_id].waiting
    listed = known is not None and known.phase == phase
    if not listed and _unlimited(trial, phase):
        ahead = trial.waiting[phase - 1] - trial.passed_over[phase - 1]
        free_at = [expires_at for expires_at, _ in expiries] + [at] * places
        return goes_round(free_at, ahead, hours, not_before)
    model = Forecast.of(trial, phase, hours, not_before)
    order = trial.orders[1] + 1
    if known is not None and listed:
        order = known.order
    else:
        model.add_last(order, site_id)
    model.open_places(places, at)
    model.reservations(expiries)
    return model.reserved_at(order, site_id)


def _what_falls_free(
    trial: Trial, phase: Phase, barrier: Barrier, now: datetime
) -> tuple[int, datetime, list[tuple[datetime, str]], datetime | None]:
    """New places and when, reservations that expire, and before when nobody may be dosed."""
    today = trial.in_force.local_date(now)
    if barrier.rule == "held":
        places, at = places_after_windows(trial, today) or (0, now)
        return places, at, _backfilled(trial, phase, barrier, now), None
    if barrier.rule in HUMAN:
        return 0, now, _backfilled(trial, phase, barrier, now), None
    expiries = list(_expiries(trial, phase, now))
    return free_places(trial, phase, today), now, expiries, _not_before(trial, phase)


def _unlimited(trial: Trial, phase: Phase) -> bool:
    """Every site may take any free place, and the order is that of arrival."""
    protocol = trial.in_force
    return (
        protocol.assignment.waitlist_order == "first_come"
        and protocol.assignment.max_live_reservations_per_site is None
        and (phase == 1 or protocol.phase2.site_cap is None)
        and all(site_is_open(trial, site) for site in protocol.site_ids)
    )


def _expiries(trial: Trial, phase: Phase, now: datetime) -> Iterable[tuple[datetime, str]]:
    """When each live reservation expires whose place another could take, and at which site."""
    today = trial.in_force.local_date(now)
    for subject_id in live_reservations(trial, phase):
        subject = trial.subjects[subject_id]
        slot = subject.slot
        assert slot is not None
        here = phase == 2 or slot.level_id == open_level(trial).level_id
        if here or still_cleared(trial, slot, today):
            yield slot.expires_at, subject.site_id


def _backfilled(
    trial: Trial, phase: Phase, barrier: Barrier, now: datetime
) -> list[tuple[datetime, str]]:
    """The same of backfilled places alone, while the open level has none and waits for people."""
    if phase == 2 or trial.in_force.phase1.backfill is None or barrier.rule not in WHILE:
        return []
    return list(_expiries(trial, phase, now))


def _not_before(trial: Trial, phase: Phase) -> datetime | None:
    on = stagger_date(trial, open_level(trial)) if phase == 1 else None
    return None if on is None else utc_midnight(trial, on)


def places_after_windows(trial: Trial, today: date) -> tuple[int, datetime] | None:
    """How many places there are, and when, once windows have ended; none when there never are any.

    Outcomes are confirmed as cleared and what is advised is signed on the day (R17). The windows of
    the open level come first; a design that still waits then waits for those of other levels, and
    one that reads follow-up may answer on any day before.
    """
    blind = not trial.in_force.phase1.design.reads_follow_up
    for on, known in _days_to_ask(trial, today, blind):
        asked = _standing_on(trial, on, known)
        places = _places(trial, asked)
        if places:
            return places, utc_midnight(trial, on)
        if blind and asked.recommendation is not None:
            return None
    return None


def _days_to_ask(trial: Trial, today: date, blind: bool) -> Iterator[tuple[date, Known]]:
    """Dates in order, and whose outcomes are taken as known on each."""
    ends = [
        (end, level_id == open_level(trial).level_id)
        for level_id, subject_id in _dosed(trial)
        if (end := window_ends(trial, subject_id)) is not None
    ]
    here = max((end for end, is_here in ends if is_here), default=today)
    if not blind:
        last = max((end for end, _ in ends), default=today)
        for number in range(1, (last - today).days + 1):
            yield today + timedelta(days=number), "ended"
        return
    for on in sorted({end for end, is_here in ends if is_here and end > today}):
        yield on, "all here" if on == here else "ended here"
    for on in sorted({end for end, _ in ends if end > max(here, today)}):
        yield on, "ended"


def _dosed(trial: Trial) -> Iterator[tuple[str, str]]:
    return ((level.level_id, who) for level in trial.levels for who in level.dosed)


def _standing_on(trial: Trial, on: date, known: Known) -> Standing:
    """The design on a day on which these outcomes are confirmed: nobody had a DLT."""
    asked = standing(trial, on)
    levels = tuple(
        _cleared(trial, level, seen, on, everybody=known == "all here")
        if index == asked.current or known == "ended"
        else seen
        for index, (level, seen) in enumerate(zip(trial.levels, asked.levels, strict=True))
    )
    return Standing(asked.design, levels, asked.current)


def _cleared(
    trial: Trial, level: Level, seen: LevelHistory, on: date, *, everybody: bool
) -> LevelHistory:
    """The level with its ended windows cleared, or `everybody`'s; no reservation is left."""
    left: list[Fraction] = []
    ended = len(seen.pending) if everybody else 0
    for subject_id in () if everybody else level.dosed:
        slot = trial.subjects[subject_id].slot
        if slot is None or slot.state != "dosed" or not slot.read_by_design:
            continue
        if slot.window_ends_on is not None and slot.window_ends_on <= on:
            ended += 1
        else:
            left.append(Fraction(*days_passed(slot.dosed_on, slot.window_ends_on, on)))
    evaluable = seen.evaluable + ended
    return replace(seen, evaluable=evaluable, pending=tuple(left), reserved=0)


def _places(trial: Trial, asked: Standing) -> int:
    """Places once the advice is signed on the day."""
    advice = asked.recommendation
    if advice is None:
        return asked.places
    if advice.kind == "expand":
        assert advice.target is not None
        return max(0, advice.target - asked.levels[asked.current].enrolled)
    if advice.kind not in ("escalate", "de_escalate"):
        return 0
    assert advice.level is not None
    return places_on_opening(trial, asked, advice.level)


def places_on_opening(trial: Trial, asked: Standing, index: int) -> int:
    """Places of a level on the day it opens: one where it is staggered (R4, R12)."""
    places = asked.once_open(index).places
    level, days = trial.levels[index], trial.in_force.phase1.stagger_days
    staggered = not level.opened and days > 0 and first_dose_at(trial, level) is None
    return min(places, 1) if staggered else places
