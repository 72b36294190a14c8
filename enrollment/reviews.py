"""Signing the cohort review and the recommended Phase II dose (rules R6, R7, R22)."""

from typing import Final

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import SignReview, SignRp2d
from enrollment.escalation import recall
from enrollment.events import (
    Decision,
    LevelExpanded,
    LevelOpened,
    MtdDeclared,
    NoTolerableDoseDeclared,
    PhaseClosed,
    PhaseOpened,
    ReviewSigned,
    Rp2dDeclared,
)
from enrollment.moving import close_waitlist, move_to_phase2
from enrollment.places import counted_from_phase1
from enrollment.standing import Standing, standing, weakest_level
from enrollment.trial import Review, Trial
from enrollment.turn import Turn

FEWEST_AT_MTD: Final = 3
"""Evaluable subjects that an MTD needs, unless its design may end with fewer (decision 16)."""

CAUTION: dict[Decision, int] = {
    "no_tolerable_dose": 0,
    "mtd": 1,
    "de_escalate": 2,
    "stay": 3,
    "escalate": 4,
}
"""The caution order of R7, the most cautious first; within a kind, the lower level."""


def sign_review(turn: Turn, command: SignReview) -> Answer:
    """Checked in R7's order: role, review due, hash, bolder, reason."""
    kind, review = command.type, turn.trial.review
    if turn.actor.role != "reviewer":
        return turn.refused(kind, "review.role", "Only a reviewer signs the cohort review.")
    if review is None:
        return turn.refused(kind, "review.not_due", "No review is due.")
    if command.data_hash != review.data_hash:
        return turn.refused(
            kind, "review.data_changed", "The data changed since; read the review again."
        )
    if command.level_id is not None and command.level_id not in _ids(turn.trial):
        return turn.rejected(kind, "unknown_level", "The protocol has no such level.")
    asked = _rank(turn.trial, review, command.decision, command.level_id)
    due = _rank(turn.trial, review, review.recommendation, review.recommended_level_id)
    if asked > due:
        return turn.refused(
            kind, "review.bolder", f"Bolder than the recommendation: {_said(review)}."
        )
    if asked < due and command.reason is None:
        return turn.refused(kind, "review.reason", "A more cautious decision needs a reason.")
    impossible = _impossible(turn, review, command)
    if impossible is not None:
        return turn.refused(kind, "review.impossible", impossible)
    return _sign(turn, command, review)


def _ids(trial: Trial) -> frozenset[str]:
    return frozenset(level.level_id for level in trial.levels)


def _said(review: Review) -> str:
    level = review.recommended_level_id
    return review.recommendation if level is None else f"{review.recommendation} {level}"


def _rank(
    trial: Trial, review: Review, decision: Decision, level_id: str | None
) -> tuple[int, int]:
    """Places a decision in the caution order."""
    if decision == "no_tolerable_dose":
        return (CAUTION[decision], 0)
    named = review.level_id if decision == "stay" or level_id is None else level_id
    return (CAUTION[decision], trial.level_index(named))


def _impossible(turn: Turn, review: Review, command: SignReview) -> str | None:
    """What no signature can bring about, though it is cautious enough."""
    trial, asked = turn.trial, standing(turn.trial, turn.today)
    current = trial.level_index(review.level_id)
    if command.decision == "no_tolerable_dose":
        return None if command.level_id is None else "This decision names no level."
    if command.decision == "stay":
        if command.level_id not in (None, review.level_id):
            return f"Staying is at {review.level_id}."
        return None if review.recommendation == "stay" else _cannot_stay(asked, current)
    if command.level_id is None:
        return "The decision must name a level."
    index = trial.level_index(command.level_id)
    if command.decision == "mtd":
        return _no_mtd(asked, review, index, command.level_id)
    if asked.once_open(index).stopped(index):
        return f"{command.level_id} is exceeded."
    if command.decision == "de_escalate":
        recommended = (review.recommendation, review.recommended_level_id)
        if index >= current and recommended != ("de_escalate", command.level_id):
            return f"{command.level_id} is not below {review.level_id}."
    if command.decision == "escalate" and index != current + 1:
        return f"{command.level_id} is not the next level."
    return None


def _no_mtd(asked: Standing, review: Review, index: int, level_id: str) -> str | None:
    """An eliminated dose is none, nor one where too few were seen; what is recommended may be."""
    recommended = (review.recommendation, review.recommended_level_id) == ("mtd", level_id)
    if asked.stopped(index) and not recommended:
        return f"{level_id} is exceeded."
    fewest = min(FEWEST_AT_MTD, asked.design.fewest_at_mtd)
    if asked.levels[index].evaluable < fewest:
        return f"Fewer than {fewest} are evaluable at {level_id}."
    return None


def _cannot_stay(asked: Standing, current: int) -> str | None:
    target = asked.opening_target(current)
    if target > asked.levels[current].enrolled:
        return None
    return f"{_in_words(target)} are evaluable: staying opens no place."


def _in_words(number: int) -> str:
    return _WORDS[number] if number < len(_WORDS) else str(number)


