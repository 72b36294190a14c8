"""What the pipeline benchmark found, and the tables that show it."""

import os
import platform
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from benchmarks.stack import Use
from benchmarks.stages import Cost


@dataclass(frozen=True, slots=True)
class Throughput:
    """Forms a second, and the CPU of each process for one form in microseconds."""

    name: str
    forms: int
    per_second: float
    cpu_us: dict[str, float]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the first byte of a POST to the last of its answer."""

    name: str
    rate: float
    p50: float
    p99: float
    worst: float
    count: int


@dataclass(slots=True)
class Report:
    throughputs: list[Throughput] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    memory: dict[str, Use] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)
    bare: float = 0.0


def show(report: Report, rate: int, console: Console) -> None:
    """The tables at the end."""
    console.print(_throughput_table(report))
    console.print(_latency_table(report, rate))
    console.print(_process_table(report))
    console.print(_stage_table(report))
    best = report.throughputs[0].per_second
    if report.bare:
        console.print(
            f"A bare aiokafka consumer reads the same topic at {report.bare:,.0f} messages/s: "
            f"{report.bare / best:.0f} times the pipeline, which reads and writes three topics."
        )
    console.print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"load before the end {os.getloadavg()[0]:.1f}"
    )


def _throughput_table(report: Report) -> Table:
    names = list(dict.fromkeys(name for one in report.throughputs for name in one.cpu_us))
    table = Table(title="Forms a second; CPU of each process for one form in microseconds")
    for head in ("way", "forms", "forms/s", *names):
        table.add_column(head, justify="left" if head == "way" else "right")
    for one in report.throughputs:
        cpu = [f"{one.cpu_us[name]:,.0f}" if name in one.cpu_us else "" for name in names]
        table.add_row(one.name, f"{one.forms:,}", f"{one.per_second:,.0f}", *cpu)
    return table


def _latency_table(report: Report, rate: int) -> Table:
    table = Table(title=f"POST with Prefer: wait, {rate} forms a second, milliseconds")
    for head in ("topics", "forms", "forms/s", "p50", "p99", "worst"):
        table.add_column(head, justify="left" if head == "topics" else "right")
    for one in report.latencies:
        figures = (f"{value:.1f}" for value in (one.rate, one.p50, one.p99, one.worst))
        table.add_row(one.name, f"{one.count:,}", *figures)
    return table


def _process_table(report: Report) -> Table:
    table = Table(title="Memory after the throughput measurements, MB")
    for head in ("process", "resident", "peak"):
        table.add_column(head, justify="left" if head == "process" else "right")
    for name, use in report.memory.items():
        table.add_row(name, f"{use.memory_mb:,.0f}", f"{use.memory_peak_mb:,.0f}")
    return table


def _stage_table(report: Report) -> Table:
    table = Table(title="CPU of the stages for one form, in process, microseconds (median)")
    for head in ("stage", "part", "us"):
        table.add_column(head, justify="right" if head == "us" else "left")
    for cost in report.costs:
        table.add_row(cost.stage, cost.part, f"{cost.microseconds:,.0f}")
    return table
