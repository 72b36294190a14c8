"""The protocol files of `examples/protocols`: the shipped one, with another design in each.

`python -m tests.protocols.examples` writes them anew after a change of the shipped file.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm
from protocols.with_design import with_design
from tests.protocols.build import SHIPPED

FOLDER: Final = Path(__file__).parents[2] / "examples" / "protocols"
SIZES: Final[dict[str, Any]] = {"cohort_size": 3, "max_per_level": 12, "max_subjects": 30}
TARGET: Final = Fraction(25, 100)
SKELETON: Final = (0.08, 0.16, 0.25, 0.35)
BOIN: Final = Boin(target=TARGET, **SIZES)


@dataclass(frozen=True)
class Example:
    name: str
    says: str
    design: Design


EXAMPLES: Final = (
    Example("rolling-six", "rolling six", RollingSix()),
    Example("boin", "BOIN", BOIN),
    Example("tite-boin", "TITE-BOIN, which decides with windows still open", TiteBoin(BOIN)),
    Example("mtpi", "mTPI", MTpi(target=TARGET, **SIZES)),
    Example("mtpi-2", "mTPI-2", MTpi2(target=TARGET, **SIZES)),
    Example("keyboard", "the keyboard design", Keyboard(target=TARGET, **SIZES)),
    Example("i3-plus-3", "i3+3", I3Plus3(target=TARGET, **SIZES)),
    Example(
        "decision-table",
        "a table of decisions of one's own",
        DecisionTable(
            rows=((3, "ESDU"), (6, "EESDUUU"), (9, "EEESDUUUUU")),
            final="isotonic",
            target=Fraction(30, 100),
            cohort_size=3,
            max_per_level=9,
            max_subjects=27,
        ),
    ),
    Example(
        "crm",
        "the CRM",
        Crm(skeleton=SKELETON, target=0.25, stop_above=0.9, **SIZES),
    ),
    Example(
        "tite-crm",
        "TITE-CRM, which decides with windows still open",
        TiteCrm(
            skeleton=SKELETON,
            target=0.25,
            stop_above=0.9,
            escalate_after=Fraction(1, 2),
            **SIZES,
        ),
    ),
)


def text_of(example: Example) -> str:
    """The file's text: the shipped one with a head of its own, a version and another design."""
    head = (
        f"# NCT00825734 with {example.says} in place of the 3+3: an illustration, no medical "
        "advice.\n# No design of this trial is in the public record. Made from "
        "protocols/nct00825734.toml.\n"
    )
    body = SHIPPED.read_text("utf-8").split("\n\n", 1)[1]
    assert 'version = "1.0"' in body
    body = body.replace('version = "1.0"', f'version = "1.0-{example.name}"', 1)
    return f"{head}\n{with_design(body, example.design)}"


if __name__ == "__main__":
    for each in EXAMPLES:
        (FOLDER / f"{each.name}.toml").write_text(text_of(each), "utf-8")
