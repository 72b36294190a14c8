"""The accrual curve of Phase II: subjects dosed over time, against the number of the protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.pages.charts.axis import DateAxis, count_ticks

LEFT, RIGHT, TOP, BOTTOM = 60.0, 980.0, 24.0, 300.0
WIDTH, HEIGHT = 1000.0, 345.0


@dataclass(frozen=True, slots=True)
class AccrualCurve:
    """`path` is a step line; `planned` the line of the number that Phase II is to take."""

    path: str
    planned: float
    planned_words: str
    ticks: tuple[tuple[float, str], ...]
    counts: tuple[tuple[float, int], ...]
    sentence: str
    width: float = WIDTH
    height: float = HEIGHT
    bottom: float = BOTTOM


def accrual_curve(dosed_on: Sequence[date], number: int, today: date) -> AccrualCurve | None:
    """None before anybody was dosed. `number` is the planned number of subjects."""
    if not dosed_on:
        return None
    days = sorted(dosed_on)
    axis = DateAxis(days[0] - timedelta(days=1), max(today, days[-1]), LEFT, RIGHT)
    counts = count_ticks(max(number, len(days)))
    highest = counts[-1]

    def y(count: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * count / highest, 1)

    steps = [f"M{axis.x(axis.first)},{y(0)}"]
    for count, on in enumerate(days, 1):
        steps.append(f"H{axis.x(on)}V{y(count)}")
    steps.append(f"H{axis.x(max(today, days[-1]))}")
    sentence = (
        f"{len(days)} of {number} subjects dosed, the first on {days[0].day} {days[0]:%B %Y}, "
        f"the latest on {days[-1].day} {days[-1]:%B %Y}."
    )
    return AccrualCurve(
        path="".join(steps),
        planned=y(number),
        planned_words=f"planned: {number}",
        ticks=axis.ticks(),
        counts=tuple((y(count), count) for count in counts),
        sentence=sentence,
    )
