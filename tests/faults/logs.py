"""What the workers said of their recoveries, counted by name from their logs."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

NAMES = {
    "the worker ends": "worker ended unsure",
    "parked": "parked",
    "trial halted": "TRIAL HALTED",
}
"""What is told without a `case` of `docs/operations.md`."""


@dataclass(slots=True)
class Recoveries:
    """Counts from where each log ends now."""

    logs: dict[str, Path]
    _starts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = {n: p.stat().st_size for n, p in self.logs.items() if p.exists()}

    def counted(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for name, path in self.logs.items():
            with path.open("rb") as file:
                file.seek(self._starts.get(name, 0))
                for line in file:
                    counts.update(_named(line))
        return dict(counts)


def _named(line: bytes) -> list[str]:
    try:
        said = json.loads(line)
        case, message = said.get("case"), str(said.get("message", ""))
    except (ValueError, AttributeError):
        return []
    named = [name for words, name in NAMES.items() if words in message]
    return [str(case), *named] if case else named
