"""The dose-escalation picture of the field: subjects in order, by level, DLTs marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.pages.charts.marks import WORDS, Mark

LEFT, TOP, ROW, COLUMN, MARGIN = 290.0, 28.0, 58.0, 46.0, 34.0
NARROWEST = 1000.0


@dataclass(frozen=True, slots=True)
class Row:
    """One dose level, the highest on top."""

    y: float
    level_id: str
    doses: str
    note: str


@dataclass(frozen=True, slots=True)
class Drawn:
    x: float
    y: float
    mark: Mark


@dataclass(frozen=True, slots=True)
class EscalationPicture:
    """All that the template draws, in units of the drawing."""

    width: float
    height: float
    rows: tuple[Row, ...]
    drawn: tuple[Drawn, ...]
    legend: tuple[tuple[float, float, str, str], ...]
    """x, y, shape, words."""
    sentence: str
    """The picture in words, for whoever cannot see it."""


def escalation_picture(
    levels: Sequence[tuple[str, str, str]], marks: Sequence[Mark]
) -> EscalationPicture:
    """`levels`, lowest first: id, doses in words, and a note such as "open" or "stopped"."""
    bottom = TOP + ROW * (len(levels) - 1)
    rows = tuple(
        Row(bottom - ROW * index, level_id, doses, note)
        for index, (level_id, doses, note) in enumerate(levels)
    )
    drawn = tuple(
        Drawn(LEFT + MARGIN + COLUMN * order, bottom - ROW * mark.level, mark)
        for order, mark in enumerate(marks)
    )
    width = max(NARROWEST, LEFT + 2 * MARGIN + COLUMN * max(0, len(marks) - 1))
    legend = _legend(bottom + 92.0, width, {mark.shape for mark in marks})
    height = (legend[-1][1] if legend else bottom + 60.0) + 18.0
    return EscalationPicture(width, height, rows, drawn, legend, _sentence(levels, marks))


def _legend(y: float, width: float, shapes: set[str]) -> tuple[tuple[float, float, str, str], ...]:
    found: list[tuple[float, float, str, str]] = []
    x = 20.0
    for shape, words in WORDS.items():
        if shape not in shapes:
            continue
        needed = 40.0 + 7.4 * len(words)
        if x + needed > width:
            x, y = 20.0, y + 26.0
        found.append((x, y, shape, words))
        x += needed
    return tuple(found)


def _sentence(levels: Sequence[tuple[str, str, str]], marks: Sequence[Mark]) -> str:
    if not marks:
        return "Nobody has a place in Phase I yet."
    parts = []
    for index, (level_id, _, _) in enumerate(levels):
        here = [mark for mark in marks if mark.level == index]
        if here:
            said = [f"{sum(m.shape == s for m in here)} {w}" for s, w in WORDS.items()]
            parts.append(f"{level_id}: " + ", ".join(p for p in said if not p.startswith("0 ")))
    return "; ".join(parts) + "."
