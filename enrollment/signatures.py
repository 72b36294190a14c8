"""What every signature of a trial must be bound to, worked out from the trial as it was signed."""

from enrollment import events as e
from enrollment.canonical import canonical, digest
from enrollment.confirming import judged_digest
from enrollment.trial import Trial
from protocols.parse import parse_protocol

SignedEvent = (
    e.ProtocolAdopted
    | e.TrialActivated
    | e.AssignmentResumed
    | e.ReviewSigned
    | e.Rp2dDeclared
    | e.FindingSettled
    | e.EligibilityConfirmed
    | e.DeathAdjudicated
)


def signed_digest(trial: Trial, event: SignedEvent) -> str | None:
    """The digest that the signature must name; `trial` is the one before the event.

    None where there was nothing of the kind to sign. `ProtocolError` for a text that is none.
    """
    match event:
        case e.ProtocolAdopted(text=text):
            return parse_protocol(text).digest
        case e.TrialActivated() if trial.protocol is not None:
            start = trial.protocol.phase1.start_level
            return digest(canonical([trial.trial_id, trial.protocol.digest, start]))
        case e.AssignmentResumed(reason=reason):
            return digest(canonical([trial.trial_id, reason]))
        case e.ReviewSigned():
            return None if trial.review is None else trial.review.data_hash
        case e.Rp2dDeclared(level_id=level_id):
            return digest(canonical([trial.trial_id, level_id, trial.mtd]))
        case e.FindingSettled():
            return _finding(trial, event)
        case e.EligibilityConfirmed(subject_id=subject_id):
            subject = trial.subjects.get(subject_id)
            return None if subject is None else judged_digest(trial, subject)
        case e.DeathAdjudicated(subject_id=subject_id, finding=finding):
            subject = trial.subjects.get(subject_id)
            if subject is None or not subject.death_open:
                return None
            return digest(canonical([subject_id, str(subject.died_on), finding]))
        case _:
            return None


def _finding(trial: Trial, event: e.FindingSettled) -> str | None:
    """The inputs of the finding as it was judged last."""
    subject = trial.subjects.get(event.subject_id)
    for phase, criterion_id, inputs in () if subject is None else subject.reviews:
        if (phase, criterion_id) == (event.phase, event.criterion_id):
            return inputs
    return None
