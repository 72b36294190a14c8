"""What the events about the trial, its levels and its reviews do to its state."""

from functools import lru_cache
from typing import Any

from enrollment import events as e
from enrollment.copying import replace
from enrollment.evolve_slots import staggered_anew
from enrollment.trial import Level, Review, Signature, Trial
from protocols.model import Protocol
from protocols.parse import parse_protocol


@lru_cache(maxsize=64)
def protocol_of(text: str) -> Protocol:
    """The protocol that a text says; remembered, since the same text comes up again."""
    return parse_protocol(text)


def adopted(trial: Trial, event: e.ProtocolAdopted) -> Trial:
    """Levels that exist keep their data; new ones join in the order of the new protocol."""
    protocol = protocol_of(event.text)
    known = {level.level_id: level for level in trial.levels}
    open_id = None if trial.open_level is None else trial.levels[trial.open_level].level_id
    ids = tuple(level.level_id for level in protocol.phase1.levels)
    levels = tuple(known.get(level_id, Level(level_id)) for level_id in ids)
    return replace(
        trial,
        protocol=protocol,
        clock=event.clock,
        levels=levels,
        open_level=None if open_id is None else ids.index(open_id),
    )


def site_activated(trial: Trial, event: e.SiteActivated) -> Trial:
    return replace(trial, sites=trial.sites.set(event.site_id, event.protocol_version))


def activated(trial: Trial, event: e.TrialActivated) -> Trial:
    return replace(trial, activated=True, phase1="open")


def suspended(trial: Trial, event: e.AssignmentSuspended) -> Trial:
    return replace(trial, suspended=True)


def resumed(trial: Trial, event: e.AssignmentResumed) -> Trial:
    return replace(trial, suspended=False)


def level_opened(trial: Trial, event: e.LevelOpened) -> Trial:
    """Opens it and lifts its stop, and that of all it rests on.

    A level opened afresh takes one subject first, unless a corrected dose was given there (R12).
    One that is open and keeps its target goes on with the cohort that it had.
    """
    index = trial.level_index(event.level_id)
    trial = _signed_up_to(trial, index)
    if trial.open_level == index and trial.levels[index].target == event.target:
        return trial
    trial = _with_cohort(
        trial,
        event.level_id,
        event.target,
        opened=True,
        stagger=event.stagger,
        first_dose_on=None,
        first_dosed=None,
    )
    if event.stagger:
        trial = staggered_anew(trial, index)
    return replace(trial, phase1="open", open_level=index)


def level_expanded(trial: Trial, event: e.LevelExpanded) -> Trial:
    """By itself only where it is not stopped, and then no stop is lifted: not below it either (R9).

    What is stopped is expanded by a signature alone, which opens it and all that it rests on.
    """
    index = trial.level_index(event.level_id)
    if trial.levels[index].stopped:
        trial = _signed_up_to(trial, index)
    return _with_cohort(trial, event.level_id, event.target, stagger=False, first_dose_on=None)


def level_stopped(trial: Trial, event: e.LevelStopped) -> Trial:
    return _with_level(trial, event.level_id, stopped=True)


def review_due(trial: Trial, event: e.ReviewDue) -> Trial:
    review = Review(
        event.level_id,
        event.recommendation,
        event.recommended_level_id,
        event.data_hash,
        event.as_of,
    )
    return replace(trial, review=review)


def review_lapsed(trial: Trial, event: e.ReviewLapsed) -> Trial:
    return replace(trial, review=None)


def review_signed(trial: Trial, event: e.ReviewSigned) -> Trial:
    """Collects signatures; the complete review is over, what it decided follows as events."""
    assert trial.review is not None
    if event.complete:
        return replace(trial, review=None)
    signature = Signature(event.signed.by, event.decision, event.level_id)
    signatures = (*trial.review.signatures, signature)
    return replace(trial, review=replace(trial.review, signatures=signatures))


def mtd_declared(trial: Trial, event: e.MtdDeclared) -> Trial:
    return replace(trial, mtd=event.level_id, rp2d=None)


def no_tolerable_dose(trial: Trial, event: e.NoTolerableDoseDeclared) -> Trial:
    return replace(trial, no_tolerable_dose=True, mtd=None, rp2d=None)


def rp2d_declared(trial: Trial, event: e.Rp2dDeclared) -> Trial:
    return replace(trial, rp2d=event.level_id)


def phase_closed(trial: Trial, event: e.PhaseClosed) -> Trial:
    if event.phase == 1:
        return replace(trial, phase1="closed", open_level=None)
    return replace(trial, phase2="closed")


def phase_opened(trial: Trial, event: e.PhaseOpened) -> Trial:
    """Phase I re-opened after an MTD takes the MTD and the RP2D back."""
    if event.phase == 1:
        return replace(trial, phase1="open", mtd=None, rp2d=None)
    return replace(trial, phase2="open")


def phase_stopped(trial: Trial, event: e.PhaseStopped) -> Trial:
    return replace(trial, phase2="stopped")


def _signed_up_to(trial: Trial, index: int) -> Trial:
    """No level up to this one is stopped any more."""
    if not any(level.stopped for level in trial.levels[: index + 1]):
        return trial
    lifted = (replace(level, stopped=False) for level in trial.levels[: index + 1])
    return replace(trial, levels=(*lifted, *trial.levels[index + 1 :]))


def _with_cohort(trial: Trial, level_id: str, target: int, **changes: Any) -> Trial:
    """A cohort begins at the level: what was there before is remembered."""
    counts = trial.levels[trial.level_index(level_id)].counts
    return _with_level(
        trial,
        level_id,
        target=target,
        evaluable_before=counts.evaluable,
        dlts_before=counts.dlts,
        **changes,
    )


def _with_level(trial: Trial, level_id: str, **changes: Any) -> Trial:
    index = trial.level_index(level_id)
    level = replace(trial.levels[index], **changes)
    return replace(trial, levels=(*trial.levels[:index], level, *trial.levels[index + 1 :]))
