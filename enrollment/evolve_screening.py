"""What consent, verdicts and signatures on them do to a subject that is screened."""

from eligibility.verdict import Settlement
from enrollment import events as e
from enrollment.copying import replace
from enrollment.evolve_slots import with_waiting
from enrollment.keeping import kept
from enrollment.trial import Subject, Trial


def consented(trial: Trial, event: e.ConsentRecorded) -> Trial:
    known = trial.subjects.get(event.subject_id) or Subject(event.subject_id, event.site_id)
    return with_subject(trial, replace(known, consented_on=event.consented_on))


def judged(trial: Trial, event: e.FormJudged) -> Trial:
    """The form is kept while it may be judged again: live, waiting or in need of a person."""
    known = trial.subjects.get(event.subject_id) or Subject(event.subject_id, event.site_id)
    form = known.form
    needed = known.waiting or (known.slot and known.slot.undosed) or event.reviews
    keep = needed or event.outcome == "eligible"
    if keep and event.form is not None:
        form = kept(event.form, len(trial.subjects))
    phase2_met = known.phase2_met if known.slot and known.slot.treated else 2 in event.met
    changed = replace(
        known,
        outcome=event.outcome,
        completed_on=event.completed_on,
        consented_on=event.consented_on or known.consented_on,
        form=form if keep else None,
        forms=known.forms + (event.form is not None),
        rescreens=known.rescreens + (event.why == "rescreened"),
        phase2_met=phase2_met,
        confirmed=None if event.form is not None else _still(known, event),
        reviews=event.reviews,
        withdrawn_on=None if event.why == "rescreened" else known.withdrawn_on,
    )
    trial = with_subject(trial, changed)
    if changed.waiting is not None and changed.waiting.passed_over and event.form is not None:
        return with_waiting(trial, changed, changed.waiting.phase, changed.waiting.order)
    return trial


def _still(known: Subject, event: e.FormJudged) -> str | None:
    """The confirmation of a form that was judged again: void under another outcome."""
    return known.confirmed if event.outcome == known.outcome else None


def confirmed(trial: Trial, event: e.EligibilityConfirmed) -> Trial:
    return with_subject(trial, replace(trial.subjects[event.subject_id], confirmed=event.signed.of))


def settled(trial: Trial, event: e.FindingSettled) -> Trial:
    """A signature; the subject may be offered a place again."""
    known = trial.subjects[event.subject_id]
    settlement = Settlement(event.criterion_id, event.phase, event.inputs)
    changed = replace(known, settlements=known.settlements | {settlement})
    trial = with_subject(trial, changed)
    if changed.waiting is not None and changed.waiting.passed_over:
        return with_waiting(trial, changed, changed.waiting.phase, changed.waiting.order)
    return trial


def with_subject(trial: Trial, subject: Subject) -> Trial:
    return replace(trial, subjects=trial.subjects.set(subject.subject_id, subject))
