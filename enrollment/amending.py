"""What another protocol version would say of those who wait, before anybody adopts it."""

from dataclasses import dataclass
from datetime import date

from eligibility.verdict import Verdict
from enrollment import judging
from enrollment.commands import Phase
from enrollment.trial import Trial
from enrollment.waitlist import in_order
from protocols.model import Protocol


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """One who waits and would be judged otherwise; `criteria` are those that stand in the way."""

    subject_id: str
    phase: Phase
    now: str
    then: str
    criteria: tuple[str, ...]


def changed_verdicts(trial: Trial, protocol: Protocol, today: date) -> tuple[ChangedVerdict, ...]:
    """Everybody who waits whose outcome differs, both taken today, in the order of the list.

    Who was held on consent alone has no form to judge and is left out.
    """
    found = []
    phases: tuple[Phase, ...] = (1, 2)
    for phase in phases:
        for subject_id in in_order(trial, phase):
            if trial.subjects[subject_id].form is None:
                continue
            now = _judged(trial, trial.in_force, subject_id, today)
            then = _judged(trial, protocol, subject_id, today)
            before, after = now.outcome(phase), then.outcome(phase)
            if before != after:
                against = then.fails(phase) + then.unknowns(phase) + then.reviews(phase)
                found.append(ChangedVerdict(subject_id, phase, before.value, after.value, against))
    return tuple(found)


def _judged(trial: Trial, protocol: Protocol, subject_id: str, today: date) -> Verdict:
    subject = trial.subjects[subject_id]
    form = judging.parsed(judging.kept_form(subject))
    return judging.judge_on_promotion(form, protocol, today, None, subject.settlements)
