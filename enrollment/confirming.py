"""An investigator's signature that a subject is eligible, where the protocol asks for it."""

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import ConfirmEligibility, Phase
from enrollment.events import EligibilityConfirmed
from enrollment.keeping import plain
from enrollment.trial import Subject, Trial
from enrollment.turn import Turn


def asked_for(trial: Trial, subject: Subject) -> bool:
    """The protocol asks for a signature on this subject's verdict, and none stands."""
    asked = trial.in_force.assignment.confirm_eligibility
    return asked and not confirmed(trial, subject)


def confirmed(trial: Trial, subject: Subject) -> bool:
    """A signature stands on the form, the verdict and the protocol as they are now."""
    return subject.confirmed is not None and subject.confirmed == judged_digest(trial, subject)


def judged_digest(trial: Trial, subject: Subject) -> str | None:
    """What a confirmation is bound to: the form, the outcome for a phase, the protocol in force.

    None where there is nothing to confirm: only who is eligible and waits or holds a place is.
    """
    phase = _phase(subject)
    if phase is None or subject.form is None or subject.outcome != "eligible":
        return None
    judged = [digest(plain(subject.form)), subject.outcome, phase, trial.in_force.digest]
    return digest(canonical([trial.trial_id, subject.subject_id, *judged]))


def _phase(subject: Subject) -> Phase | None:
    """The phase that the verdict was taken for."""
    if subject.slot is not None and subject.slot.undosed:
        return 1 if subject.slot.phase == 1 else 2
    if subject.waiting is not None:
        return 1 if subject.waiting.phase == 1 else 2
    return None


def confirm_eligibility(turn: Turn, command: ConfirmEligibility) -> Answer:
    """Signed by an investigator of the site, on the verdict that stands."""
    subject = turn.trial.subjects.get(command.subject_id)
    if subject is None:
        return turn.rejected(command.type, "unknown_subject", "No such subject.")
    if not turn.protocol.assignment.confirm_eligibility:
        sentence = "This protocol asks for no such signature."
        return turn.rejected(command.type, "eligibility.not_asked", sentence)
    judged, phase = judged_digest(turn.trial, subject), _phase(subject)
    refused = _against(turn, command, subject, judged)
    if refused is not None:
        return refused
    assert judged is not None
    assert phase is not None
    turn.record(
        EligibilityConfirmed(
            subject_id=subject.subject_id,
            site_id=subject.site_id,
            phase=phase,
            signed=turn.signed(command.meaning, judged),
        )
    )
    return Answer(
        outcome="recorded",
        subject_id=subject.subject_id,
        phase=phase,
        sentence="Eligibility is confirmed.",
    )


def _against(
    turn: Turn, command: ConfirmEligibility, subject: Subject, judged: str | None
) -> Answer | None:
    """What speaks against the signature, if anything does."""
    kind, who = command.type, subject.subject_id
    if turn.actor.role != "investigator":
        sentence = "An investigator of the site confirms eligibility."
        return turn.refused(kind, "role", sentence, subject_id=who)
    if judged is None:
        sentence = "Nobody eligible waits or holds a place under this id."
        return turn.refused(kind, "eligibility.not_met", sentence, subject_id=who)
    if command.judged != judged:
        sentence = "The form or its verdict changed since it was read."
        return turn.refused(kind, "eligibility.changed", sentence, subject_id=who)
    if subject.confirmed == judged:
        sentence = "Eligibility is confirmed already."
        return turn.refused(kind, "eligibility.confirmed", sentence, subject_id=who)
    return None
