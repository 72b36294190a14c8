"""Why nobody gets a place now, and until when: the next deadline behind the rule that stands."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from enrollment.due import earliest_for_newcomer
from enrollment.evolve_slots import live_reservations
from enrollment.places import accruing_phase, phase_barrier, window_ends
from enrollment.trial import Trial

What = Literal["expiry", "window", "people"]


@dataclass(frozen=True, slots=True)
class Until:
    """`at` is when the next deadline falls: of a reservation an instant, of a window a date.

    None where people alone can end it. `earliest_on` is the earliest date (R17) for a subject who
    is not known yet, at the open site with most room.
    """

    rule: str
    what: What
    at: datetime | date | None
    earliest_on: date | None


def held_until(trial: Trial, now: datetime) -> Until | None:
    """None where a place is free now, and before the trial is open."""
    if trial.protocol is None or not trial.activated:
        return None
    today = trial.in_force.local_date(now)
    found = phase_barrier(trial, accruing_phase(trial), today)
    if found is None:
        return None
    what, at = _deadline(trial, found.rule, today)
    return Until(found.rule, what, at, _earliest(trial, now))


def _deadline(trial: Trial, rule: str, today: date) -> tuple[What, datetime | date | None]:
    if rule in ("full", "stagger"):
        slots = [trial.subjects[who].slot for who in _reserved(trial)]
        expiries = [slot.expires_at for slot in slots if slot is not None]
        return ("expiry", min(expiries)) if expiries else ("people", None)
    if rule == "held":
        ends = [
            end
            for level in trial.levels
            for who in level.dosed
            if (end := window_ends(trial, who)) is not None and end > today
        ]
        return ("window", min(ends)) if ends else ("people", None)
    return "people", None


def _reserved(trial: Trial) -> tuple[str, ...]:
    """Who holds an undosed place where the phase that accrues takes subjects."""
    if accruing_phase(trial) == 2:
        return tuple(live_reservations(trial, 2))
    return () if trial.open_level is None else trial.levels[trial.open_level].reservations


def _earliest(trial: Trial, now: datetime) -> date | None:
    version = trial.in_force.version
    opened = [site for site in trial.in_force.site_ids if trial.sites.get(site) == version]
    if not opened:
        return None
    roomiest = min(opened, key=lambda site: trial.live_at_site.get(site, 0))
    return earliest_for_newcomer(trial, roomiest, now)
