"""The charts of a simulation as SVG: letters and patterns tell designs apart, not colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Final

from services.cli.simulate_results import NONE, Simulation

WIDTH: Final = 960
LEFT: Final = 150
RIGHT: Final = 640
BAR: Final = 16
GAP: Final = 12
HEAD: Final = 40
LINE: Final = 18
LETTERS: Final = 120
"""So many letters of a sentence surely fit the picture, whichever font there is."""
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000")
"""Okabe and Ito 2008: told apart with every kind of colour vision."""
PATTERNS: Final = (
    "",
    "M0,8 L8,0",
    "M0,4 H8",
    "M4,0 V8",
    "M0,0 L8,8",
    "M0,4 H8 M4,0 V8",
    "M0,8 L8,0 M0,0 L8,8",
)
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#111}.t{font-weight:600;font-size:15px}"
    ".s{fill:#444;font-size:12px}.a{stroke:#888}.e{fill:#111}"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose, how long (of the axis), what it says, and where the exact value is."""

    design: int
    value: float
    says: str
    exact: float | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A part of a figure: `body` is as high as `height`; `says` tells it to whoever cannot see."""

    body: str
    height: int
    title: str
    says: str


def letter(design: int) -> str:
    """How charts call a design: A, B, ... Z, then A1."""
    return chr(ord("A") + design % 26) + (str(design // 26) if design >= 26 else "")


def selection(found: Simulation) -> Drawing:
    """Bars of how often each dose is selected."""
    groups = []
    for at in range(len(found.levels) + 1):
        bars = []
        for number, result in enumerate(found.results):
            share = result.summary.characteristics.select[at]
            exact = None if result.exact is None else result.exact.select[at]
            known = "" if exact is None else f", exact {100 * exact:.1f} %"
            bars.append(Bar(number, share, f"{100 * share:.1f} %{known}", exact))
        groups.append((_dose(found, at), bars))
    return _bars("Selected as MTD, share of trials", groups, 1.0, found)


def exposure(found: Simulation) -> Drawing:
    """Bars of how many are dosed at each level."""
    drawn = [result.summary.characteristics.subjects for result in found.results]
    drawn += [result.exact.subjects for result in found.results if result.exact is not None]
    most = max(max(subjects) for subjects in drawn)
    groups = []
    for at in range(len(found.levels)):
        bars = []
        for number, result in enumerate(found.results):
            seen = result.summary.characteristics
            exact = None if result.exact is None else result.exact.subjects[at]
            known = "" if exact is None else f" (exact {exact:.1f})"
            said = f"{seen.subjects[at]:.1f} subjects{known}, {seen.dlts[at]:.1f} DLTs"
            bars.append(Bar(number, seen.subjects[at], said, exact))
        groups.append((_dose(found, at + 1), bars))
    return _bars("Subjects dosed at each level, mean", groups, most or 1.0, found)


def duration(found: Simulation) -> Drawing:
    """A line from the tenth to the ninetieth part of the trials, and a mark at the half."""
    spreads = [result.summary.days_spread for result in found.results]
    scale = (RIGHT - LEFT) / max(1.0, *(spread.high for spread in spreads))
    parts, told = [], []
    for number, spread in enumerate(spreads):
        y = HEAD + number * (BAR + GAP) + BAR // 2
        low, mid, high = (LEFT + scale * at for at in (spread.low, spread.median, spread.high))
        says = f"median {spread.median:.0f}, {spread.low:.0f} to {spread.high:.0f} days"
        told.append(f"{letter(number)}: {says}")
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{letter(number)}</text>'
            f'<path d="M{low:.1f},{y} H{high:.1f} M{low:.1f},{y - 6} v12 M{high:.1f},{y - 6} v12" '
            f'stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="3" fill="none"/>'
            f'<circle cx="{mid:.1f}" cy="{y}" r="6" class="e"/>'
            f'<text x="{RIGHT + 12}" y="{y + 4}">{says}</text>'
        )
    height = HEAD + len(spreads) * (BAR + GAP) + GAP
    return Drawing(
        "".join(parts),
        height,
        "Days from the opening to the end of Phase I, median and 10 % to 90 % of trials",
        ". ".join(told),
    )


def legend(found: Simulation, *, bars: bool = True) -> Drawing:
    """Which letter and pattern is which design; a diamond on a bar is the exact value."""
    diamonds = bars and any(result.exact is not None for result in found.results)
    parts = []
    for number, result in enumerate(found.results):
        y = HEAD + number * (BAR + 6)
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="28" height="{BAR}" fill="url(#p{number})" '
            f'stroke="#111"/><text x="{LEFT + 38}" y="{y + 13}">{letter(number)}: '
            f"{escape(result.label)}</text>"
        )
    labels = "; ".join(f"{letter(n)} is {r.label}" for n, r in enumerate(found.results))
    return Drawing(
        "".join(parts),
        HEAD + len(found.results) * (BAR + 6) + GAP,
        "Designs (diamonds: exact values)" if diamonds else "Designs",
        labels,
    )


def words(title: str, lines: Sequence[str]) -> Drawing:
    """Sentences below a title, broken where the picture ends; they need no other alternative."""
    parts, y = [], HEAD + 4
    for line in lines:
        for part in wrap(line, LETTERS):
            parts.append(f'<text x="8" y="{y}">{escape(part)}</text>')
            y += LINE
        y += LINE // 3
    return Drawing("".join(parts), y, title, " ".join(lines))


def patterns(found: Simulation) -> str:
    """One fill for each design: no two have both colour and pattern in common, of 49."""
    made = []
    for number in range(len(found.results)):
        colour = COLOURS[number % len(COLOURS)]
        lines = PATTERNS[(number + number // len(COLOURS)) % len(PATTERNS)]
        made.append(
            f'<pattern id="p{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{colour}"/>'
            f'<path d="{lines}" stroke="#fff" stroke-width="2"/></pattern>'
        )
    return f"<defs>{''.join(made)}</defs>"


def svg(
    drawings: Sequence[Drawing], defs: str, title: str, untitled: Sequence[Drawing] = ()
) -> str:
    """The drawings one below the other, as one picture with a text alternative.

    Those that are `untitled` have their title elsewhere, such as above the picture.
    """
    y, parts = 0, []
    for drawing in drawings:
        head = f'<text class="t" x="8" y="22">{escape(drawing.title)}</text>'
        if drawing in untitled:
            head, y = "", y - HEAD + GAP
        parts.append(f'<g transform="translate(0 {y})">{head}{drawing.body}</g>')
        y += drawing.height
    says = " ".join(f"{drawing.title}: {drawing.says}." for drawing in drawings)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
        f'width="{WIDTH}" height="{y}"><title>{escape(title)}</title><desc>{escape(says)}</desc>'
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{y}" fill="#fff"/>'
        f"{defs}{''.join(parts)}</svg>"
    )


def _dose(found: Simulation, at: int) -> tuple[str, str]:
    """A group's name, and the truth below it."""
    if at == 0:
        return NONE, "no dose"
    p = found.conditions.truth[at - 1]
    return found.levels[at - 1], f"truth {p:.2f}{', above' if p > found.target else ''}"


