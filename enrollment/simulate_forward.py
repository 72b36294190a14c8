"""What may come of a live trial from now on: one possible future after another, by the decider.

Each future has a truth drawn from what is known of the doses, and an accrual drawn from the trial's
own; who is in the trial stays in it, with outcomes still to be drawn. No rule is repeated here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median_low
from typing import Final, Protocol

from cohorts.designs.parameters import fields_of
from cohorts.slots import Slot
from enrollment.commands import TimePassed
from enrollment.simulate_conditions import Chance, Conditions, known_person
from enrollment.simulate_course import Course
from enrollment.simulate_trial import CLOCK, form, open_sites, staff, with_one_criterion
from enrollment.trial import Subject, Trial

FEWEST_ELIGIBLE: Final = 5
"""Eligible subjects without whom the trial says too little about its accrual."""
FEWEST_DAYS: Final = 14
"""Days since the first of them, likewise."""
TARGET: Final = 0.25
"""The prior mean of every dose under a design without a target of its own."""
REVIEW_DAYS: Final = 3
PATIENCE_DAYS: Final = 28
MOST_DAYS: Final = 3_650
DAY: Final = timedelta(days=1)


class Draws(Chance, Protocol):
    """Chance that can draw rates too; `random.Random` is one."""

    def betavariate(self, alpha: float, beta: float) -> float: ...

    def gammavariate(self, alpha: float, beta: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Basis:
    """What the trial's own history says: who came, how soon they are dosed, how many are lost."""

    eligible: int
    days: int
    """Since the form of the first of them."""
    days_to_dose: int
    released: float
    lapsed: float
    not_evaluable: float


@dataclass(frozen=True, slots=True)
class Future:
    """One of many: when a place is given or stands free, when Phase I ends; none: not in time."""

    place_at: datetime | None
    ends_at: datetime | None


def too_little(trial: Trial, now: datetime) -> str | None:
    """Why nothing can be forecast now, in one sentence; none where it can."""
    if trial.protocol is None or not trial.activated:
        return "The trial is not open."
    if trial.phase1 != "open":
        return "Phase I is closed."
    if trial.suspended:
        return "Assignment is suspended: when it is resumed is for people to decide."
    if not open_sites(trial):
        return "No site has an approval of the protocol version in force."
    came = _came_on(trial)
    days = (trial.in_force.local_date(now) - came[0]).days if came else 0
    if len(came) < FEWEST_ELIGIBLE or days < FEWEST_DAYS:
        return (
            f"Too little data: {len(came)} eligible subjects in {days} days; a forecast needs "
            f"{FEWEST_ELIGIBLE} or more, the first of them {FEWEST_DAYS} days ago or longer."
        )
    return None


def basis_of(trial: Trial, now: datetime) -> Basis:
    """The history, once `too_little` has nothing against it."""
    protocol, came = trial.in_force, _came_on(trial)
    slots = [each.slot for each in trial.subjects.values() if each.slot is not None]
    ended = [slot for slot in slots if slot.treated or slot.state in ("released", "expired")]
    treated = [slot for slot in ended if slot.treated]
    waits = [_days_to_dose(trial, slot) for slot in treated if slot.dosed_on is not None]
    most = protocol.assignment.reservation_hours // 24
    outcomes = [slot for slot in treated if slot.state != "dosed"]
    return Basis(
        eligible=len(came),
        days=(protocol.local_date(now) - came[0]).days,
        days_to_dose=min(most, max(0, median_low(waits)) if waits else 1),
        released=sum(slot.state == "released" for slot in ended) / (len(ended) + 1),
        lapsed=sum(slot.state == "expired" for slot in ended) / (len(ended) + 1),
        not_evaluable=sum(not slot.known for slot in outcomes) / (len(outcomes) + 1),
    )


