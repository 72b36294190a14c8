"""Where in a TOML text each table and key stands, for messages that name a line."""

import re
from collections import Counter

Path = tuple[str | int, ...]

_TABLE = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=(.*)$")
_TRIPLE = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> dict[Path, int]:
    """Path of each table and of each key that begins a line -> its line, counted from 1.

    Arrays of tables count from 0. Keys inside inline tables have no line of their own.
    """
    found: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    inside_string = False
    for number, line in enumerate(text.split("\n"), start=1):
        toggles = len(_TRIPLE.findall(line)) % 2 == 1
        if inside_string:
            inside_string = not toggles
            continue
        inside_string = toggles
        if header := _TABLE.match(line):
            table = _table_path(header[2], header[1] == "[[", counts)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1]), number)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of the path, or of the nearest table or key that holds it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def dotted(path: Path) -> str:
    """`phase1.levels[2].id`, as a person would write it."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def _table_path(name: str, is_array: bool, counts: Counter[Path]) -> Path:
    """The header's path with the index of the latest element of every array on the way."""
    path: Path = ()
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    for depth, part in enumerate(parts, start=1):
        path = (*path, part)
        if depth == len(parts) and is_array:
            counts[path] += 1
        if counts[path]:
            path = (*path, counts[path] - 1)
    return path
