"""How a subject's slot and place on the waitlist move the carried counts."""

from collections.abc import Callable
from datetime import date, datetime

from immutables import Map

from cohorts.levels import LevelCounts
from cohorts.numbers import Numbers
from cohorts.slots import Slot
from enrollment.copying import replace
from enrollment.trial import NO_NUMBERS, Level, PhaseTwoCounts, Subject, Trial, Waiting


def with_slot(trial: Trial, subject: Subject, slot: Slot) -> Trial:
    """The trial with this slot in place of the subject's latest one; every count follows."""
    old = subject.slot
    was, now = _list_of(old), _list_of(slot)
    if old is not None:
        trial = _counted(trial, subject, old, -1)
    trial = _counted(trial, subject, slot, +1)
    if was != now:
        trial = _listed(trial, was, lambda members: _without(members, subject.subject_id))
        trial = _listed(trial, now, lambda members: (*members, subject.subject_id))
    subject = replace(subject, slot=slot)
    return replace(trial, subjects=trial.subjects.set(subject.subject_id, subject))


def _list_of(slot: Slot | None) -> tuple[str, str] | None:
    """The level and its list that a Phase I slot is on: who was dosed, or who has a reservation."""
    if slot is None or slot.phase != 1 or not slot.live:
        return None
    return slot.level_id, "dosed" if slot.treated else "reservations"


def _listed(
    trial: Trial,
    place: tuple[str, str] | None,
    change: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Trial:
    """Changes one list of a level; who stays on it keeps the place, since order is by arrival."""
    if place is None:
        return trial
    index = trial.level_index(place[0])
    level = trial.levels[index]
    if place[1] == "dosed":
        level = replace(level, dosed=change(level.dosed))
    else:
        level = replace(level, reservations=change(level.reservations))
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))


def _without(members: tuple[str, ...], subject_id: str) -> tuple[str, ...]:
    return tuple(member for member in members if member != subject_id)


def first_dose_at(trial: Trial, level: Level) -> tuple[date, str] | None:
    """The earliest first dose counted at a level, and whose it was; none if no date is known."""
    slots = ((who, trial.subjects[who].slot) for who in level.dosed)
    doses = ((slot.dosed_on, who) for who, slot in slots if slot is not None)
    return min(((on, who) for on, who in doses if on is not None), default=None)


def staggered_anew(trial: Trial, index: int) -> Trial:
    """Those who follow at a staggered level wait behind its first dose (R12).

    While there is none, the level offers one place.
    """
    level = trial.levels[index]
    on, first = first_dose_at(trial, level) or (None, None)
    level = replace(level, stagger=on is None, first_dose_on=on, first_dosed=first)
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))


def with_new_deadline(trial: Trial, subject_id: str, expires_at: datetime) -> Trial:
    """Remembers when a reservation expires; ties expire in the order in which they were set."""
    number = trial.deadlines_set + 1
    deadlines = trial.deadlines.add((expires_at, number), subject_id)
    return replace(trial, deadlines=deadlines, deadlines_set=number)


def next_deadline(trial: Trial) -> tuple[datetime, str] | None:
    """The earliest expiry of a live reservation and its subject."""
    first = trial.deadlines.settled(lambda key, who: _expires(trial, who, key[0])).first()
    return None if first is None else (first[0][0], first[1])


def without_past_deadlines(trial: Trial) -> Trial:
    """Drops the entries on top that hold no more, so that looking stays cheap."""
    kept = trial.deadlines.settled(lambda key, who: _expires(trial, who, key[0]))
    return trial if kept is trial.deadlines else replace(trial, deadlines=kept)


def with_waiting(trial: Trial, subject: Subject, phase: int, order: int) -> Trial:
    """Puts the subject on the waitlist of a phase, or back among those who may be offered."""
    trial = without_waiting(trial, subject)
    subject = replace(trial.subjects[subject.subject_id], waiting=Waiting(phase, order))
    key = (phase, subject.site_id)
    queue = trial.queues.get(key, NO_NUMBERS).add(order)
    low, high = trial.orders
    return replace(
        trial,
        subjects=trial.subjects.set(subject.subject_id, subject),
        queues=trial.queues.set(key, queue),
        listed=_put(trial.listed, phase, trial.listed[phase - 1].add(order)),
        by_order=trial.by_order.set(order, subject.subject_id),
        orders=(min(low, order), max(high, order)),
    )


