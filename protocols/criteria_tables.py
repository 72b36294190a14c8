"""Reads the criteria of a protocol: each declared one exactly once, each of a known family."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from eligibility.criteria import (
    FAMILIES,
    Criteria,
    Criterion,
    CriterionError,
    check_together,
    parse_criterion,
)
from protocols.declared import DECLARED
from protocols.errors import Problem
from protocols.lines import Path, dotted, line_of

_MOST = 2 * len(DECLARED)  # More tables than that repeat ids; the first of those are named.


def parse_criteria(tables: Sequence[Any], lines: dict[Path, int]) -> tuple[Criteria, list[Problem]]:
    """The criteria that could be read, and what is wrong with the others."""
    problems: list[Problem] = []
    criteria: list[Criterion] = []
    seen: set[str] = set()
    for index, table in enumerate(tables[:_MOST]):
        path: Path = ("criteria", index)
        if not isinstance(table, dict):
            continue  # The shape of the file says so already.
        if wrong := _wrong_id(table.get("id"), seen):
            where = "id" if "id" in table else ""
            problems.append(_problem((*path, where) if where else path, lines, *wrong))
        seen.add(str(table.get("id")))
        try:
            criteria.append(parse_criterion(table))
        except CriterionError as error:
            if error.key != "id" or not wrong:
                problems.append(_in_criterion(table, path, lines, error))
    problems.extend(_missing(seen))
    try:
        check_together(tuple(criteria))
    except CriterionError as error:
        problems.append(Problem("criteria", error.rule, error.mend))
    return tuple(criteria), problems


def _wrong_id(found: Any, seen: set[str]) -> tuple[str, str] | None:
    if not isinstance(found, str):
        return "a criterion has no id", 'add `id = "..."`, the number of the protocol'
    if found in seen:
        return f"two criteria have the id {found}", "remove one, or give it its own number"
    if found not in DECLARED:
        known = f"one of I1 to I17, with I5a to I5d, or E1 to E{DECLARED[-1][1:]}"
        return f"the record has no criterion {found}", f"write {known}"
    return None


def _in_criterion(
    table: dict[str, Any], path: Path, lines: dict[Path, int], error: CriterionError
) -> Problem:
    key = error.key.split(".")[0].split("[")[0]
    line = line_of(lines, (*path, key))
    mend = _families(table["family"]) if key == "family" and "family" in table else error.mend
    return Problem(f"criteria.{table.get('id')}.{error.key}", error.rule, mend, line)


def _families(found: Any) -> str:
    close = get_close_matches(str(found), FAMILIES, n=1)
    if close:
        return f'write "{close[0]}"'
    return f"write one of {', '.join(FAMILIES)}"


def _missing(seen: set[str]) -> list[Problem]:
    missing = [criterion_id for criterion_id in DECLARED if criterion_id not in seen]
    if not missing:
        return []
    names = ", ".join(missing)
    rule = f"criterion {names} is missing" if len(missing) == 1 else f"criteria {names} are missing"
    return [Problem("criteria", rule, "add a [[criteria]] table for each", None)]


def _problem(path: Path, lines: dict[Path, int], rule: str, mend: str) -> Problem:
    return Problem(dotted(path), rule, mend, line_of(lines, path))
