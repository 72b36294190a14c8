"""Measures the escalation designs: `python -m benchmarks.designs`.

Exact operating characteristics, and a thousand trials at once, against their aims and against peers
that are timed in the same run where they can be had. `docs/performance.md` explains the figures.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.peers import Peer, clintrials, fork_of_clintrials, r_packages
from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.exact_characteristics import exact_characteristics, steps_of
from cohorts.many_trials import three_plus_three_trials, trials_by_counts
from enrollment.simulate import simulate
from enrollment.simulate_conditions import Conditions
from enrollment.simulate_trial import opened_trial
from enrollment.trial import Trial
from protocols.parse import parse_protocol

SIX: Final = (0.05, 0.10, 0.20, 0.30, 0.45, 0.60)
FIVE: Final = (0.05, 0.12, 0.25, 0.40, 0.55)
TRIALS: Final = 1_000
DECIDED: Final = 100
SUBJECTS: Final = 30
SEED: Final = 20260828
CONSOLE: Final = Console()


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to measure, its aim in seconds if any, and the task of the peers to compare."""

    name: str
    aim: float | None
    work: Callable[[], object]
    peer_task: str = ""
    times: int = 1
    """How often the work must be done for what the name says; few of slow ones are measured."""
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of wall and of CPU, medians over the repeats."""

    wall: float
    cpu: float


def boin() -> Boin:
    """A new object each time: it remembers its letters."""
    return Boin(target=Fraction(1, 4), max_subjects=SUBJECTS, max_per_level=SUBJECTS)


def crm() -> Crm:
    """As `crmsim` of dfcrm in the same setting: no skipping, no rise straight after a DLT."""
    return Crm(skeleton=FIVE, target=0.25, max_subjects=SUBJECTS, max_per_level=SUBJECTS)


def three_plus_three_at_once() -> object:
    """Drawing the outcomes is part of it, as it is for the peers."""
    first, second = np.random.default_rng(SEED).binomial(3, SIX, (2, TRIALS, len(SIX)))
    return three_plus_three_trials("A", first, second).characteristics(SIX, 0.25)


def at_once(design: Boin | Crm) -> object:
    """A thousand trials in whole cohorts of three."""
    uniforms = np.random.default_rng(SEED).random((TRIALS, SUBJECTS))
    steps = steps_of(design, len(FIVE))
    return trials_by_counts(steps, uniforms, FIVE).characteristics(FIVE, 0.25)


@cache
def shipped_trial() -> Trial:
    """The trial that ships with Holdfast, under its own 3+3, opened."""
    text = (Path(__file__).parents[1] / "protocols" / "nct00825734.toml").read_text("utf-8")
    return opened_trial(parse_protocol(text))


def through_the_decider() -> object:
    """Arrivals, places, windows, reports and signatures, each a command to `decide`."""
    conditions = Conditions(truth=SIX[: len(shipped_trial().levels)])
    found = [simulate(shipped_trial(), conditions, Random(SEED + n)) for n in range(DECIDED)]
    assert all(trial.finished for trial in found)
    return found


ROWS: Final = (
    Row("1,000 trials of the 3+3, 6 doses", 0.005, three_plus_three_at_once, "3+3"),
    Row(
        "exact 3+3, 6 doses",
        0.001,
        lambda: exact_characteristics(ThreePlusThree("A"), SIX, 0.25),
        "3+3",
    ),
    Row(
        "exact BOIN, 5 doses, 30 subjects",
        0.3,
        lambda: exact_characteristics(boin(), FIVE, 0.25),
        "BOIN",
    ),
    Row(
        "exact CRM, 5 doses, 30 subjects",
        0.3,
        lambda: exact_characteristics(crm(), FIVE, 0.25),
        "CRM",
    ),
    Row("1,000 trials of the CRM, cohorts of 3", 0.1, lambda: at_once(crm()), "CRM"),
    Row("1,000 trials of BOIN, cohorts of 3", None, lambda: at_once(boin()), "BOIN"),
    Row(
        "1,000 trials through the real decider (100 measured)",
        10.0,
        through_the_decider,
        times=TRIALS // DECIDED,
        repeats=3,
    ),
)


@click.command(help=__doc__)
@click.option("--peers/--no-peers", default=True, help="Time peers too, installed for this run.")
@click.option("--repeats", default=15, help="How often each of ours is measured.")
def main(peers: bool, repeats: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=CONSOLE, transient=True) as bar:
        task = bar.add_task("measuring", total=len(ROWS) + (2 if peers else 0))
        found: list[Measured] = []
        for row in ROWS:
            bar.update(task, description=row.name)
            found.append(measured(row, repeats))
            bar.advance(task)
        others = [*peers_in_turn(lambda: bar.advance(task))] if peers else []
    CONSOLE.print(own_table(found))
    if peers:
        CONSOLE.print(peer_table(found, others))
        for peer in others:
            if peer.why_not:
                CONSOLE.print(f"{peer.name}: not measured, {peer.why_not}")
        CONSOLE.print(
            "How long peers took elsewhere, as context only: tests/oracles/data/peers_timing.csv"
        )
    CONSOLE.print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, load at the end {os.getloadavg()[0]:.1f}"
    )


def measured(row: Row, repeats: int) -> Measured:
    """Medians; the first call, which fills caches, is not among them."""
    row.work()
    walls, cpus = [], []
    for _ in range(row.repeats or repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        row.work()
        cpus.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    return Measured(statistics.median(walls) * row.times, statistics.median(cpus) * row.times)


def peers_in_turn(done: Callable[[], object]) -> list[Peer]:
    """Every peer, measured or with the reason why it is not."""
    found = [clintrials(trials=500, crm_trials=100), fork_of_clintrials()]
    done()
    found += r_packages()
    done()
    return found


def own_table(found: list[Measured]) -> Table:
    """Ours against the aims."""
    table = Table(title="Designs, milliseconds (medians)")
    for head in ("what", "aim", "wall", "CPU", "aim / wall", ""):
        table.add_column(head, justify="left" if head in ("what", "") else "right")
    for row, one in zip(ROWS, found, strict=True):
        figures = f"{one.wall * 1e3:,.2f}", f"{one.cpu * 1e3:,.2f}"
        if row.aim is None:
            table.add_row(row.name, "", *figures)
            continue
        reached = "reached" if one.wall <= row.aim else "not reached"
        table.add_row(
            row.name, f"{row.aim * 1e3:,g}", *figures, f"{row.aim / one.wall:.1f}", reached
        )
    return table


def peer_table(found: list[Measured], peers: list[Peer]) -> Table:
    """CPU of a thousand trials by a peer, over the CPU of each of ours that answers the same."""
    table = Table(title="Peers in the same run: CPU of 1,000 trials, and how many times ours")
    for head in ("ours", "CPU ms", "peer", "peer CPU ms", "times"):
        table.add_column(head, justify="left" if head in ("ours", "peer") else "right")
    for row, one in zip(ROWS, found, strict=True):
        for peer in peers:
            if row.peer_task in peer.seconds:
                theirs = peer.seconds[row.peer_task] * TRIALS
                figures = (f"{theirs * 1e3:,.0f}", f"{theirs / one.cpu:,.0f}")
                table.add_row(row.name, f"{one.cpu * 1e3:.2f}", peer.name, *figures)
    return table


if __name__ == "__main__":
    main()
