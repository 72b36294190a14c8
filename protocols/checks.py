"""What is valid in a protocol and still doubtful: each with a sentence and a way to mend it."""

from collections.abc import Callable, Iterator

from cohorts.levels import DoseLevel, falls, steps
from protocols.criteria_checks import criteria_doubts
from protocols.design_checks import backfill_doubts, design_doubts, first_cohort
from protocols.doubt import Doubt
from protocols.model import Protocol

_FAR_FROM_SITES = frozenset({"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Universal", "Zulu"})


def doubts(protocol: Protocol) -> tuple[Doubt, ...]:
    """Every doubt about a sound protocol; none of them stops it."""
    return tuple(doubt for check in _CHECKS for doubt in check(protocol))


def _levels(protocol: Protocol) -> Iterator[Doubt]:
    levels = protocol.phase1.levels
    for lower, higher in steps(levels):
        for drug in falls(lower, higher):
            yield Doubt(
                "phase1.levels",
                f"{drug} falls from {lower.level_id} to {higher.level_id}",
                "confirm the order of the levels with whoever designed the escalation",
            )
        yield from _schedules(lower, higher)
    if protocol.phase1.start_level == levels[-1].level_id:
        yield Doubt(
            "phase1.start_level",
            f"the first level, {levels[-1].level_id}, is the highest: nothing can escalate",
            "start lower, or add levels",
        )


def _schedules(lower: DoseLevel, higher: DoseLevel) -> Iterator[Doubt]:
    before = {dose.drug: dose.schedule for dose in lower.doses}
    for dose in higher.doses:
        if dose.schedule != before.get(dose.drug, dose.schedule):
            yield Doubt(
                "phase1.levels",
                f"{dose.drug} is given {before[dose.drug]} at {lower.level_id} but "
                f"{dose.schedule} at {higher.level_id}, so their amounts cannot be compared",
                "give one schedule, or confirm that the higher level is the stronger one",
            )


def _windows(protocol: Protocol) -> Iterator[Doubt]:
    phase1 = protocol.phase1
    if phase1.stagger_days > phase1.dlt_window_days:
        yield Doubt(
            "phase1.stagger_days",
            f"the stagger of {phase1.stagger_days} days is longer than the DLT window of "
            f"{phase1.dlt_window_days}",
            "shorten the stagger, or lengthen the window",
        )
    if phase1.cycle_days is not None and phase1.dlt_window_days < phase1.cycle_days:
        yield Doubt(
            "phase1.dlt_window_days",
            f"the DLT window of {phase1.dlt_window_days} days is shorter than a cycle of "
            f"{phase1.cycle_days}",
            "cover at least one whole cycle",
        )
    screening = protocol.assignment.screening_days
    if phase1.dlt_window_days > screening:
        yield Doubt(
            "assignment.screening_days",
            f"the DLT window of {phase1.dlt_window_days} days is longer than the screening period "
            f"of {screening}: whoever waits for the end of a window must be screened again",
            "lengthen screening_days, or confirm that subjects are screened late in a window",
        )


def _reservations(protocol: Protocol) -> Iterator[Doubt]:
    hours, phase1 = protocol.assignment.reservation_hours, protocol.phase1
    if hours > phase1.dlt_window_days * 24:
        yield Doubt(
            "assignment.reservation_hours",
            f"a reservation of {hours} hours outlasts the DLT window of {phase1.dlt_window_days} "
            "days: one undosed subject can hold a cohort longer than its follow-up",
            "shorten the reservation; a coordinator can extend a single one",
        )


def _sites(protocol: Protocol) -> Iterator[Doubt]:
    sites, limit = len(protocol.sites), protocol.assignment.max_live_reservations_per_site
    cohort = first_cohort(protocol.phase1)
    if limit is not None and limit * sites < cohort:
        yield Doubt(
            "assignment.max_live_reservations_per_site",
            f"{sites} site{'s' if sites > 1 else ''} with at most {limit} undosed "
            f"reservation{'s' if limit > 1 else ''} each can never fill a cohort of {cohort} "
            "at once",
            "raise the limit, or leave it out",
        )
    cap, number = protocol.phase2.site_cap, protocol.phase2.number
    if cap is not None and cap > number:
        yield Doubt(
            "phase2.site_cap",
            f"the cap of {cap} per site is larger than the {number} of Phase II: it caps nothing",
            f"lower it below {number}, or leave it out",
        )
    if cap is not None and cap * sites < number:
        yield Doubt(
            "phase2.site_cap",
            f"{sites} site{'s' if sites > 1 else ''} with a cap of {cap} can take "
            f"{cap * sites} of the {number} subjects of Phase II",
            "raise the cap, or add sites",
        )


def _time_zone(protocol: Protocol) -> Iterator[Doubt]:
    if protocol.time_zone.key in _FAR_FROM_SITES:
        yield Doubt(
            "time_zone",
            f"in {protocol.time_zone.key} windows end at midnight of no site of most trials",
            'write the zone of the coordinating centre, such as "America/Chicago"',
        )


_CHECKS: tuple[Callable[[Protocol], Iterator[Doubt]], ...] = (
    _levels,
    design_doubts,
    backfill_doubts,
    _windows,
    _reservations,
    _sites,
    _time_zone,
    criteria_doubts,
)
