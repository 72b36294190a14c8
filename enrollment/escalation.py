"""What the counts ask for after every event: stops, recalls, expansion, the review (R4-R11)."""

from cohorts.designs.three_plus_three import (
    LevelCounts,
    Recommendation,
    exceeded,
    recommend,
)
from enrollment.canonical import canonical, digest
from enrollment.events import (
    Decision,
    LevelExpanded,
    LevelStopped,
    PhaseStopped,
    ReviewDue,
    ReviewLapsed,
    SlotRecalled,
)
from enrollment.evolve_slots import live_reservations
from enrollment.places import counted_from_phase1, counts_of
from enrollment.trial import Trial
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import refuse_the_hopeless


def reconsider(turn: Turn) -> None:
    """Brings stops, recalls and the review in line with the counts; caution acts at once (R9)."""
    if not turn.trial.activated:
        return
    _stop_exceeded_levels(turn)
    weak = weakest_level(turn.trial)
    if weak is not None:
        _recall_from(turn, weak)
    _recall_surplus(turn)
    due = recommendation(turn.trial)
    if due is not None and due.kind == "expand":
        assert due.level is not None
        turn.record(LevelExpanded(level_id=turn.trial.levels[due.level].level_id, target=6))
        due = None
    _keep_review(turn, due)


def supports(counts: LevelCounts) -> bool:
    """These counts allow what rests on them: a higher level, an MTD, Phase II (R10)."""
    if counts.evaluable >= 6:
        return counts.dlts <= 1
    return counts.evaluable >= 3 and counts.dlts == 0


def weakest_level(trial: Trial) -> int | None:
    """The lowest opened level whose counts no longer allow what is open, or none.

    In Phase I every level below the open one must support it, and the open one not be exceeded; a
    declared MTD must be supported by its own counts too.
    """
    if trial.phase1 == "open":
        assert trial.open_level is not None
        top, below = trial.open_level, trial.open_level
    elif trial.mtd is not None:
        top = trial.level_index(trial.mtd)
        below = top + 1
    else:
        return None
    for index in range(below):
        if trial.levels[index].opened and not supports(trial.levels[index].counts):
            return index
    return top if exceeded(counts_of(trial), top) else None


def recommendation(trial: Trial) -> Recommendation | None:
    """What the design asks for now, at the open level or at the MTD that no longer holds."""
    variant = trial.in_force.phase1.variant
    counts = counts_of(trial)
    weak = weakest_level(trial)
    if trial.phase1 == "open":
        assert trial.open_level is not None
        level = trial.levels[trial.open_level]
        if weak is None or exceeded(counts, trial.open_level):
            return recommend(variant, counts, trial.open_level, level.target)
    elif weak is None:
        return None
    else:
        assert trial.mtd is not None
        top = trial.level_index(trial.mtd)
        if exceeded(counts, top):
            return recommend(variant, counts, top)
    return Recommendation("de_escalate", weak)


def _stop_exceeded_levels(turn: Turn) -> None:
    for index, level in enumerate(turn.trial.levels):
        if level.opened and not level.stopped and exceeded(counts_of(turn.trial), index):
            turn.record(LevelStopped(level_id=level.level_id))


def _recall_from(turn: Turn, weak: int) -> None:
    """Recalls what rests on a weak level: reservations there and above, and all of Phase II."""
    sentence = f"Counts at {turn.trial.levels[weak].level_id} no longer allow it."
    for level in reversed(turn.trial.levels[weak:]):
        for subject_id in reversed(level.reservations):
            recall(turn, subject_id, "level_stopped", sentence)
    if turn.trial.phase2 == "open":
        for subject_id in reversed(live_reservations(turn.trial, 2)):
            recall(turn, subject_id, "level_stopped", sentence)
        turn.record(PhaseStopped(phase=2))


def _recall_surplus(turn: Turn) -> None:
    """Facts may overfill: the newest undosed reservations go until the target holds (R11)."""
    for index in range(len(turn.trial.levels)):
        level = turn.trial.levels[index]
        while level.reservations and _taken(level.counts) > level.target:
            sentence = f"Facts fill the {level.target} places at {level.level_id}."
            recall(turn, level.reservations[-1], "full", sentence)
            level = turn.trial.levels[index]
    number = turn.protocol.phase2.number
    while turn.trial.phase2_counts.reserved and _taken_in_phase2(turn.trial) > number:
        newest = live_reservations(turn.trial, 2)[-1]
        recall(turn, newest, "full", f"Facts fill the {number} places of Phase II.")
        if not turn.trial.phase2_counts.reserved and turn.trial.phase2 == "open":
            refuse_the_hopeless(turn)


def _taken(counts: LevelCounts) -> int:
    return counts.evaluable + counts.pending + counts.reserved


def _taken_in_phase2(trial: Trial) -> int:
    counts = trial.phase2_counts
    return counts.reserved + counts.dosed + counted_from_phase1(trial)


def recall(turn: Turn, subject_id: str, rule: str, sentence: str) -> None:
    """Takes a reservation back; the subject waits at the head of its list."""
    subject = turn.trial.subjects[subject_id]
    slot = subject.slot
    assert slot is not None
    assert slot.undosed
    turn.record(
        SlotRecalled(
            **of_slot(subject),
            order=turn.trial.orders[0] - 1,
            rule=rule,
            sentence=sentence,
        )
    )


def _keep_review(turn: Turn, due: Recommendation | None) -> None:
    """The review that is due, bound to the data as they are now; or none (R7)."""
    review = turn.trial.review
    if due is None:
        if review is not None:
            turn.record(ReviewLapsed(level_id=review.level_id))
        return
    current = _current_level(turn.trial)
    level = turn.trial.levels[current]
    target = None if due.level is None else turn.trial.levels[due.level].level_id
    assert due.kind != "expand"
    kind: Decision = due.kind
    data_hash = hash_of_data(turn.trial, kind, target)
    if review is not None and review.data_hash == data_hash:
        return
    turn.record(
        ReviewDue(
            level_id=level.level_id,
            evaluable=level.counts.evaluable,
            dlts=level.counts.dlts,
            recommendation=kind,
            recommended_level_id=target,
            data_hash=data_hash,
        )
    )


def _current_level(trial: Trial) -> int:
    if trial.open_level is not None:
        return trial.open_level
    assert trial.mtd is not None
    return trial.level_index(trial.mtd)


def hash_of_data(trial: Trial, kind: Decision, level_id: str | None) -> str:
    """Binds a signature to what it rests on: every dosed subject of every level, and the advice."""
    levels = [
        [level.level_id, level.target, [_history(trial, who) for who in level.dosed]]
        for level in trial.levels
    ]
    return digest(canonical([trial.trial_id, levels, kind, level_id]))


def _history(trial: Trial, subject_id: str) -> list[str | int | None]:
    slot = trial.subjects[subject_id].slot
    assert slot is not None
    dates = (slot.dosed_on, slot.window_ends_on, slot.dlt_onset_on)
    return [
        subject_id,
        slot.state,
        *(None if on is None else on.isoformat() for on in dates),
        slot.toxicities,
    ]
