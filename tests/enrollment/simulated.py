"""Simulated trials for tests: protocols of one make, and conditions with whole cohorts."""

from random import Random
from typing import Final

from cohorts.designs.design import Design
from cohorts.designs.three_plus_three import ThreePlusThree
from enrollment.simulate_conditions import Conditions, next_gap, next_person
from enrollment.simulate_trial import opened_trial
from enrollment.trial import Trial
from protocols.parse import parse_protocol
from tests.enrollment.designs import design_for
from tests.protocols.build import protocol_text

LEVELS: Final = ("L1", "L2", "L3", "L4")
TRUTH: Final = (0.08, 0.2, 0.35, 0.55)
BY_COUNTS: Final = ("boin", "mtpi", "mtpi2", "keyboard", "i3_plus_3", "decision_table", "crm")
VARIANTS: Final = ("3+3 A", "3+3 B", "3+3 C")
WHOLE: Final = Conditions(
    TRUTH,
    arrivals="fixed",
    days_between=5,
    second_half=1,
    review_days=15,
    patience_days=100_000,
    most_days=100_000,
)
"""People in plenty who never go away, every DLT on the last day of its window, slow signatures:
whole cohorts, each followed to its end, in order of arrival."""


def design_named(kind: str, levels: int = 4) -> Design:
    """One of the designs of these tests, with small limits."""
    if kind in VARIANTS:
        return ThreePlusThree(kind[-1])  # type: ignore[arg-type]  # one of the three
    return design_for(kind, levels)


def opened_with(kind: str, **changes: object) -> Trial:
    """A trial of four levels under this design, opened; `changes` as `protocol_text` takes them."""
    design = design_named(kind)
    given: dict[str, object] = {"levels": LEVELS, "design": design}
    return opened_trial(parse_protocol(protocol_text(**(given | changes))))  # type: ignore[arg-type]


def tolerances(
    conditions: Conditions, sites: tuple[str, ...], seed: int, people: int
) -> list[float]:
    """What the first so many people of a trial tolerate, drawn as the simulator draws it."""
    chance, found = Random(seed), []
    for number in range(people):
        next_gap(conditions, chance)
        found.append(next_person(number, sites, conditions, chance).tolerance)
    return found
