"""The table at the end: rounds, faults by kind, recoveries, seconds to recover, violations."""

from collections import Counter
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.faults.campaign import Outcome


def show(console: Console, outcomes: list[Outcome], seed: int, folder: Path, options: str) -> int:
    """Prints it; 0 with no violation, else 1. `options` are those that a round depends on."""
    faults = Counter(kind for outcome in outcomes for kind in outcome.faults)
    recoveries: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    for outcome in outcomes:
        recoveries.update(outcome.recoveries)
        reached.update(outcome.reached)
    seconds = [o.seconds_to_recover for o in outcomes if o.seconds_to_recover is not None]
    table = Table(title=f"Fault campaign, seed {seed}", title_justify="left")
    table.add_column("what")
    table.add_column("how often", justify="right")
    table.add_row("rounds", str(sum(outcome.number >= 0 for outcome in outcomes)))
    table.add_row("commands sent", str(sum(outcome.commands for outcome in outcomes)))
    table.add_section()
    for kind, times in sorted(faults.items()):
        table.add_row(f"fault: {kind}", str(times))
    table.add_section()
    for name, times in sorted(reached.items()):
        table.add_row(f"reached: {name}", str(times))
    table.add_section()
    for name, times in sorted(recoveries.items()):
        table.add_row(f"told: {name}", str(times))
    table.add_section()
    if seconds:
        told = f"{median(seconds):.1f} / {max(seconds):.1f}"
        table.add_row("seconds to recover: median / worst", told)
    violations = [v for outcome in outcomes for v in outcome.violations]
    table.add_row("violations", str(len(violations)), style="red" if violations else "green")
    console.print(table)
    for outcome in outcomes:
        if outcome.violations:
            names = ", ".join(sorted({v.name for v in outcome.violations}))
            again = f"python -m tests.faults --seed {seed} --round {outcome.number}{options}"
            console.print(f"round {outcome.number}: {names}. Again: {again}", soft_wrap=True)
    if violations:
        console.print(f"Histories, injections and logs: {folder}", soft_wrap=True)
    return 1 if violations else 0
