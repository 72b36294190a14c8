"""The board of a trial: everything a coordinating centre looks at, as plain JSON values."""

from datetime import date, datetime
from typing import Any

from cohorts.designs.parameters import parameters_of
from cohorts.slots import Slot
from enrollment.backfill import backfill_level, backfill_places
from enrollment.evolve_slots import live_reservations
from enrollment.places import (
    barrier,
    counted_from_phase1,
    first_barrier,
    free_places,
    phase2_places,
)
from enrollment.standing import explained, standing, target_of
from enrollment.trial import Level, Subject, Trial
from enrollment.waitlist import in_order


def board(trial: Trial, now: datetime) -> dict[str, Any]:
    """The trial at an instant: counts per level, who is where, the review, the waitlist.

    `now` decides what is overdue; a trial without a protocol has only its id and state.
    """
    shown: dict[str, Any] = {
        "trial_id": trial.trial_id,
        "clock": trial.clock,
        "time": trial.time,
        "state": _state(trial),
    }
    if trial.protocol is None:
        return shown
    protocol = trial.protocol
    today = protocol.local_date(now)
    return shown | {
        "protocol": {
            "id": protocol.protocol_id,
            "version": protocol.version,
            "digest": protocol.digest,
            "title": protocol.title,
            "illustrative": list(protocol.illustrative),
        },
        "time_zone": str(protocol.time_zone),
        "suspended": trial.suspended,
        "deaths_to_adjudicate": trial.deaths_open,
        "phase1": _phase1(trial, now),
        "phase2": _phase2(trial, now),
        "review": _review(trial),
        "mtd": trial.mtd,
        "rp2d": trial.rp2d,
        "no_tolerable_dose": trial.no_tolerable_dose,
        "sites": [
            {
                "site_id": site,
                "open": trial.sites.get(site) == protocol.version,
                "live_reservations": trial.live_at_site.get(site, 0),
                "barrier": _rule(barrier(trial, 2 if trial.phase1 == "closed" else 1, site, today)),
            }
            for site in protocol.site_ids
        ],
        "waiting": {"phase1": trial.waiting[0], "phase2": trial.waiting[1]},
        "subjects": len(trial.subjects),
    }


def _state(trial: Trial) -> str:
    if trial.protocol is None:
        return "unknown"
    return "open" if trial.activated else "not_open"


def _rule(found: Any) -> str | None:
    return None if found is None else found.rule


def _phase1(trial: Trial, now: datetime) -> dict[str, Any]:
    protocol = trial.in_force
    today = protocol.local_date(now)
    open_places, found = 0, first_barrier(trial, 1, today)
    if trial.open_level is not None and found is None:
        open_places = free_places(trial, 1, today)
    return {
        "state": trial.phase1,
        "design": _design(trial, today),
        "open_level": _open_id(trial),
        "places": open_places,
        "barrier": _rule(found) if trial.activated else "trial_not_open",
        "backfill": _backfill(trial, today),
        "dlt_window_days": protocol.phase1.dlt_window_days,
        "illustrative": "phase1" in protocol.illustrative,
        "levels": [_level(trial, index, now) for index in range(len(trial.levels))],
    }


def _design(trial: Trial, today: date) -> dict[str, Any]:
    """The design, its parameters, and one sentence why it asks for what it asks for."""
    design = trial.in_force.phase1.design
    concerned = trial.phase1 == "open" or trial.mtd is not None
    return {
        "name": design.name,
        "parameters": parameters_of(design),
        "explain": explained(trial, today) if concerned else None,
    }


def _backfill(trial: Trial, today: date) -> dict[str, Any] | None:
    """The level that is backfilled while the open one has no place; none without the option."""
    backfill = trial.in_force.phase1.backfill
    if backfill is None:
        return None
    index = backfill_level(trial, today)
    return {
        "max_per_level": backfill.max_per_level,
        "counts_for_escalation": backfill.counts_for_escalation,
        "level_id": None if index is None else trial.levels[index].level_id,
        "places": backfill_places(trial, today),
    }


def _open_id(trial: Trial) -> str | None:
    return None if trial.open_level is None else trial.levels[trial.open_level].level_id


def _level(trial: Trial, index: int, now: datetime) -> dict[str, Any]:
    level, dose = trial.levels[index], trial.dose_level(index)
    counts = level.counts
    return {
        "level_id": level.level_id,
        "doses": [
            {"drug": d.drug, "amount": str(d.amount), "unit": d.unit, "schedule": d.schedule}
            for d in dose.doses
        ],
        "open": trial.open_level == index,
        "opened": level.opened,
        "exceeded": standing(trial, trial.in_force.local_date(now)).stopped(index),
        "stopped": trial.open_level == index and level.stopped,
        "target": target_of(level, trial.in_force.phase1.design),
        "evaluable": counts.evaluable,
        "dlts": counts.dlts,
        "pending": counts.pending,
        "reserved": counts.reserved,
        "backfilling": level.backfilling,
        "stagger": level.stagger,
        "subjects": _members(trial, level, now),
    }


