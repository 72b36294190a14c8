"""A live reservation meets a new form or a signed decision: flagged, or its flag lifted."""

from collections.abc import Mapping
from typing import Any

from cohorts.slots import Slot
from eligibility.verdict import Verdict
from enrollment import judging
from enrollment.answer import NOT_ELIGIBLE, Answer, Outcome
from enrollment.commands import Phase
from enrollment.events import FlagLifted, SlotFlagged
from enrollment.trial import Subject
from enrollment.turn import Turn, of_slot


def amend_live_slot(turn: Turn, subject: Subject, form: Mapping[str, Any]) -> Answer:
    """Judges the amended form for the slot's dates; the slot is flagged, never taken away."""
    verdict, phase = judge_live_slot(turn, subject, form)
    turn.record(judging.form_judged(form, verdict, phase, "amended"))
    return follow_verdict(turn, subject.subject_id, phase, verdict)


def judge_live_slot(turn: Turn, subject: Subject, form: Mapping[str, Any]) -> tuple[Verdict, Phase]:
    """Enrolled on the day of the reservation, dosed as planned."""
    slot = subject.slot
    assert slot is not None
    assert slot.undosed
    model = judging.parsed(form)
    verdict = judging.judge_for_dosing(
        model,
        turn.protocol,
        turn.protocol.local_date(slot.reserved_at),
        model.planned_first_dose_on,
        subject.settlements,
    )
    return verdict, 1 if slot.phase == 1 else 2


def follow_verdict(turn: Turn, subject_id: str, phase: Phase, verdict: Verdict) -> Answer:
    """Flags the slot with every criterion that does not pass, or lifts the flag."""
    subject = turn.trial.subjects[subject_id]
    slot = subject.slot
    assert slot is not None
    open_ids = tuple(
        finding.criterion_id for finding in verdict.findings_for(phase) if finding.answer != "pass"
    )
    if open_ids and open_ids != slot.flagged:
        turn.record(SlotFlagged(**of_slot(subject), criteria=open_ids))
    elif not open_ids and slot.flagged:
        turn.record(
            FlagLifted(
                **of_slot(subject),
            )
        )
    outcome = verdict.outcome(phase)
    if outcome == "eligible":
        return of_held_slot(subject_id, slot, "slot_reserved")
    finding = next(f for f in verdict.findings_for(phase) if f.criterion_id == open_ids[0])
    answer = of_held_slot(subject_id, slot, NOT_ELIGIBLE[outcome])
    told = {"rule": open_ids[0], "sentence": finding.because, "missing": verdict.missing(phase)}
    return answer.model_copy(update=told)


def of_held_slot(subject_id: str, slot: Slot, outcome: Outcome) -> Answer:
    """Where and until when somebody has a place."""
    return Answer(
        outcome=outcome,
        subject_id=subject_id,
        phase=slot.phase,
        level_id=slot.level_id,
        slot_id=slot.slot_id,
        expires_at=slot.expires_at,
        dose_not_before=slot.dose_not_before,
    )
