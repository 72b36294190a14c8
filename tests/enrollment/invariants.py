"""What must hold of every trial, told independently of the decider: checked event by event."""

from collections import Counter
from datetime import date

from enrollment import events as e
from enrollment.evolve import apply
from enrollment.trial import Level, Subject, Trial
from enrollment.waitlist import position_of

PLACED = (e.SlotReserved, e.SlotHeld)


def free_places(trial: Trial, index: int) -> int:
    """Rules R4 and R12 for a level, from the subjects themselves."""
    level = trial.levels[index]
    if trial.open_level != index or trial.review is not None or trial.suspended:
        return 0
    if any(recount(trial, other.level_id)[1] >= 2 for other in trial.levels[: index + 1]):
        return 0
    n, _, pending, reserved = recount(trial, level.level_id)
    if level.stagger and not dosed_since_opening(level):
        return 1 if reserved == 0 and n + pending == 0 else 0
    return max(0, level.target - n - pending - reserved)


def dosed_since_opening(level: Level) -> bool:
    return level.first_dose_on is not None


def recount(trial: Trial, level_id: str) -> tuple[int, int, int, int]:
    """n, t, pending, r of a level (R3), from the slots of all subjects."""
    states = Counter(
        subject.slot.state
        for subject in trial.subjects.values()
        if subject.slot is not None
        and subject.slot.phase == 1
        and subject.slot.level_id == level_id
    )
    reserved = states["held"] + states["reserved"] + states["authorised"]
    return states["cleared"] + states["dlt"], states["dlt"], states["dosed"], reserved


def phase_two(trial: Trial) -> tuple[int, int]:
    """Reserved and dosed in Phase II, from the slots of all subjects."""
    slots = [s.slot for s in trial.subjects.values() if s.slot is not None and s.slot.phase == 2]
    return sum(slot.undosed for slot in slots), sum(slot.treated for slot in slots)


def phase_two_counted(trial: Trial) -> int:
    """Phase I subjects dosed at the RP2D who met the Phase II criteria (R21)."""
    if trial.rp2d is None or not trial.in_force.phase2.counts_phase1:
        return 0
    return sum(
        subject.phase2_met
        for subject in trial.subjects.values()
        if subject.slot is not None
        and subject.slot.phase == 1
        and subject.slot.treated
        and subject.slot.level_id == trial.rp2d
    )


def check_decision(trial: Trial, events: tuple[e.AnyEvent, ...], signed_for: set[str]) -> Trial:
    """Folds one decision event by event; each reservation must be allowed where it stands.

    `signed_for` collects the levels that an activation or a complete review opened.
    """
    signature = False
    for event in events:
        if isinstance(event, e.TrialActivated) or (
            isinstance(event, e.ReviewSigned) and event.complete
        ):
            signature = True
        if isinstance(event, e.LevelOpened):
            assert signature, f"{event.level_id} was opened without a signature"
            signed_for.add(event.level_id)
        if isinstance(event, PLACED):
            check_placed(trial, event, signed_for)
        if isinstance(event, e.FirstDoseAuthorised):
            check_authorised(trial, event)
        if isinstance(event, e.SlotRecalled):
            check_recalled(trial, event)
        trial = apply(trial, event)
        if isinstance(event, PLACED) and event.phase == 2:
            check_phase_two(trial, event.site_id)
    return trial


def check_placed(trial: Trial, event: e.SlotReserved | e.SlotHeld, signed_for: set[str]) -> None:
    who = trial.subjects[event.subject_id]
    from_held = isinstance(event, e.SlotReserved) and event.from_held
    if from_held:
        assert who.slot is not None
        assert who.slot.state == "held"
        return
    assert who.slot is None or not who.slot.live, f"{event.subject_id} has a live slot"
    assert not trial.suspended, "a place was given while assignment was suspended"
    assert trial.review is None, "a place was given while a review was due"
    limit = trial.in_force.assignment.max_live_reservations_per_site
    if limit is not None:
        assert live_at(trial, event.site_id) < limit, "the site was over its limit"
    if event.phase == 1:
        assert event.level_id in signed_for, "a place at a level that nobody opened"
        places = free_places(trial, trial.level_index(event.level_id))
        assert places > 0, f"{event.subject_id} got a place at {event.level_id} with none free"


def check_authorised(trial: Trial, event: e.FirstDoseAuthorised) -> None:
    slot = trial.subjects[event.subject_id].slot
    assert slot is not None
    assert slot.state in ("reserved", "authorised")
    assert not slot.flagged, "a flagged slot was authorised"
    assert not trial.suspended, "a first dose was authorised while assignment was suspended"
    assert trial.review is None, "a first dose was authorised while a review was due"
    if slot.phase == 1:
        index = trial.level_index(slot.level_id)
        assert all(recount(trial, level.level_id)[1] < 2 for level in trial.levels[: index + 1])
    if slot.dose_not_before is not None:
        assert event.planned_on >= slot.dose_not_before, "authorised before the stagger ended"


