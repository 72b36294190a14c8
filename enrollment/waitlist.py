"""The waitlist: who comes next, offering a place, leaving the list (rules R15, R21)."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from cohorts.slots import Slot
from enrollment import judging
from enrollment.events import (
    EnrollmentRefused,
    LeaveReason,
    LeftWaitlist,
    PassedOver,
    SlotHeld,
    SlotReserved,
)
from enrollment.places import (
    Phase,
    Place,
    expiry,
    next_place,
    open_level,
    phase_barrier,
    site_barrier,
    stagger_date,
)
from enrollment.trial import NO_NUMBERS, Trial
from enrollment.turn import Turn


def promote(turn: Turn) -> None:
    """Offers every free place, in order, until none is free or nobody could take it."""
    phases: tuple[Phase, ...] = (1, 2)
    for phase in phases:
        while (subject_id := next_in_line(turn.trial, phase, turn.today)) is not None:
            _offer(turn, subject_id, phase)


def next_in_line(trial: Trial, phase: Phase, today: date) -> str | None:
    """The subject that a free place is offered to, or none."""
    if trial.waiting[phase - 1] == trial.passed_over[phase - 1]:
        return None
    if phase_barrier(trial, phase, today) is not None:
        return None
    heads = {
        site: head
        for site in trial.in_force.site_ids
        if (head := _head(trial, phase, site)) is not None
        and site_barrier(trial, phase, site) is None
    }
    if not heads:
        return None
    if trial.in_force.assignment.waitlist_order == "round_robin":
        return next(heads[site][1] for site in site_turns(trial) if site in heads)
    return min(heads.values())[1]


def site_turns(trial: Trial) -> tuple[str, ...]:
    """Sites in protocol order, starting after the site of the last reservation (R15)."""
    sites = trial.in_force.site_ids
    if trial.last_reserved_site not in sites:
        return sites
    after = sites.index(trial.last_reserved_site) + 1
    return (*sites[after:], *sites[:after])


def _head(trial: Trial, phase: int, site: str) -> tuple[int, str] | None:
    first = trial.queues.get((phase, site), NO_NUMBERS).first()
    return None if first is None else (first, trial.by_order[first])


def in_order(trial: Trial, phase: int) -> Iterator[str]:
    """Everybody who waits for a phase, those passed over included."""
    return (trial.by_order[order] for order in trial.listed[phase - 1])


def position_of(trial: Trial, subject_id: str) -> int:
    """The place on the list of the subject's phase, from 1."""
    waiting = trial.subjects[subject_id].waiting
    assert waiting is not None, f"{subject_id} does not wait"
    return 1 + trial.listed[waiting.phase - 1].below(waiting.order)


def _offer(turn: Turn, subject_id: str, phase: Phase) -> None:
    """Judges again for today; eligible takes the place, anything else is passed over."""
    subject = turn.trial.subjects[subject_id]
    if subject.form is None:
        _offer_without_form(turn, subject_id, phase)
        return
    form = judging.kept_form(subject)
    not_before = next_place(turn.trial, phase, turn.today).not_before
    verdict = judging.judge_on_promotion(
        judging.parsed(form), turn.protocol, turn.today, not_before, subject.settlements
    )
    turn.record(judging.form_judged(form, verdict, phase, "judged_again"))
    if verdict.outcome(phase) == "eligible":
        reserve(turn, subject_id, phase, from_waitlist=True)
        return
    finding = next(f for f in verdict.findings_for(phase) if f.answer != "pass")
    turn.record(
        PassedOver(
            subject_id=subject_id,
            site_id=subject.site_id,
            phase=phase,
            rule=finding.criterion_id,
            sentence=finding.because,
            missing=verdict.missing(phase),
        )
    )


