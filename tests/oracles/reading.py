"""Reads a folder of oracles: JSON with `tolerance` and `cases`, CSV with a header.

The folder is `tests/oracles/data`, or another of the same shapes named by HOLDFAST_ORACLES.
"""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWN_FOLDER = Path(__file__).parent / "data"
NO_ROW = "beyond the shape"
"""The name of what is no field of any row."""


def folder() -> Path:
    """Where the oracles are read from in this run."""
    return Path(os.environ.get("HOLDFAST_ORACLES") or OWN_FOLDER)


class Row(Mapping[str, Any]):
    """A row that remembers which of its fields were read, also in what is nested in it."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = {name: _remembering(value) for name, value in fields.items()}
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = self._fields[name]
        self._read.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)

    def unread(self) -> list[str]:
        """The fields that nobody looked at, as `input.target`."""
        left: list[str] = []
        for name, value in self._fields.items():
            if name not in self._read:
                left.append(name)
                continue
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Row):
                    left += [f"{name}.{inner}" for inner in part.unread()]
        return left


def _remembering(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Row(value)
    if isinstance(value, list):
        return [_remembering(part) for part in value]
    return value


@dataclass(frozen=True)
class OracleFile:
    """One file: its rows as read, and the tolerance that it names; 0 for CSV, which names none."""

    name: str
    tolerance: float
    rows: tuple[dict[str, Any], ...]


def read(path: Path) -> OracleFile:
    """The file at `path`. Raises ValueError or KeyError if it does not have the shape of one.

    A row that is no row keeps what it lacks or has too much, so that its check cannot pass it.
    """
    text = path.read_text("utf-8")
    if path.suffix == ".csv":
        return OracleFile(path.name, 0.0, tuple(map(_of_line, csv.DictReader(text.splitlines()))))
    if path.suffix == ".json":
        parsed = json.loads(text)
        cases = tuple(
            case if isinstance(case, dict) else {NO_ROW: case} for case in parsed["cases"]
        )
        return OracleFile(path.name, float(parsed["tolerance"]), cases)
    raise ValueError(f"{path.name} is neither JSON nor CSV")


def _of_line(line: dict[Any, Any]) -> dict[str, Any]:
    """The fields that the line has; what does not fit the header by a name no check knows."""
    return {NO_ROW if name is None else name: line[name] for name in line if line[name] is not None}
