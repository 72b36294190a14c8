"""DLT windows as a swimmer plot: a lane for each subject, first dose to end, today's line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.pages.charts.axis import DateAxis
from services.pages.charts.marks import Mark

LEFT, RIGHT, TOP, LANE = 170.0, 980.0, 40.0, 28.0
WIDTH = 1000.0
MOST = 40
"""Lanes drawn; the newest are kept."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One dosed subject."""

    y: float
    label: str
    begin: float
    end: float
    done: float
    """Up to here the window has passed: today, the DLT, or its end."""
    onset: float | None
    mark: Mark
    words: str


@dataclass(frozen=True, slots=True)
class SwimmerPlot:
    """All that the template draws, in units of the drawing; `left_out` are older lanes."""

    height: float
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    today: float
    today_words: str
    bottom: float
    left_out: int
    width: float = WIDTH


def swimmer_plot(
    marks: Sequence[Mark], level_ids: Sequence[str], today: date
) -> SwimmerPlot | None:
    """None where nobody was dosed yet."""
    dosed = [mark for mark in marks if mark.dosed_on and mark.window_ends_on]
    shown = sorted(dosed, key=lambda mark: (mark.dosed_on or today, mark.number))[-MOST:]
    if not shown:
        return None
    first = min(mark.dosed_on for mark in shown if mark.dosed_on)
    last = max([today, *(mark.window_ends_on for mark in shown if mark.window_ends_on)])
    axis = DateAxis(first, last + timedelta(days=1), LEFT, RIGHT)
    lanes = tuple(
        _lane(axis, mark, TOP + LANE * place, level_ids[mark.level], today)
        for place, mark in enumerate(shown)
    )
    bottom = TOP + LANE * len(shown)
    return SwimmerPlot(
        height=bottom + 40.0,
        lanes=lanes,
        ticks=axis.ticks(),
        today=axis.x(today),
        today_words=f"today, {today.day} {today:%b}",
        bottom=bottom,
        left_out=len(dosed) - len(shown),
    )


def _lane(axis: DateAxis, mark: Mark, y: float, level_id: str, today: date) -> Lane:
    begins, ends = mark.dosed_on, mark.window_ends_on
    assert begins is not None
    assert ends is not None
    stops = {"dlt": mark.dlt_onset_on or ends, "cleared": ends}.get(mark.shape, min(today, ends))
    onset = None if mark.dlt_onset_on is None else axis.x(mark.dlt_onset_on)
    days = (ends - begins).days
    passed = min(max((stops - begins).days, 0), days)
    words = f"{mark.words}; day {passed} of {days}, window ends {ends.day} {ends:%B}"
    label = f"{mark.subject_id} · {level_id}"
    return Lane(y, label, axis.x(begins), axis.x(ends), axis.x(stops), onset, mark, words)