def _offer_without_form(turn: Turn, subject_id: str, phase: Phase) -> None:
    """A held place was recalled before any form came (R23): it is held again."""
    if turn.protocol.assignment.reserve_on == "consented":
        hold(turn, subject_id, phase)
        return
    turn.record(
        PassedOver(
            subject_id=subject_id,
            site_id=turn.trial.subjects[subject_id].site_id,
            phase=phase,
            rule="eligibility",
            sentence="No form has been received.",
        )
    )


def hold(turn: Turn, subject_id: str, phase: Phase) -> None:
    """Holds a place before the verdict; whoever calls has seen that one is free (R23)."""
    trial = turn.trial
    place = next_place(trial, phase, turn.today)
    turn.record(
        SlotHeld(
            subject_id=subject_id,
            site_id=trial.subjects[subject_id].site_id,
            slot_id=next_slot_id(trial, phase),
            phase=phase,
            level_id=place.level_id,
            held_at=turn.now,
            expires_at=expiry(trial, place.not_before, turn.now),
            dose_not_before=place.not_before,
            backfill=place.backfill,
            counted=place.counted,
        )
    )


def reserve(
    turn: Turn,
    subject_id: str,
    phase: Phase,
    *,
    from_waitlist: bool = False,
    from_held: bool = False,
) -> None:
    """Makes the reservation; whoever calls has seen that a place is free."""
    trial = turn.trial
    subject = trial.subjects[subject_id]
    if from_held:
        assert subject.slot is not None
        slot_id, place = subject.slot.slot_id, _kept_place(trial, subject.slot)
    else:
        assert phase_barrier(trial, phase, turn.today) is None, "a place must be free"
        slot_id, place = next_slot_id(trial, phase), next_place(trial, phase, turn.today)
    turn.record(
        SlotReserved(
            subject_id=subject_id,
            site_id=subject.site_id,
            slot_id=slot_id,
            phase=phase,
            level_id=place.level_id,
            reserved_at=turn.now,
            expires_at=expiry(trial, place.not_before, turn.now),
            dose_not_before=place.not_before,
            from_waitlist=from_waitlist,
            from_held=from_held,
            backfill=place.backfill,
            counted=place.counted,
        )
    )


def _kept_place(trial: Trial, slot: Slot) -> Place:
    """A held place that becomes reserved: at its level, staggered as the open level is (R23)."""
    if slot.phase == 2 or slot.backfill:
        return Place(slot.level_id, backfill=slot.backfill, counted=slot.counted)
    return Place(slot.level_id, stagger_date(trial, open_level(trial)))


def next_slot_id(trial: Trial, phase: Phase) -> str:
    """Slots are numbered over the whole trial; the prefix says the phase."""
    return f"{'I' * phase}-{trial.slots + 1:04d}"


def leave(turn: Turn, subject_id: str, reason: LeaveReason, rule: str, sentence: str) -> None:
    """Takes a subject off the waitlist and says why; nothing when it is not on it."""
    subject = turn.trial.subjects[subject_id]
    if subject.waiting is None:
        return
    phase: Literal[1, 2] = 1 if subject.waiting.phase == 1 else 2
    turn.record(
        LeftWaitlist(
            subject_id=subject_id,
            site_id=subject.site_id,
            phase=phase,
            reason=reason,
            rule=rule,
            sentence=sentence,
        )
    )


def refuse_the_hopeless(turn: Turn) -> None:
    """Whoever could wait for ever in Phase II is refused and leaves the list (R21)."""
    for subject_id in list(in_order(turn.trial, 2)):
        site_id = turn.trial.subjects[subject_id].site_id
        found = phase_barrier(turn.trial, 2, turn.today)
        if found is None or not found.for_good:
            found = site_barrier(turn.trial, 2, site_id)
        if found is None or not found.for_good:
            continue
        turn.record(
            EnrollmentRefused(
                subject_id=subject_id,
                site_id=site_id,
                phase=2,
                rule=found.rule,
                sentence=found.sentence,
                earliest=None,
            )
        )
        leave(turn, subject_id, "closed", found.rule, found.sentence)
