"""Realistic screening forms in a fixed mixture of outcomes, from the examples, dated for a day."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "examples" / "forms"
WRITTEN_ON: Final = "completed_on"
MIXTURE: Final = (
    "eligible",
    "ineligible-third-line",
    "eligible-man",
    "incomplete-stale-pregnancy-test",
    "eligible-endocrine-and-radiotherapy",
    "eligible-treated-brain-metastases",
    "second-line-needs-review",
    "eligible",
    "her2-pending-fish",
    "eligible-endocrine-and-radiotherapy",
)
"""Six of ten are eligible; one is not, two are incomplete, one needs a person."""

_DATE: Final = re.compile(r'"(\d{4}-\d{2}-\d{2})"')


class Forms:
    """Forms completed on one day, each of a new subject, over the sites in turn."""

    def __init__(
        self, on: date, sites: tuple[str, ...], mixture: tuple[str, ...] = MIXTURE
    ) -> None:
        self._bases = [dated(name, on) for name in mixture]
        self._sites = sites

    def of(self, prefix: str, start: int = 0) -> Iterator[dict[str, Any]]:
        """For ever: the forms of the subjects `<prefix>-<number>`."""
        for number, base in enumerate(cycle(self._bases), start):
            site = self._sites[number % len(self._sites)]
            yield base | {"subject_id": f"{prefix}-{number}", "site_id": site}


def dated(name: str, on: date) -> dict[str, Any]:
    """An example form as if it were completed on this day: every whole date moves along."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    shift = on - date.fromisoformat(json.loads(text)[WRITTEN_ON])

    def moved(found: re.Match[str]) -> str:
        return f'"{_moved(date.fromisoformat(found[1]), shift)}"'

    form: dict[str, Any] = json.loads(_DATE.sub(moved, text))
    return form


def _moved(day: date, shift: timedelta) -> str:
    return (day + shift).isoformat()