_WORDS: Final = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def _sign(turn: Turn, command: SignReview, review: Review) -> Answer:
    """Counts the signature; the decision takes effect with the last one required."""
    level_id = review.level_id if command.decision == "stay" else command.level_id
    if any(signature.by == turn.actor.id for signature in review.signatures):
        return turn.refused(command.type, "review.signed_already", "You have signed already.")
    same = sum(
        signature.decision == command.decision and signature.level_id == level_id
        for signature in review.signatures
    )
    complete = same + 1 >= turn.protocol.phase1.signatures_required
    turn.record(
        ReviewSigned(
            decision=command.decision,
            level_id=level_id,
            reason=command.reason,
            signed=turn.signed(command.meaning, command.data_hash),
            complete=complete,
        )
    )
    if not complete:
        left = turn.protocol.phase1.signatures_required - same - 1
        return Answer(outcome="recorded", sentence=f"Signed; {left} more needed.")
    _take_effect(turn, command.decision, level_id, review.recommendation)
    return Answer(outcome="recorded", level_id=level_id, sentence=f"Signed: {command.decision}.")


def _take_effect(
    turn: Turn, decision: Decision, level_id: str | None, recommended: Decision
) -> None:
    match decision:
        case "no_tolerable_dose":
            _recall_all(turn)
            turn.record(NoTolerableDoseDeclared())
            turn.record(PhaseClosed(phase=1))
            sentence = "No tolerable dose was found; Phase II cannot open."
            close_waitlist(turn, "no_tolerable_dose", sentence)
        case "mtd":
            assert level_id is not None
            _recall_all(turn)
            turn.record(MtdDeclared(level_id=level_id))
            if turn.trial.phase1 == "open":
                turn.record(PhaseClosed(phase=1))
        case "stay":
            assert level_id is not None
            _stay(turn, level_id, reopens=recommended == "stay")
        case "escalate" | "de_escalate":
            assert level_id is not None
            open_level(turn, level_id)


def _stay(turn: Turn, level_id: str, *, reopens: bool) -> None:
    """A cohort more; or a stopped level goes on, with the places that its target still leaves."""
    trial = turn.trial
    index = trial.level_index(level_id)
    asked = standing(trial, turn.today)
    target = asked.opening_target(index)
    if not reopens:
        turn.record(LevelExpanded(level_id=level_id, target=target))
        return
    level = trial.levels[index]
    goes_on = asked.places > 0
    turn.record(
        LevelOpened(
            level_id=level_id,
            target=level.target if goes_on else target,
            stagger=level.stagger and goes_on,
            reopened=True,
        )
    )


def _recall_all(turn: Turn) -> None:
    """Phase I closes: places that somebody still holds there are taken back."""
    for level in reversed(turn.trial.levels):
        for subject_id in reversed(level.reservations):
            recall(turn, subject_id, "phase_closed", "Phase I is closed.")


def open_level(turn: Turn, level_id: str) -> None:
    """Opens or re-opens a level; data of a closed level are kept and count (R4, R10, R12)."""
    index = turn.trial.level_index(level_id)
    level, asked = turn.trial.levels[index], standing(turn.trial, turn.today)
    if turn.trial.phase1 == "closed":
        turn.record(PhaseOpened(phase=1, level_id=level_id))
    turn.record(
        LevelOpened(
            level_id=level_id,
            target=asked.opening_target(index),
            stagger=not level.opened and turn.protocol.phase1.stagger_days > 0,
            reopened=level.opened,
        )
    )


def sign_rp2d(turn: Turn, command: SignRp2d) -> Answer:
    """At or below the MTD, with enough evaluable subjects; opens Phase II (R22)."""
    kind, trial = command.type, turn.trial
    if turn.actor.role != "reviewer":
        return turn.refused(kind, "review.role", "Only a reviewer signs the RP2D.")
    if command.level_id not in _ids(trial):
        return turn.rejected(kind, "unknown_level", "The protocol has no such level.")
    if trial.mtd is None or trial.phase1 != "closed":
        return turn.refused(kind, "rp2d.no_mtd", "No MTD has been signed.")
    if trial.rp2d is not None:
        return turn.refused(kind, "rp2d.signed_already", f"The RP2D is {trial.rp2d}.")
    if trial.review is not None:
        return turn.refused(kind, "review_due", "A cohort review is due.")
    if weakest_level(trial, standing(trial, turn.today)) is not None:
        return turn.refused(kind, "level_stopped", "The MTD is in doubt: outcomes are open.")
    index = trial.level_index(command.level_id)
    if index > trial.level_index(trial.mtd):
        return turn.refused(kind, "rp2d.above_mtd", f"Above the MTD, {trial.mtd}.")
    needed = trial.in_force.phase1.rp2d_min_evaluable
    if trial.levels[index].counts.evaluable < needed:
        return turn.refused(kind, "rp2d.min_evaluable", f"Fewer than {needed} are evaluable there.")
    if index < trial.level_index(trial.mtd) and command.reason is None:
        return turn.refused(kind, "review.reason", "A dose below the MTD needs a reason.")
    of = digest(canonical([trial.trial_id, command.level_id, trial.mtd]))
    turn.record(
        Rp2dDeclared(
            level_id=command.level_id,
            reason=command.reason,
            signed=turn.signed(command.meaning, of),
        )
    )
    turn.record(
        PhaseOpened(phase=2, level_id=command.level_id, counted=counted_from_phase1(turn.trial))
    )
    move_to_phase2(turn)
    return Answer(outcome="recorded", level_id=command.level_id, sentence="Phase II is open.")
