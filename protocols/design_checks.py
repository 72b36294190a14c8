"""What is valid in an escalation design and still doubtful."""

from collections.abc import Iterator
from typing import Any

from cohorts.designs.crm import Crm
from cohorts.designs.design import LevelHistory
from cohorts.designs.parameters import fields_of, plain
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.three_plus_three import ThreePlusThree
from protocols.designs import key_of
from protocols.doubt import Doubt
from protocols.model import PhaseOne, Protocol

_TARGETS = (0.1, 0.4)
"""Targets in use for dose-limiting toxicity lie within these."""


def first_cohort(phase1: PhaseOne) -> int:
    """How many the first level takes at once."""
    nobody = (LevelHistory(),) * len(phase1.levels)
    return phase1.design.opening_target(nobody, 0)


def design_doubts(protocol: Protocol) -> Iterator[Doubt]:
    """Odd targets, limits that cut cohorts or keep the top out of reach, no way to give up."""
    phase1 = protocol.phase1
    given = fields_of(phase1.design)
    at = f"phase1.{key_of(phase1.design)}"
    yield from _target(given, at)
    yield from _sizes(given, at, phase1)
    if isinstance(phase1.design, Crm) and phase1.design.stop_above is None:
        yield Doubt(
            f"{at}.stop_above",
            "without stop_above the model always names a dose: the trial cannot end without one",
            'give a probability such as "0.90"',
        )


def _target(given: dict[str, Any], at: str) -> Iterator[Doubt]:
    target = given.get("target")
    if target is not None and not _TARGETS[0] <= target <= _TARGETS[1]:
        yield Doubt(
            f"{at}.target",
            f"a target of {plain(target)} is far from those in use, {_TARGETS[0]} to {_TARGETS[1]}",
            "confirm it with whoever designed the escalation",
        )


def _sizes(given: dict[str, Any], at: str, phase1: PhaseOne) -> Iterator[Doubt]:
    if "cohort_size" not in given:
        return
    cohort, at_level, altogether = (
        given[name] for name in ("cohort_size", "max_per_level", "max_subjects")
    )
    if at_level % cohort:
        yield Doubt(
            f"{at}.max_per_level",
            f"{at_level} at a level are no whole number of cohorts of {cohort}: the last is cut",
            f"write a multiple of {cohort}",
        )
    ids = [level.level_id for level in phase1.levels]
    climb = len(ids) - ids.index(phase1.start_level)
    if altogether < climb * cohort:
        yield Doubt(
            f"{at}.max_subjects",
            f"{altogether} subjects in cohorts of {cohort} cannot reach the highest of {climb} "
            "levels",
            "raise max_subjects, or start higher",
        )


def backfill_doubts(protocol: Protocol) -> Iterator[Doubt]:
    """Backfill that never has room, or that stops a level on two DLTs among many."""
    phase1, backfill = protocol.phase1, protocol.phase1.backfill
    if backfill is None:
        return
    cohort = first_cohort(phase1)
    if backfill.max_per_level <= cohort:
        yield Doubt(
            "phase1.backfill.max_per_level",
            f"{backfill.max_per_level} at a level are no more than its first cohort of {cohort}: "
            "nobody is ever backfilled",
            "raise it, or leave the table out",
        )
    if backfill.counts_for_escalation and isinstance(phase1.design, ThreePlusThree | RollingSix):
        yield Doubt(
            "phase1.backfill.counts_for_escalation",
            f"under {phase1.design.name} two DLTs stop a level, however many are backfilled there",
            "let backfill not count, or choose a design that reads rates",
        )
