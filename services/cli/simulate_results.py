"""What a simulation came to, as one value: tables, JSON, CSV and the report are written from it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from cohorts.characteristics import Characteristics
from cohorts.designs.parameters import parameters_of
from enrollment.simulate_conditions import Conditions
from enrollment.simulate_summary import Mean, Summary
from enrollment.version import RULES_VERSION
from protocols.model import Protocol
from services.cli.simulate_designs import Compared

NONE = "none"
"""What tables call the selection of no dose."""


@dataclass(frozen=True, slots=True)
class Result:
    """One design: by simulation, and exactly where there is an exact way."""

    of: Compared
    summary: Summary
    exact: Characteristics | None

    @property
    def label(self) -> str:
        return self.of.label


@dataclass(frozen=True, slots=True)
class Simulation:
    """All designs, and everything that makes the same numbers again."""

    protocol: Protocol
    conditions: Conditions
    target: float
    seed: int
    results: tuple[Result, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(level.level_id for level in self.protocol.phase1.levels)

    @property
    def trials(self) -> int:
        return self.results[0].summary.trials


def as_json(found: Simulation) -> dict[str, Any]:
    """Plain JSON: probabilities from 0 to 1, days, people."""
    return {
        "kind": "holdfast.simulation",
        "format": 1,
        "holdfast": version("holdfast-trials"),
        "rules": RULES_VERSION,
        "protocol": {
            "id": found.protocol.protocol_id,
            "version": found.protocol.version,
            "digest": found.protocol.digest,
        },
        "levels": list(found.levels),
        "target": found.target,
        "trials": found.trials,
        "seed": found.seed,
        "conditions": asdict(found.conditions),
        "designs": [_design(result) for result in found.results],
    }


def _design(result: Result) -> dict[str, Any]:
    summary = result.summary
    design = result.of.protocol.phase1.design
    return {
        "label": result.label,
        "design": result.of.key,
        "parameters": parameters_of(design),
        "unfinished": summary.unfinished,
        "simulated": _characteristics(summary.characteristics)
        | {
            "days": asdict(summary.days) | asdict(summary.days_spread),
            "idle_days": asdict(summary.idle_days),
            "came": asdict(summary.came),
            "turned_away": asdict(summary.turned_away),
            "not_dosed": asdict(summary.not_dosed),
            "not_evaluable": asdict(summary.not_evaluable),
        },
        "exact": None if result.exact is None else _characteristics(result.exact),
    }


def _characteristics(found: Characteristics) -> dict[str, Any]:
    return {
        "select": list(found.select),
        "subjects": list(found.subjects),
        "dlts": list(found.dlts),
        "overdosing": found.overdosing,
        "select_above": found.select_above,
    }


COLUMNS = ("design", "quantity", "level", "simulated", "standard_error", "exact")


def as_csv(found: Simulation) -> str:
    """One line for each design, quantity and level; empty where there is no such value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in found.results:
        for row in _rows(result, found.levels):
            writer.writerow([result.label, *("" if value is None else value for value in row)])
    return out.getvalue()


Row = tuple[str, str | None, float, float | None, float | None]


def _rows(result: Result, levels: tuple[str, ...]) -> Iterator[Row]:
    summary, exact = result.summary, result.exact
    seen = summary.characteristics
    for at, level in enumerate((NONE, *levels)):
        share = seen.select[at]
        known = None if exact is None else exact.select[at]
        yield "selected", level, share, summary.share_error(share), known
    for at, level in enumerate(levels):
        known = None if exact is None else exact.subjects[at]
        yield "subjects", level, seen.subjects[at], None, known
    for at, level in enumerate(levels):
        yield "dlts", level, seen.dlts[at], None, None if exact is None else exact.dlts[at]
    over, known = seen.overdosing, None if exact is None else exact.overdosing
    yield "overdosing", None, over, summary.share_error(over), known
    for name in ("days", "idle_days", "came", "turned_away", "not_dosed", "not_evaluable"):
        mean: Mean = getattr(summary, name)
        yield name, None, mean.value, mean.error, None
    spread = summary.days_spread
    yield "days_10_percent", None, spread.low, None, None
    yield "days_median", None, spread.median, None, None
    yield "days_90_percent", None, spread.high, None, None
