"""Which check is for which file of oracles: every module `checks_*.py` here says it in `CHECKS`.

A check is called with one row and the tolerance of its file, reads all its inputs from the row, and
raises AssertionError where ours is not what the row expects. It must read every field of the row
but those that the harness or its own `notes` name, or the row counts as one it cannot check.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracles.reading import Row

NOTES = frozenset({"id", "origin", "source", "what", "note", "status"})
"""Fields of any row that say where it is from; no check needs to read them."""

NOT_CHECKED = {
    "peers_timing.csv": "how long peers took on another machine: context, nothing to be equal to",
    "simon_two_stage.json": "belongs to a later issue",
    "group_sequential.json": "belongs to a later issue",
    "restricted_randomisation.json": "belongs to a later issue",
    "minimisation.json": "belongs to a later issue",
    "boin_comb.json": "belongs to a later issue",
}


class NotCheckedError(Exception):
    """A row holds something that its check did not look at."""


@dataclass(frozen=True)
class Check:
    """How a row is checked.

    `expected` names the fields that hold expected values (the tests of the harness alter each and
    want a failure), `notes` those that the check need not read. `may_alter`, where given, says of a
    row and the way to a value in it whether that value says something that can be wrong.
    """

    run: Callable[[Row, float], None]
    expected: tuple[str, ...]
    notes: frozenset[str] = frozenset()
    may_alter: Callable[[Mapping[str, Any], tuple[Any, ...]], bool] | None = None

    def of(self, fields: dict[str, Any], tolerance: float) -> None:
        """Check one row: AssertionError if it is wrong, NotCheckedError if not read whole."""
        row = Row(fields)
        self.run(row, tolerance)
        left = [name for name in row.unread() if name not in NOTES | self.notes]
        if left:
            raise NotCheckedError(", ".join(left))


def found_checks() -> dict[str, Check]:
    """Name of the file -> its check, from every `checks_*.py` beside this module."""
    checks: dict[str, Check] = {}
    for path in sorted(Path(__file__).parent.glob("checks_*.py")):
        own: dict[str, Check] = importlib.import_module(f"tests.oracles.{path.stem}").CHECKS
        assert not own.keys() & checks.keys(), f"two checks for {own.keys() & checks.keys()}"
        checks |= own
    return checks


def close(found: float, expected: float, tolerance: float) -> bool:
    """Not further apart than the tolerance; never true of NaN."""
    return abs(found - expected) <= tolerance


def all_close(found: Sequence[float], expected: Sequence[float], tolerance: float) -> bool:
    """As many, and each close."""
    return len(found) == len(expected) and all(
        close(one, other, tolerance) for one, other in zip(found, expected, strict=True)
    )
