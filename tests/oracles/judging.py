"""Judges one file of oracles: every row is checked and right, or there is a problem to tell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.oracles.reading import OracleFile, read
from tests.oracles.registry import NOT_CHECKED, Check
from tests.oracles.tally import Tally


def judge_file(path: Path, checks: Mapping[str, Check], tally: Tally) -> list[str]:
    """One sentence for each row that is wrong or could not be checked, or for the whole file."""
    if path.name in NOT_CHECKED:
        tally.left_out[path.name] = NOT_CHECKED[path.name]
        return []
    tally.rows[path.name] = tally.checked[path.name] = tally.wrong[path.name] = 0
    try:
        file = read(path)
    except (ValueError, KeyError, TypeError) as error:
        return [f"{path.name} cannot be read: {error!r}"]
    tally.rows[path.name] = len(file.rows)
    if path.name not in checks:
        return [f"no check for {path.name} ({len(file.rows)} rows)"]
    problems = _judge_rows(file, checks[path.name], tally)
    if file.rows and not tally.checked[path.name]:
        problems.append(f"{path.name} has {len(file.rows)} rows and none could be checked")
    return problems


def _judge_rows(file: OracleFile, check: Check, tally: Tally) -> list[str]:
    problems = []
    for number, fields in enumerate(file.rows, 1):
        where = f"{file.name} row {number} ({_name(fields)})"
        try:
            check.of(fields, file.tolerance)
        except AssertionError as error:
            problems.append(f"{where}: {' '.join(str(error).split())[:400]}")
            tally.wrong[file.name] += 1
        except Exception as error:  # Any error in a check means that the row cannot be checked.
            problems.append(f"{where} cannot be checked: {error!r}")
            continue
        tally.checked[file.name] += 1
    return problems


def _name(fields: Mapping[str, Any]) -> str:
    return str(fields.get("id") or ", ".join(f"{k} {v}" for k, v in list(fields.items())[:3]))
