"""A protocol's text with another escalation design: what a simulator compares and adopts."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cohorts.designs.design import Design
from cohorts.designs.parameters import plain
from protocols.design_tables import DESIGN_TABLES
from protocols.designs import key_of, parameters_in

_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*(design|variant|rp2d_min_evaluable)\s*=")


def with_design(text: str, design: Design) -> str:
    """The text of a sound protocol, with this design in place of its own.

    `rp2d_min_evaluable` is lowered where the design may end with fewer (R22). Comments of the lines
    that are replaced are lost.
    """
    kept: list[str] = []
    table, own = "", _table(design)
    for line in text.split("\n"):
        header = _HEADER.match(line)
        table, before = (header[1], table) if header else (table, "")
        if _of_a_design(table):
            continue
        if own and header and (before == "phase1" or _of_a_design(before)):
            kept += own
            own = []
        key = _KEY.match(line) if table == "phase1" else None
        if key is not None:
            if key[1] != "rp2d_min_evaluable":
                continue
            line = _at_most(line, design.fewest_at_mtd)
        kept.append(line)
        if header and table == "phase1":
            kept += _keys(design)
    return "\n".join([*kept, *own])


def _of_a_design(table: str) -> bool:
    parts = table.split(".")
    return len(parts) > 1 and parts[0] == "phase1" and parts[1] in DESIGN_TABLES


def _at_most(line: str, fewest: int) -> str:
    number = int(line.split("=", 1)[1].split("#")[0])
    return f"rp2d_min_evaluable = {min(number, fewest)}"


def _keys(design: Design) -> list[str]:
    """What stands in `[phase1]` itself."""
    key = key_of(design)
    named = [f'design = "{key}"']
    if key not in DESIGN_TABLES:
        named += [f"{name} = {_toml(value)}" for name, value in parameters_in(design).items()]
    return named


def _table(design: Design) -> list[str]:
    """The design's own table, which stands behind `[phase1]`."""
    key = key_of(design)
    if key not in DESIGN_TABLES:
        return []
    given = parameters_in(design)
    rows = given.pop("rows", ())
    lines = [f"[phase1.{key}]", *(f"{name} = {_toml(value)}" for name, value in given.items())]
    if rows:
        lines += ["", f"[phase1.{key}.rows]", *(f'{n} = "{letters}"' for n, letters in rows)]
    return [*lines, ""]


def _toml(value: Any) -> str:
    """A number that is no count is written as decimal text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, float):
        return f'"{f"{value:.9f}".rstrip("0").rstrip(".")}"'
    if isinstance(value, Fraction | Decimal):
        return f'"{plain(value)}"'
    return f'"{value}"'