def without_waiting(trial: Trial, subject: Subject) -> Trial:
    """Takes the subject off the waitlist, if it is on it."""
    waiting = subject.waiting
    if waiting is None:
        return trial
    if not waiting.passed_over:
        trial = _not_offered(trial, subject.site_id, waiting)
    phase, order = waiting.phase, waiting.order
    return replace(
        trial,
        subjects=trial.subjects.set(subject.subject_id, replace(subject, waiting=None)),
        listed=_put(trial.listed, phase, trial.listed[phase - 1].remove(order)),
        by_order=trial.by_order.delete(order),
        passed_over=_add(trial.passed_over, phase, -int(waiting.passed_over)),
    )


def with_passed_over(trial: Trial, subject: Subject) -> Trial:
    """Keeps the place, but is not offered again before something about the subject changes."""
    waiting = subject.waiting
    assert waiting is not None
    assert not waiting.passed_over
    over = replace(subject, waiting=replace(waiting, passed_over=True))
    return replace(
        _not_offered(trial, subject.site_id, waiting),
        subjects=trial.subjects.set(subject.subject_id, over),
        passed_over=_add(trial.passed_over, waiting.phase, 1),
    )


def live_reservations(trial: Trial, phase: int) -> tuple[str, ...]:
    """Undosed reservations of a phase, the oldest first; costs a sort of all deadlines."""
    found: dict[str, int] = {}
    for (expires_at, _), subject_id in trial.deadlines:
        slot = trial.subjects[subject_id].slot
        if slot is not None and slot.phase == phase and _expires(trial, subject_id, expires_at):
            found[subject_id] = slot.number
    return tuple(sorted(found, key=found.__getitem__))


def _not_offered(trial: Trial, site_id: str, waiting: Waiting) -> Trial:
    key = (waiting.phase, site_id)
    queue = trial.queues[key].remove(waiting.order)
    return replace(trial, queues=trial.queues.set(key, queue))


def _put(pair: tuple[Numbers, Numbers], phase: int, changed: Numbers) -> tuple[Numbers, Numbers]:
    return (changed, pair[1]) if phase == 1 else (pair[0], changed)


def _expires(trial: Trial, subject_id: str, at: datetime) -> bool:
    slot = trial.subjects[subject_id].slot
    return slot is not None and slot.undosed and slot.expires_at == at


def _add(pair: tuple[int, int], phase: int, change: int) -> tuple[int, int]:
    first, second = pair
    return (first + change, second) if phase == 1 else (first, second + change)


def _counted(trial: Trial, subject: Subject, slot: Slot, sign: int) -> Trial:
    if slot.undosed:
        live = add_to(trial.live_at_site, subject.site_id, sign)
        trial = replace(trial, live_at_site=live)
    if slot.phase == 2:
        counts = _phase2(trial.phase2_counts, subject, slot, sign)
        return replace(trial, phase2_counts=counts)
    index = trial.level_index(slot.level_id)
    level = _level(trial.levels[index], slot, sign)
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))


def _level(level: Level, slot: Slot, sign: int) -> Level:
    if not slot.read_by_design:
        here = slot.undosed or slot.state == "dosed" or slot.known
        return replace(level, backfilling=level.backfilling + sign * here)
    counts = level.counts
    changed = LevelCounts(
        evaluable=counts.evaluable + sign * (slot.state in ("cleared", "dlt")),
        dlts=counts.dlts + sign * (slot.state == "dlt"),
        pending=counts.pending + sign * (slot.state == "dosed"),
        reserved=counts.reserved + sign * slot.undosed,
    )
    return replace(level, counts=changed)


def _phase2(counts: PhaseTwoCounts, subject: Subject, slot: Slot, sign: int) -> PhaseTwoCounts:
    site = subject.site_id
    if slot.undosed:
        return replace(
            counts,
            reserved=counts.reserved + sign,
            reserved_at=add_to(counts.reserved_at, site, sign),
        )
    if slot.treated:
        return replace(
            counts, dosed=counts.dosed + sign, dosed_at=add_to(counts.dosed_at, site, sign)
        )
    return counts


def add_to(counts: Map[str, int], key: str, change: int) -> Map[str, int]:
    """A persistent counter; never below zero."""
    count = counts.get(key, 0) + change
    assert count >= 0
    return counts.set(key, count)
