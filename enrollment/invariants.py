"""What must hold of every trial, told independently of the decider: checked event by event."""

from datetime import date

from cohorts.designs.design import LevelHistory
from enrollment import events as e
from enrollment.broken import BrokenInvariantError, must
from enrollment.evolve import apply
from enrollment.recount import Recount, subjects_of
from enrollment.standing import Standing, is_stopped
from enrollment.stops import check_stopped, check_stops
from enrollment.trial import Level, Subject, Trial
from enrollment.waitlist import position_of

PLACED = (e.SlotReserved, e.SlotHeld)


def check_decision(
    trial: Trial, events: tuple[e.AnyEvent, ...], signed_for: set[str], recount: Recount
) -> Trial:
    """Folds one decision event by event; each permission must be allowed where it stands.

    `signed_for` collects the levels that an activation or a complete review opened; `recount` is
    that of the trial before, and follows.
    """
    signature = False
    for event in events:
        signature = signature or opens(event)
        check_event(trial, event, signed_for, recount, signature)
        before, trial = trial, apply(trial, event)
        check_stops(before, event, trial, signature)
        recount.follow(trial, subjects_of(event))
        if isinstance(event, PLACED) and event.phase == 2:
            check_phase_two(trial, event.site_id, recount)
    check_stopped(trial)
    return trial


def opens(event: e.AnyEvent) -> bool:
    """A signature behind which a level may be opened."""
    return isinstance(event, e.TrialActivated) or (
        isinstance(event, e.ReviewSigned) and event.complete
    )


def check_event(
    trial: Trial, event: e.AnyEvent, signed_for: set[str], recount: Recount, signature: bool
) -> None:
    """One event on the trial before it; `signature`: the decision so far has one that opens."""
    if isinstance(event, e.LevelOpened):
        must(signature, f"{event.level_id} was opened without a signature")
        signed_for.add(event.level_id)
    if isinstance(event, PLACED):
        check_placed(trial, event, signed_for, recount)
    if isinstance(event, e.FirstDoseAuthorised):
        check_authorised(trial, event, recount)
    if isinstance(event, e.SlotRecalled):
        check_recalled(trial, event)


def free_places(trial: Trial, index: int, recount: Recount, on: date) -> int:
    """Rules R4 and R12 for a level, from the subjects themselves."""
    level = trial.levels[index]
    if trial.open_level != index or trial.review is not None or trial.suspended:
        return 0
    asked = asked_again(trial, recount, index, on)
    if asked.stopped(index):
        return 0
    n, _, pending, reserved = recount.level(level.level_id)
    if level.stagger and not dosed_since_opening(level):
        return min(asked.places, 1 if reserved == 0 and n + pending == 0 else 0)
    return asked.places


def asked_again(trial: Trial, recount: Recount, index: int, on: date) -> Standing:
    """The design asked with levels made from the subjects themselves, not from carried counts."""
    levels = []
    for level in trial.levels:
        n, t, _, reserved = recount.level(level.level_id)
        target = most_there(trial, level) if level.opened else 0
        parts = recount.follow_up(level.level_id, on)
        before = level.evaluable_before, level.dlts_before
        levels.append(LevelHistory(n, t, parts, reserved, target, *before))
    return Standing(trial.in_force.phase1.design, tuple(levels), index)


def most_there(trial: Trial, level: Level) -> int:
    """The target, or the limit of a level by the version in force where that is lower."""
    limits = trial.in_force.phase1.design.limits
    return level.target if limits is None else min(level.target, limits.per_level)


def check_free(
    trial: Trial, event: e.SlotReserved | e.SlotHeld, recount: Recount, on: date
) -> None:
    """A place of the open level; or one to backfill, while that level has none."""
    name, at = event.subject_id, event.level_id
    if not event.backfill:
        places = free_places(trial, trial.level_index(at), recount, on)
        must(places > 0, f"{name} got a place at {at} with none free")
        return
    top, index = trial.open_level, trial.level_index(at)
    must(top is not None and index < top, f"{name} was backfilled at {at}, not below the open one")
    assert top is not None
    spare = free_places(trial, top, recount, on)
    must(not spare, f"{name} was backfilled while the open level had a place")
    must(at in backfilled(trial, recount, on), f"{name} was backfilled at {at} with no room there")


