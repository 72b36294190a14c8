"""The table of `docs/designs.md` that compares designs holds what the exact computation gives."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest

from cohorts.characteristics import Characteristics
from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.design import Design
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.skeleton import skeleton
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.exact_characteristics import exact_characteristics

RISING: Final = (0.05, 0.12, 0.25, 0.40, 0.55)
TOXIC: Final = (0.25, 0.35, 0.45, 0.55, 0.65)
SIZES: Final[dict[str, Any]] = {"max_subjects": 30, "max_per_level": 12}
QUARTER: Final = {"target": Fraction(1, 4), **SIZES}
GUESSED: Final = skeleton(target=0.25, halfwidth=0.05, prior_mtd=3, levels=5)
DESIGNS: Final[dict[str, Design]] = {
    "3+3 A": ThreePlusThree("A"),
    "3+3 B": ThreePlusThree("B"),
    "3+3 C": ThreePlusThree("C"),
    "BOIN": Boin(**QUARTER),
    "mTPI-2": MTpi2(**QUARTER),
    "keyboard": Keyboard(**QUARTER),
    "mTPI": MTpi(**QUARTER),
    "i3+3": I3Plus3(**QUARTER),
    "CRM": Crm(skeleton=GUESSED, target=0.25, **SIZES),
}
TEXT: Final = (Path(__file__).parents[2] / "docs" / "designs.md").read_text("utf-8")


def rows() -> dict[str, list[str]]:
    """Name of a design -> the cells behind it."""
    table = TEXT.partition("### The same truth under each")[2].partition("\n##")[0]
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return {
        name.strip(): [cell.strip() for cell in cells]
        for names, *cells in lines[2:]
        for name in names.split(", ")
    }


def told(found: Characteristics, right: int) -> Iterator[str]:
    """As the table has it: right, above the target, subjects, DLTs, over-dosing."""
    yield f"{100 * found.select[right]:.0f}"
    yield f"{100 * found.select_above:.0f}"
    yield f"{found.subjects_in_all:.1f}"
    yield f"{found.dlts_in_all:.1f}"
    yield f"{100 * found.overdosing:.0f}"


@pytest.mark.parametrize("name", DESIGNS)
def test_what_the_document_says_of_a_design_is_exact(name: str) -> None:
    rising = exact_characteristics(DESIGNS[name], RISING, 0.25)
    toxic = exact_characteristics(DESIGNS[name], TOXIC, 0.25)
    none = f"{100 * toxic.select[0]:.0f}"
    assert rows()[name] == [*told(rising, 3), *told(toxic, 1), none]


def test_the_document_compares_these_designs_and_no_other() -> None:
    assert rows().keys() == DESIGNS.keys()
    words = " ".join(TEXT.split())
    for truth in (RISING, TOXIC):
        assert ", ".join(f"{p:.2f}" for p in truth) in words