def _members(trial: Trial, level: Level, now: datetime) -> list[dict[str, Any]]:
    return [
        subject_view(trial, trial.subjects[subject_id], now)
        for subject_id in (*level.dosed, *level.reservations)
    ]


def _phase2(trial: Trial, now: datetime) -> dict[str, Any]:
    protocol, counts = trial.in_force, trial.phase2_counts
    reserved = live_reservations(trial, 2)
    return {
        "state": trial.phase2,
        "number": protocol.phase2.number,
        "site_cap": protocol.phase2.site_cap,
        "dosed": counts.dosed,
        "reserved": counts.reserved,
        "counted_from_phase1": counted_from_phase1(trial),
        "places": phase2_places(trial) if trial.phase2 == "open" else 0,
        "illustrative": "phase2" in protocol.illustrative,
        "reservations": [subject_view(trial, trial.subjects[who], now) for who in reserved],
    }


def _review(trial: Trial) -> dict[str, Any] | None:
    review = trial.review
    if review is None:
        return None
    return {
        "level_id": review.level_id,
        "recommendation": review.recommendation,
        "recommended_level_id": review.recommended_level_id,
        "data_hash": review.data_hash,
        "as_of": review.as_of,
        "signatures": [
            {"by": signature.by, "decision": signature.decision, "level_id": signature.level_id}
            for signature in review.signatures
        ],
        "signatures_required": trial.in_force.phase1.signatures_required,
    }


def subject_view(trial: Trial, subject: Subject, now: datetime) -> dict[str, Any]:
    """One subject: where it stands, its slot, its window and whether its outcome is overdue."""
    shown: dict[str, Any] = {
        "subject_id": subject.subject_id,
        "site_id": subject.site_id,
        "state": subject_state(subject),
        "screening": subject.outcome,
        "rescreens": subject.rescreens,
        "withdrawn_on": subject.withdrawn_on,
        "died_on": subject.died_on,
        "death_to_adjudicate": subject.death_open,
        "waiting": None,
        "slot": None,
    }
    if subject.waiting is not None:
        shown["waiting"] = {
            "phase": subject.waiting.phase,
            "passed_over": subject.waiting.passed_over,
        }
    if subject.slot is not None:
        shown["slot"] = _slot(subject.slot, trial.in_force.local_date(now))
    return shown


def _slot(slot: Slot, today: date) -> dict[str, Any]:
    ends_on = slot.window_ends_on
    return {
        "slot_id": slot.slot_id,
        "phase": slot.phase,
        "level_id": slot.level_id,
        "state": slot.state,
        "reserved_at": slot.reserved_at,
        "expires_at": slot.expires_at,
        "dose_not_before": slot.dose_not_before,
        "authorised_for": slot.authorised_for,
        "flagged": list(slot.flagged),
        "dosed_on": slot.dosed_on,
        "window_ends_on": ends_on,
        "dlt_onset_on": slot.dlt_onset_on,
        "toxicities": slot.toxicities,
        "backfill": slot.backfill,
        "counted": slot.counted,
        "given_level_id": slot.given_level_id,
        "overdue": slot.state == "dosed" and ends_on is not None and ends_on <= today,
    }


def subject_state(subject: Subject) -> str:
    """One word: the live slot's state, else waitlisted, else how the slot or screening ended."""
    slot = subject.slot
    if slot is not None and slot.live:
        return slot.state
    if subject.waiting is not None:
        return "waitlisted"
    if subject.withdrawn_on is not None:
        return "withdrawn"
    if slot is not None:
        return slot.state
    if subject.outcome is None:
        return "consented"
    return "eligible_without_slot" if subject.outcome == "eligible" else subject.outcome


def waitlist_view(trial: Trial) -> list[dict[str, Any]]:
    """Everybody who waits, in order, with the position on the list of their phase."""
    return [
        {
            "subject_id": subject_id,
            "site_id": trial.subjects[subject_id].site_id,
            "phase": phase,
            "position": position,
            "passed_over": bool((w := trial.subjects[subject_id].waiting) and w.passed_over),
        }
        for phase in (1, 2)
        for position, subject_id in enumerate(in_order(trial, phase), 1)
    ]