def check_recalled(trial: Trial, event: e.SlotRecalled) -> None:
    """The newest goes first, so that the head of the list keeps the order of reservation (R15)."""
    slots = [subject.slot for subject in trial.subjects.values() if subject.slot is not None]
    recalled = next(slot for slot in slots if slot.slot_id == event.slot_id)
    assert recalled.undosed, "only an undosed reservation is recalled"
    rivals = [
        slot.number
        for slot in slots
        if slot.undosed and slot.phase == recalled.phase and slot.level_id == recalled.level_id
    ]
    assert recalled.number == max(rivals), "an older reservation was recalled before a newer one"
    assert event.order < min((0, *orders(trial, event.phase))), "not put at the head of the list"


def orders(trial: Trial, phase: int) -> list[int]:
    waiting = (subject.waiting for subject in trial.subjects.values())
    return [place.order for place in waiting if place is not None and place.phase == phase]


def check_phase_two(trial: Trial, site_id: str) -> None:
    """After a reservation: never over the number, never over the cap of the site."""
    reserved, dosed = phase_two(trial)
    taken = reserved + dosed + phase_two_counted(trial)
    assert taken <= trial.in_force.phase2.number, "Phase II is over its number"
    cap = trial.in_force.phase2.site_cap
    if cap is not None:
        here = [s.slot for s in trial.subjects.values() if s.site_id == site_id and s.slot]
        used = sum(slot.phase == 2 and slot.live for slot in here)
        assert used <= cap, f"{site_id} is over its cap"


def live_at(trial: Trial, site_id: str) -> int:
    slots = (s.slot for s in trial.subjects.values() if s.site_id == site_id)
    return sum(slot is not None and slot.undosed for slot in slots)


def check_state(trial: Trial) -> None:
    """After a decision: carried counts equal a recount, and nobody waits before a free place."""
    for level in trial.levels:
        carried = level.counts
        assert recount(trial, level.level_id) == (
            carried.evaluable,
            carried.dlts,
            carried.pending,
            carried.reserved,
        ), f"counts of {level.level_id}"
    reserved, dosed = phase_two(trial)
    assert (trial.phase2_counts.reserved, trial.phase2_counts.dosed) == (reserved, dosed)
    for site in trial.sites:
        assert trial.live_at_site.get(site, 0) == live_at(trial, site), f"live at {site}"
    assert trial.deaths_open == sum(s.death_open for s in trial.subjects.values())
    for phase in (1, 2):
        check_waitlist(trial, phase)
    if trial.open_level is not None:
        level = trial.levels[trial.open_level]
        n, _, pending, undosed = recount(trial, level.level_id)
        assert undosed == 0 or n + pending + undosed <= level.target, "nobody was recalled (R11)"


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


def check_waitlist(trial: Trial, phase: int) -> None:
    waiting = [s for s in trial.subjects.values() if s.waiting and s.waiting.phase == phase]
    orders = [s.waiting.order for s in waiting if s.waiting]
    assert len(set(orders)) == len(orders), "two subjects on one place of the waitlist"
    assert trial.waiting[phase - 1] == len(waiting)
    for subject in waiting:
        assert subject.waiting is not None
        ahead = sum(order < subject.waiting.order for order in orders)
        assert position_of(trial, subject.subject_id) == ahead + 1, f"{subject.subject_id}'s place"
    offered = {s.waiting.order for s in waiting if s.waiting and not s.waiting.passed_over}
    queues = [queue for (of, _), queue in trial.queues.items() if of == phase]
    assert {order for queue in queues for order in queue} == offered, "who may be offered a place"
    assert all(s.slot is None or not s.slot.live for s in waiting), "waits with a live slot"
    if phase == 1 and trial.open_level is not None and free_places(trial, trial.open_level):
        able = [s.subject_id for s in waiting if could_take(trial, s)]
        assert able == [], f"{able} wait before a free place"


def could_take(trial: Trial, subject: Subject) -> bool:
    """Not passed over, at a site that is open and below its limit."""
    if subject.waiting is None or subject.waiting.passed_over:
        return False
    if trial.sites.get(subject.site_id) != trial.in_force.version:
        return False
    limit = trial.in_force.assignment.max_live_reservations_per_site
    return limit is None or live_at(trial, subject.site_id) < limit