def future(trial: Trial, basis: Basis, now: datetime, chance: Draws) -> Future:
    """One future of the trial as it stands at `now`, from chance alone."""
    truth = drawn_truth(trial, chance)
    rate = chance.gammavariate(basis.eligible - 1, 1 / basis.days)
    conditions = Conditions(
        truth=truth,
        days_between=min(1 / rate, float(MOST_DAYS)),
        released=basis.released,
        lapsed=basis.lapsed,
        not_evaluable=basis.not_evaluable,
        days_to_dose=basis.days_to_dose,
        review_days=REVIEW_DAYS,
        patience_days=PATIENCE_DAYS,
        most_days=MOST_DAYS,
    )
    lean = replace(trial, protocol=with_one_criterion(trial.in_force))
    course = Course(lean, conditions, chance, now=now)
    for subject_id in sorted(trial.subjects):
        _go_on(course, trial.subjects[subject_id], truth, chance)
    if trial.review is not None:
        course.expect_signature(trial.review.data_hash, now)
    course.send(now, CLOCK, TimePassed())
    course.expect_arrival(now)
    course.run(lambda: course.over)
    ended = course.trial.phase1 == "closed"
    return Future(course.place_at, course.closed_at if ended else None)


def drawn_truth(trial: Trial, chance: Draws) -> tuple[float, ...]:
    """DLT probabilities that never fall from a level to the next.

    Each level by itself from Beta(m + t, 1 - m + n - t), m the target: a prior that weighs as much
    as one subject. Then made to rise by isotonic regression of the draw (Dunson and Neelon 2003,
    Biometrics 59), each level with the weight n + 1.
    """
    given = fields_of(trial.in_force.phase1.design).get("target")
    mean = TARGET if given is None else float(given)
    counts = [level.counts for level in trial.levels]
    drawn = [
        chance.betavariate(mean + each.dlts, 1 - mean + each.evaluable - each.dlts)
        for each in counts
    ]
    return rising(drawn, [each.evaluable + 1 for each in counts])


def rising(values: Sequence[float], weights: Sequence[int]) -> tuple[float, ...]:
    """The isotonic regression of the values: neighbours that fall get their weighted mean."""
    from scipy.optimize import isotonic_regression  # Slow to import, and only a forecast needs it.

    return tuple(float(value) for value in isotonic_regression(values, weights=weights).x)


def _came_on(trial: Trial) -> list[date]:
    """When the latest form of everybody eligible was completed, the earliest first."""
    people = trial.subjects.values()
    return sorted(
        each.completed_on
        for each in people
        if each.outcome == "eligible" and each.completed_on is not None
    )


def _days_to_dose(trial: Trial, slot: Slot) -> int:
    assert slot.dosed_on is not None
    return (slot.dosed_on - trial.in_force.local_date(slot.reserved_at)).days


def _go_on(course: Course, subject: Subject, truth: tuple[float, ...], chance: Chance) -> None:
    """Plans what comes next for somebody who is in the trial already."""
    person = known_person(subject.subject_id, subject.site_id, chance)
    course.meet(person)
    slot, now = subject.slot, course.now
    if subject.waiting is not None:
        course.expect_patience(subject.subject_id, now)
    if slot is None or slot.phase != 1:
        return
    if slot.state == "held":
        today = course.trial.in_force.local_date(now)
        paper = form(subject.subject_id, subject.site_id, today, today, True)
        course.plan(now + DAY, lambda at: course.send(at, staff(subject.site_id), paper))
    elif slot.undosed and not slot.flagged:
        course.expect_dose(subject.subject_id, slot.reserved_at)
    elif slot.state == "dosed":
        level = course.trial.level_index(slot.level_id)
        _expect_rest_of_window(course, slot, subject.subject_id, truth[level], chance)


def _expect_rest_of_window(
    course: Course, slot: Slot, subject_id: str, chance_of_dlt: float, chance: Chance
) -> None:
    """No DLT so far: what is left of its probability falls on the days that are left, uniformly."""
    if slot.dosed_on is None or slot.window_ends_on is None:
        return
    window = (slot.window_ends_on - slot.dosed_on).days
    today = course.trial.in_force.local_date(course.now)
    passed = min(max(0, (today - slot.dosed_on).days), window)
    left = float(Fraction(window - passed, window)) * chance_of_dlt
    has_dlt, when = chance.random() < left / (1 - chance_of_dlt + left or 1), chance.random()
    day = passed + 1 + int((window - passed) * when) if has_dlt and passed < window else None
    course.expect_outcome(subject_id, slot.dosed_on, slot.window_ends_on, day, None)