def backfilled(trial: Trial, recount: Recount, on: date) -> tuple[str, ...]:
    """The cleared levels below the open one that have room for more."""
    backfill, top = trial.in_force.phase1.backfill, trial.open_level
    if backfill is None or top is None or trial.suspended:
        return ()
    asked = asked_again(trial, recount, top, on)
    below = [index for index in range(top) if trial.levels[index].opened]
    if asked.stopped(top) or not all(asked.allows_above(index) for index in below):
        return ()
    return tuple(
        level.level_id
        for level in (trial.levels[index] for index in below)
        if everybody_at(recount, level.level_id) < backfill.max_per_level
    )


def everybody_at(recount: Recount, level_id: str) -> int:
    """Everybody there, also whom no decision waits for."""
    n, _, pending, reserved = recount.level(level_id)
    return n + pending + reserved + recount.backfilling[level_id]


def dosed_since_opening(level: Level) -> bool:
    return level.first_dose_on is not None


def phase_two_counted(trial: Trial, recount: Recount) -> int:
    """Phase I subjects dosed at the RP2D who met the Phase II criteria (R21)."""
    if trial.rp2d is None or not trial.in_force.phase2.counts_phase1:
        return 0
    return recount.met_at[trial.rp2d]


def check_placed(
    trial: Trial, event: e.SlotReserved | e.SlotHeld, signed_for: set[str], recount: Recount
) -> None:
    """A place is given only where one is free, on a level that a signature opened."""
    name = event.subject_id
    must(name in trial.subjects, f"{name} got a place and is not known")
    who = trial.subjects[name]
    if isinstance(event, e.SlotReserved) and event.from_held:
        held = who.slot is not None and who.slot.state == "held"
        must(held, f"{name} kept a held place and held none")
        return
    must(who.slot is None or not who.slot.live, f"{name} has a live slot already")
    must(not trial.suspended, f"{name} got a place while assignment was suspended")
    must(trial.review is None or event.backfill, f"{name} got a place while a review was due")
    limit = trial.in_force.assignment.max_live_reservations_per_site
    below = limit is None or recount.live_at[event.site_id] < limit
    must(below, f"{event.site_id} was at its limit of undosed reservations")
    if event.phase == 1:
        at = event.level_id
        must(at in signed_for, f"{name} got a place at {at}, which nobody signed for")
        when = event.reserved_at if isinstance(event, e.SlotReserved) else event.held_at
        check_free(trial, event, recount, trial.in_force.local_date(when))
    else:
        must(trial.phase2 == "open", f"{name} got a place while Phase II was {trial.phase2}")
        must(event.level_id == trial.rp2d, f"{name} got a place in Phase II not at the RP2D")


def check_authorised(trial: Trial, event: e.FirstDoseAuthorised, recount: Recount) -> None:
    """Leave for a first dose: a place, nothing that stops it, and no day before its own (R12)."""
    who = trial.subjects.get(event.subject_id)
    slot = None if who is None else who.slot
    if slot is None or slot.state not in ("reserved", "authorised"):
        raise BrokenInvariantError(f"{event.subject_id} was authorised without a place")
    must(not slot.flagged, "a flagged slot was authorised")
    must(not trial.suspended, "a first dose was authorised while assignment was suspended")
    unreviewed = trial.review is None or slot.backfill
    must(unreviewed, "a first dose was authorised while a review was due")
    if slot.phase == 1:
        index = trial.level_index(slot.level_id)
        asked = asked_again(trial, recount, index, trial.in_force.local_date(trial.time))
        must(not asked.stopped(index), "a first dose was authorised at a stopped level")
    early = slot.dose_not_before is not None and event.planned_on < slot.dose_not_before
    must(not early, "authorised before the stagger ended")


def check_recalled(trial: Trial, event: e.SlotRecalled) -> None:
    """The newest goes first, so that the head of the list keeps the order of reservation (R15)."""
    slots = [subject.slot for subject in trial.subjects.values() if subject.slot is not None]
    recalled = next((slot for slot in slots if slot.slot_id == event.slot_id), None)
    if recalled is None or not recalled.undosed:
        raise BrokenInvariantError("only an undosed reservation is recalled")
    rivals = [
        slot.number
        for slot in slots
        if slot.undosed and slot.phase == recalled.phase and slot.level_id == recalled.level_id
    ]
    newest = recalled.number == max(rivals)
    must(newest, "an older reservation was recalled before a newer one")
    first = event.order < min((0, *orders(trial, event.phase)))
    must(first, "a recalled subject was not put at the head of the list")


