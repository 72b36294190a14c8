"""A signed decision of the coordinating centre on a finding that needs a person (R18, R20)."""

from enrollment import judging
from enrollment.answer import Answer
from enrollment.commands import Phase, SettleFinding
from enrollment.events import FindingSettled
from enrollment.live_slot import follow_verdict, judge_live_slot
from enrollment.places import accruing_phase
from enrollment.screening import place
from enrollment.trial import Subject
from enrollment.turn import Turn


def settle_finding(turn: Turn, command: SettleFinding) -> Answer:
    """Settles a *review*, never a *fail*; void once its inputs change."""
    kind = command.type
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(kind, "unknown_subject", "No such subject.")
    if not turn.by_centre:
        return turn.refused(
            kind,
            "role",
            "The coordinating centre settles a finding.",
            subject_id=subject.subject_id,
        )
    for phase, criterion_id, inputs in subject.reviews:
        if (phase, criterion_id) == (command.phase, command.criterion_id):
            return _settle(turn, subject, command, inputs)
    return turn.refused(
        kind,
        "fail_cannot_be_settled",
        f"{command.criterion_id} is no finding in review: only a review can be settled.",
        subject_id=subject.subject_id,
    )


def _settle(turn: Turn, subject: Subject, command: SettleFinding, inputs: str) -> Answer:
    turn.record(
        FindingSettled(
            subject_id=subject.subject_id,
            phase=command.phase,
            criterion_id=command.criterion_id,
            inputs=inputs,
            reason=command.reason,
            signed=turn.signed(command.meaning, inputs),
        )
    )
    subject = turn.trial.subjects[subject.subject_id]
    form = judging.kept_form(subject)
    if subject.slot is not None and subject.slot.undosed and subject.slot.state != "held":
        verdict, phase = judge_live_slot(turn, subject, form)
        turn.record(judging.form_judged(form, verdict, phase, "judged_again"))
        return follow_verdict(turn, subject.subject_id, phase, verdict)
    verdict = judging.judge_on_arrival(
        judging.parsed(form), turn.protocol, turn.now, subject.settlements
    )
    phase = _concerned(turn, subject)
    turn.record(judging.form_judged(form, verdict, phase, "judged_again"))
    return place(turn, subject.subject_id, phase, verdict)


def _concerned(turn: Turn, subject: Subject) -> Phase:
    """The phase that the subject waits for, else the one that takes subjects now."""
    if subject.waiting is not None:
        return 1 if subject.waiting.phase == 1 else 2
    return accruing_phase(turn.trial)