def _bars(
    title: str, groups: Sequence[tuple[tuple[str, str], list[Bar]]], most: float, found: Simulation
) -> Drawing:
    y, parts, told = HEAD, [], []
    scale = (RIGHT - LEFT) / most
    for (name, below), bars in groups:
        parts.append(f'<text x="8" y="{y + 13}">{escape(name)}</text>')
        parts.append(f'<text class="s" x="8" y="{y + 29}">{escape(below)}</text>')
        for bar in bars:
            parts.append(_bar(bar, y, scale))
            y += BAR + 2
        said = ", ".join(f"{letter(bar.design)} {bar.says}" for bar in bars)
        told.append(f"{name} ({below}): {said}")
        y += max(0, 34 - len(bars) * (BAR + 2)) + GAP
    axis = f'<path class="a" d="M{LEFT},{HEAD - 6} V{y - GAP + 4}"/>'
    return Drawing("".join([*parts, axis]), y + 4, title, "; ".join(told))


def _bar(bar: Bar, y: int, scale: float) -> str:
    width = max(0.5, bar.value * scale)
    mark = ""
    if bar.exact is not None:
        x, mid = LEFT + bar.exact * scale, y + BAR / 2
        mark = f'<path class="e" stroke="#fff" d="M{x:.1f},{mid - 6} l5,6 l-5,6 l-5,-6 z"/>'
    return (
        f'<text class="s" x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{letter(bar.design)}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="url(#p{bar.design})" '
        f'stroke="#111" stroke-width="0.5"/>{mark}'
        f'<text class="s" x="{RIGHT + 12}" y="{y + 12}">{escape(bar.says)}</text>'
    )