def orders(trial: Trial, phase: int) -> list[int]:
    waiting = (subject.waiting for subject in trial.subjects.values())
    return [place.order for place in waiting if place is not None and place.phase == phase]


def check_phase_two(trial: Trial, site_id: str, recount: Recount) -> None:
    """After a reservation: never over the number, never over the cap of the site."""
    reserved, dosed = recount.phase_two()
    taken = reserved + dosed + phase_two_counted(trial, recount)
    must(taken <= trial.in_force.phase2.number, "Phase II is over its number")
    cap = trial.in_force.phase2.site_cap
    must(cap is None or recount.phase2_at[site_id] <= cap, f"{site_id} is over its cap")


def check_counts(trial: Trial, recount: Recount) -> None:
    """After a decision: what the trial carries equals the recount."""
    for level in trial.levels:
        carried = level.counts
        four = (carried.evaluable, carried.dlts, carried.pending, carried.reserved)
        must(recount.level(level.level_id) == four, f"counts of {level.level_id} are wrong")
        left_out = recount.backfilling[level.level_id]
        must(level.backfilling == left_out, f"the backfill of {level.level_id} is wrong")
    two = (trial.phase2_counts.reserved, trial.phase2_counts.dosed)
    must(two == recount.phase_two(), "counts of Phase II are wrong")
    for site in trial.sites:
        must(trial.live_at_site.get(site, 0) == recount.live_at[site], f"count of {site} is wrong")
    must(trial.deaths_open == recount.deaths, "count of open deaths is wrong")
    must(
        trial.waiting == (recount.waiting[1], recount.waiting[2]), "count of the waitlist is wrong"
    )
    if trial.open_level is not None:
        level = trial.levels[trial.open_level]
        n, _, pending, undosed = recount.level(level.level_id)
        fits = undosed == 0 or n + pending + undosed <= most_there(trial, level)
        must(fits, f"more at {level.level_id} than its target, and nobody was recalled (R11)")


def check_state(trial: Trial, recount: Recount) -> None:
    """After a decision, walking over everybody: as `check_counts`, and the waitlists."""
    check_counts(trial, recount)
    must(recount.same_as(Recount.of(trial)), "a subject changed without an event about it")
    for phase in (1, 2):
        check_waitlist(trial, phase, recount)


def check_waitlist(trial: Trial, phase: int, recount: Recount) -> None:
    """Every place on the list is one subject's, in order, and nobody waits before a free place."""
    waiting = [s for s in trial.subjects.values() if s.waiting and s.waiting.phase == phase]
    places = sorted(orders(trial, phase))
    must(len(set(places)) == len(places), "two subjects on one place of the waitlist")
    rank = {order: number for number, order in enumerate(places, 1)}
    for subject in waiting:
        assert subject.waiting is not None
        right = position_of(trial, subject.subject_id) == rank[subject.waiting.order]
        must(right, f"{subject.subject_id}'s place on the waitlist is wrong")
    offered = {s.waiting.order for s in waiting if s.waiting and not s.waiting.passed_over}
    queues = [queue for (of, _), queue in trial.queues.items() if of == phase]
    queued = {order for queue in queues for order in queue}
    must(queued == offered, "those who may be offered a place are not those who wait")
    twice = [s.subject_id for s in waiting if s.slot is not None and s.slot.live]
    must(not twice, f"{twice} wait with a live slot")
    today = trial.in_force.local_date(trial.time)
    at = trial.open_level
    if phase == 1 and at is not None and offers(trial, at, recount, today):
        able = [s.subject_id for s in waiting if could_take(trial, s, recount)]
        must(not able, f"{able} wait before a free place")


def offers(trial: Trial, at: int, recount: Recount, on: date) -> bool:
    """Somebody could be placed: at the open level, or below it, where nothing is stopped."""
    if is_stopped(trial):
        return False
    below = backfilled(trial, recount, on)
    free = free_places(trial, at, recount, on) > 0
    return free or any(not is_stopped(trial, level_id) for level_id in below)


def could_take(trial: Trial, subject: Subject, recount: Recount) -> bool:
    """Not passed over, at a site that is open and below its limit."""
    if subject.waiting is None or subject.waiting.passed_over:
        return False
    if trial.sites.get(subject.site_id) != trial.in_force.version:
        return False
    limit = trial.in_force.assignment.max_live_reservations_per_site
    return limit is None or recount.live_at[subject.site_id] < limit
