"""What the counts ask for after every event: stops, recalls, expansion, the review (R4-R11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cohorts.designs.design import Limits, Recommendation
from enrollment.backfill import in_all, most_at
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
from enrollment.places import counted_from_phase1
from enrollment.standing import (
    Standing,
    current_level,
    is_stopped,
    standing_at,
    target_of,
    weakest_level,
)
from enrollment.trial import Level, Review, Trial
from enrollment.turn import Turn, of_slot
from enrollment.waitlist import refuse_the_hopeless


@dataclass(frozen=True, slots=True)
class Due:
    """What a signature is due for; `level` is an index into the levels."""

    kind: Decision
    level: int | None


def reconsider(turn: Turn) -> None:
    """Brings stops, recalls and the review in line with the counts; caution acts at once (R9)."""
    if not turn.trial.activated:
        return
    asked, weak = _with_caution(turn)
    advice = recommendation(turn.trial, asked, weak)
    due = due_for(turn.trial, asked, weak, advice)
    if due is None and weak is None and advice is not None and advice.kind == "expand":
        _expand(turn, advice)
    _keep_review(turn, due)


def _with_caution(turn: Turn) -> tuple[Standing, int | None]:
    """Stops and recalls until nothing is left to: a level may stop for want of who was recalled."""
    while True:
        asked, events = standing_at(turn.trial, turn.now), len(turn.events)
        _stop_levels(turn, asked)
        weak = weakest_level(turn.trial, asked)
        if weak is not None:
            _stop_the_open(turn)
            _recall_from(turn, weak)
        _recall_at_the_stopped(turn)
        _recall_above_the_open(turn)
        _recall_surplus(turn)
        if len(turn.events) == events:
            return asked, weak


def recommendation(trial: Trial, asked: Standing, weak: int | None) -> Recommendation | None:
    """What the design asks for now, at the open level or at the MTD that no longer holds."""
    if trial.phase1 == "open":
        if weak is None or asked.stopped(asked.current):
            return _that_may_open(asked, asked.recommendation)
    elif weak is None:
        return None
    elif asked.stopped(asked.current):
        advice = asked.recommendation
        if advice is not None and advice.kind != "expand":
            return _that_may_open(asked, advice)
    return _back_to(asked, weak)


def _that_may_open(asked: Standing, advice: Recommendation | None) -> Recommendation | None:
    """Down to a level that would be stopped at once goes on down: nobody could sign it.

    A model may have counted for it those who were still to come to the open level.
    """
    if advice is None or advice.kind != "de_escalate" or advice.level is None:
        return advice
    return _back_to(asked, advice.level)


def _back_to(asked: Standing, weak: int) -> Recommendation | None:
    """The level in doubt is opened again, or the next one below that may be; else as it ends there.

    None where open outcomes may still save the lowest level: nobody enters meanwhile.
    """
    for level in range(weak, -1, -1):
        if not asked.once_open(level).stopped(level):
            return Recommendation("de_escalate", level)
    return Standing(asked.design, asked.levels, weak).recommendation


def due_for(
    trial: Trial, asked: Standing, weak: int | None, advice: Recommendation | None
) -> Due | None:
    """What must be signed now: the advice, or that what was stopped may go on (R9, R10)."""
    if advice is not None and advice.kind != "expand":
        return Due(advice.kind, advice.level)
    if weak is not None:
        return None
    if is_stopped(trial):
        return Due("stay", asked.current) if _may_go_on(asked, advice) else None
    in_doubt = trial.phase2 == "stopped" and trial.rp2d is not None
    if in_doubt and trial.mtd is not None and not any(each.waits for each in asked.levels):
        return Due("mtd", asked.current)
    return None


def _may_go_on(asked: Standing, advice: Recommendation | None) -> bool:
    """The design would enrol at the stopped level now, and no open outcome there is waited for."""
    if asked.levels[asked.current].waits and not asked.design.reads_follow_up:
        return False
    return advice is not None or asked.places > 0


def _stop_levels(turn: Turn, asked: Standing) -> None:
    for index, level in enumerate(turn.trial.levels):
        if level.opened and not level.stopped and asked.stopped(index):
            turn.record(LevelStopped(level_id=level.level_id))


def _stop_the_open(turn: Turn) -> None:
    """Also where it is a level below whose counts no longer allow it."""
    if turn.trial.open_level is not None and not is_stopped(turn.trial):
        level = turn.trial.levels[turn.trial.open_level]
        turn.record(LevelStopped(level_id=level.level_id))


def _expand(turn: Turn, due: Recommendation) -> None:
    """Three more, or whatever the design asks for: no signature, since nothing gets bolder (R6)."""
    assert due.level == turn.trial.open_level, "only the open level is expanded"
    assert due.level is not None
    assert due.target is not None
    level = turn.trial.levels[due.level]
    assert due.target > level.target, "an expansion opens places"
    turn.record(LevelExpanded(level_id=level.level_id, target=due.target))


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


def _recall_at_the_stopped(turn: Turn) -> None:
    """Backfill at a level that its design stops though the open one may go on (decision 31)."""
    for level in reversed(turn.trial.levels):
        for subject_id in reversed(level.reservations if level.stopped else ()):
            recall(turn, subject_id, "level_stopped", f"Level {level.level_id} is stopped.")


def _recall_above_the_open(turn: Turn) -> None:
    """A signature went down from a level that still had reservations: nobody more enters there."""
    trial = turn.trial
    if trial.open_level is None:
        return
    opened = trial.levels[trial.open_level].level_id
    for level in reversed(trial.levels[trial.open_level + 1 :]):
        for subject_id in reversed(level.reservations):
            recall(turn, subject_id, "level_stopped", f"Level {opened} is open now, and lower.")


def _recall_surplus(turn: Turn) -> None:
    """Facts may overfill: the newest undosed reservations go until the target holds (R11)."""
    design = turn.protocol.phase1.design
    for index in range(len(turn.trial.levels)):
        level = turn.trial.levels[index]
        most = most_at(turn.trial, index)
        backfilled = most > target_of(level, design)
        while level.reservations and _taken(level, backfilled) > most:
            sentence = f"There are {most} places at {level.level_id}, and no more."
            recall(turn, level.reservations[-1], "full", sentence)
            level = turn.trial.levels[index]
    number = turn.protocol.phase2.number
    while turn.trial.phase2_counts.reserved and _taken_in_phase2(turn.trial) > number:
        newest = live_reservations(turn.trial, 2)[-1]
        recall(turn, newest, "full", f"Facts fill the {number} places of Phase II.")
        if not turn.trial.phase2_counts.reserved and turn.trial.phase2 == "open":
            refuse_the_hopeless(turn)


def _taken(level: Level, backfilled: bool) -> int:
    """Against its target a level counts whom the design knows; where backfilled, everybody."""
    return in_all(level) if backfilled else level.counts.enrolled


def recall_beyond(turn: Turn, former: Limits | None) -> None:
    """A version of the protocol that lets fewer into Phase I: the newest undosed go (R9)."""
    limits = turn.protocol.phase1.design.limits
    if limits is None or former is None or limits.in_all >= former.in_all:
        return
    for index in reversed(range(len(turn.trial.levels))):
        while turn.trial.levels[index].counts.reserved:
            if sum(level.counts.enrolled for level in turn.trial.levels) <= limits.in_all:
                return
            sentence = f"Version {turn.protocol.version} lets {limits.in_all} into Phase I."
            recall(turn, turn.trial.levels[index].reservations[-1], "full", sentence)


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


def _keep_review(turn: Turn, due: Due | None) -> None:
    """The review that is due, bound to the data as they are now; or none (R7)."""
    review = turn.trial.review
    if due is None:
        if review is not None:
            turn.record(ReviewLapsed(level_id=review.level_id))
        return
    level = turn.trial.levels[current_level(turn.trial)]
    target = None if due.level is None else turn.trial.levels[due.level].level_id
    kind = due.kind
    if review is not None and _still_rests_on(turn.trial, review, kind, target):
        return
    as_of = turn.today if turn.protocol.phase1.design.reads_follow_up else None
    turn.record(
        ReviewDue(
            level_id=level.level_id,
            evaluable=level.counts.evaluable,
            dlts=level.counts.dlts,
            recommendation=kind,
            recommended_level_id=target,
            data_hash=hash_of_data(turn.trial, kind, target, as_of),
            as_of=as_of,
        )
    )


def _still_rests_on(trial: Trial, review: Review, kind: Decision, level_id: str | None) -> bool:
    """Neither the facts nor the advice changed; longer follow-up alone changes neither."""
    return review.data_hash == hash_of_data(trial, kind, level_id, review.as_of)


def hash_of_data(trial: Trial, kind: Decision, level_id: str | None, as_of: date | None) -> str:
    """Binds a signature to what it rests on: every dosed subject of every level, and the advice.

    For a design that reads follow-up also to the date up to which it was read.
    """
    levels = [
        [level.level_id, level.target, list(_histories(trial, level))] for level in trial.levels
    ]
    read_to = [] if as_of is None else [as_of.isoformat()]
    return digest(canonical([trial.trial_id, levels, kind, level_id, *read_to]))


def _histories(trial: Trial, level: Level) -> Iterator[list[str | int | None]]:
    """Every dosed subject but backfill that the design is told nothing of.

    With every DLT reported and a death: whoever signs has read those too, also where the subject's
    outcome is the same without them.
    """
    for subject_id in level.dosed:
        subject = trial.subjects[subject_id]
        slot = subject.slot
        assert slot is not None
        if not slot.read_by_design:
            continue
        dates = (slot.dosed_on, slot.window_ends_on, slot.dlt_onset_on, subject.died_on)
        told = (None if on is None else on.isoformat() for on in dates)
        reports = (on.isoformat() for on in slot.dlt_reports)
        yield [subject_id, slot.state, *told, slot.toxicities, *reports]
