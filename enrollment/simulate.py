"""A whole Phase I simulated: people come, are dosed and followed, and the real decider decides.

Every command goes through `decide` and every state comes from `evolve`; nothing here knows a rule.
A pure function of the opened trial, the conditions and chance.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from enrollment.simulate_conditions import Chance, Conditions
from enrollment.simulate_course import Course
from enrollment.simulate_trial import Heard
from enrollment.trial import Trial

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SimulatedTrial:
    """What one trial came to. `selected` is 0 for no tolerable dose, 1 for the lowest level.

    `subjects` were dosed at each level, `evaluable` of them are evaluable, `dlts` of these had a
    DLT. `days` is from the opening to the signature that closed Phase I.
    """

    selected: int
    finished: bool
    """False where it had not ended after `most_days`: `selected` is then 0 and means nothing."""
    subjects: tuple[int, ...]
    evaluable: tuple[int, ...]
    dlts: tuple[int, ...]
    days: float
    idle_days: float
    """Time during which no newcomer could have had a place: all taken, windows open, a review."""
    came: int
    """How many came while Phase I was open, screen failures included."""
    turned_away: int
    """Eligible, and never offered a place that lasted: went elsewhere, or waited in vain."""
    not_dosed: int
    """Had a place and gave it back or let it lapse."""


def simulate(
    opened: Trial, conditions: Conditions, chance: Chance, heard: Heard = lambda *_: None
) -> SimulatedTrial:
    """One trial from its opening (`opened_trial`) to the end of its Phase I.

    Ends when Phase I is closed, nobody's outcome is open any more and no review is due. `truth`
    must have one probability for each level of the protocol; raises ValueError otherwise.
    """
    levels = len(opened.levels)
    if len(conditions.truth) != levels:
        given = len(conditions.truth)
        raise ValueError(f"{given} true probabilities for {levels} levels: give one for each")
    course = Course(opened, conditions, chance, heard)
    course.expect_arrival(opened.time)
    course.run(lambda: course.over)
    return _result(course, opened.time)


def _result(course: Course, begun: datetime) -> SimulatedTrial:
    trial = course.trial
    index = {level.level_id: i for i, level in enumerate(trial.levels)}
    subjects, evaluable, dlts = ([0] * len(trial.levels) for _ in range(3))
    turned_away = not_dosed = 0
    for subject in trial.subjects.values():
        slot = subject.slot
        if slot is None or slot.state == "recalled":
            turned_away += subject.outcome == "eligible"
        elif not slot.treated:
            not_dosed += 1
        else:
            at = index[slot.level_id]
            subjects[at] += 1
            evaluable[at] += slot.known
            dlts[at] += slot.state == "dlt"
    finished = trial.phase1 == "closed" and course.closed_at is not None
    end = course.closed_at if finished and course.closed_at is not None else course.now
    return SimulatedTrial(
        selected=0 if trial.mtd is None or not finished else index[trial.mtd] + 1,
        finished=finished,
        subjects=tuple(subjects),
        evaluable=tuple(evaluable),
        dlts=tuple(dlts),
        days=(end - begun) / DAY,
        idle_days=course.idle / DAY,
        came=course.came,
        turned_away=turned_away,
        not_dosed=not_dosed,
    )
