"""What waits for a person of the centre, the most urgent first; it is read, never decided here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from enrollment.trial import Review, Trial
from services.pages.words import recommendation_words


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a person must do. `kind`: bad, warn or info, for the eye only."""

    kind: str
    what: str
    sentence: str
    href: str


def needs(trial: Trial, today: date) -> tuple[Need, ...]:
    """In the order in which they should be looked at."""
    return (*_of_trial(trial), *_of_subjects(trial, today))


def _of_trial(trial: Trial) -> Iterator[Need]:
    root = f"/trials/{trial.trial_id}"
    for subject_id in sorted(s.subject_id for s in trial.subjects.values() if s.death_open):
        sentence = f"{subject_id} died in the DLT window: related or not must be signed."
        yield Need("bad", "Death to adjudicate", sentence, f"{root}/subjects/{subject_id}")
    if trial.review is not None:
        signed = len(trial.review.signatures)
        needed = trial.in_force.phase1.signatures_required
        sentence = (
            f"{_asked(trial, trial.review)} Signatures: {signed} of {needed}. "
            "Nobody gets a place until it is signed."
        )
        yield Need("bad", "Cohort review due", sentence, f"{root}/decisions")
    if trial.mtd is not None and trial.rp2d is None and trial.review is None:
        sentence = f"The MTD is {trial.mtd}. Phase II opens with the signed RP2D."
        yield Need("warn", "RP2D to sign", sentence, f"{root}/decisions")
    if trial.suspended and not trial.deaths_open:
        sentence = "Nobody gets a place until the resumption is signed."
        yield Need("warn", "Assignment suspended", sentence, f"{root}/decisions")
    if not trial.activated:
        sentence = "No place is given before the trial is activated by signature."
        yield Need("warn", "Trial not activated", sentence, f"{root}/decisions")


def _asked(trial: Trial, review: Review) -> str:
    """What the review is about, in one sentence or two."""
    if review.recommendation == "stay":
        return f"{review.level_id} was stopped; its counts would let it go on. Re-open it?"
    asked = recommendation_words(review.recommendation, review.recommended_level_id)
    if review.recommendation == "mtd" and trial.rp2d is not None:
        return f"Phase II was stopped; the counts would allow it again. Sign again: {asked}?"
    return f"At {review.level_id} the design recommends: {asked}."


def _of_subjects(trial: Trial, today: date) -> Iterator[Need]:
    root = f"/trials/{trial.trial_id}/subjects"
    for subject_id in sorted(trial.subjects):
        subject = trial.subjects[subject_id]
        slot = subject.slot
        if slot is not None and slot.state == "dosed":
            ends = slot.window_ends_on
            if ends is not None and ends <= today:
                days = (today - ends).days
                late = "today" if days == 0 else f"{days} days ago"
                sentence = f"{subject_id} at {slot.level_id}: the DLT window ended {late}."
                yield Need("warn", "Outcome to confirm", sentence, f"{root}/{subject_id}")
        if slot is not None and slot.undosed and slot.flagged:
            criteria = ", ".join(slot.flagged)
            sentence = f"{subject_id} holds a place and no longer meets {criteria}."
            yield Need("warn", "Flagged place", sentence, f"{root}/{subject_id}")
        if subject.outcome == "needs_review" and subject.reviews:
            criteria = ", ".join(sorted({criterion for _, criterion, _ in subject.reviews}))
            sentence = f"{subject_id}: a person must decide on {criteria}."
            yield Need("info", "Finding to settle", sentence, f"{root}/{subject_id}")
