"""What one decision costs as a trial grows: `python -m benchmarks.decider`.

Trials of the same make with 100 and with 100,000 subjects, built by the real decider; then the same
commands on both, one after the other in one run, medians of CPU time. Also the memory of the large
trial. `docs/performance.md` explains the figures.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from benchmarks.forms import MIXTURE, Forms
from benchmarks.trials import (
    CENTRE,
    SITES,
    STAFF,
    form_request,
    phase_two,
    protocol_text,
    request_of,
    utc_now,
)
from enrollment import commands as c
from enrollment.canonical import canonical
from enrollment.decide import decide
from enrollment.evolve import evolve
from enrollment.judging import judge_on_arrival, parsed
from enrollment.trial import Trial
from streams.ledger import TrialLedger, pack

SMALL: Final = 100
DOSED: Final = 20
LIVE: Final = 20
"""Who has a place in the end; whoever else gets one gives it back."""
LIMIT: Final = 1.2
CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class Make:
    """How a trial is made: places in Phase II, how many may wait, whether sites are limited."""

    name: str
    places: int
    waiting_max: int
    limited: bool = False


NO_END: Final = 10**9
ROOM: Final = Make("places left", 100_000, NO_END)
FULL: Final = Make("full, 10 wait", DOSED + LIVE, 10)
WAITING: Final = Make("full, all others wait", DOSED + LIVE, NO_END)
LIMITED: Final = Make("the same, sites limited", DOSED + LIVE, NO_END, limited=True)


class Builder:
    """Grows one trial; the verdict of a form is taken once for each form of the mixture."""

    def __init__(self, make: Make, subjects: int, now: datetime) -> None:
        prepared = phase_two(
            "BENCH", now, protocol_text(phase2_number=make.places, limited=make.limited)
        )
        self.trial = prepared.trial
        self.now = now
        self.subjects = subjects
        self._make = make
        self._verdicts: dict[str, dict[str, Any]] = {}
        self._forms = Forms(self.trial.in_force.local_date(now), SITES)

    def request(self, form: dict[str, Any], kind: str) -> c.JudgedRequest:
        verdict = self._verdicts.get(kind)
        if verdict is None:
            paper = parsed(form)
            verdict = judge_on_arrival(paper, self.trial.in_force, self.now).to_json()
            self._verdicts[kind] = verdict
        request = c.JudgedRequest(**dict(form_request("BENCH", form, self.now)), verdict=verdict)
        # As it comes from Kafka: no two requests share what they hold.
        return c.JUDGED_REQUEST.validate_json(request.model_dump_json())

    def forms(self, prefix: str) -> Iterable[tuple[str, dict[str, Any]]]:
        for number, form in enumerate(self._forms.of(prefix)):
            yield MIXTURE[number % len(MIXTURE)], form

    def build(self, told: Callable[[int], None]) -> Trial:
        """All subjects screened, one after the other."""
        for number, (kind, form) in enumerate(islice(self.forms("B"), self.subjects)):
            self._do(self.request(form, kind))
            self._go_on(form)
            if number % 100 == 0:
                told(number)
        return self.trial

    def _go_on(self, form: dict[str, Any]) -> None:
        """The first with a place are dosed, the next keep it; too many are released again."""
        trial, subject_id = self.trial, form["subject_id"]
        counts, subject = trial.phase2_counts, trial.subjects[subject_id]
        command: c.ReportFirstDose | c.ReleaseReservation | None = None
        if subject.slot is not None and counts.dosed < DOSED:
            dosed_on = trial.in_force.local_date(self.now)
            command = c.ReportFirstDose(subject_id=subject_id, dosed_on=dosed_on)
        elif counts.reserved > LIVE or trial.waiting[1] > self._make.waiting_max:
            command = c.ReleaseReservation(subject_id=subject_id, reason="Changed their mind.")
        if command is not None:
            request = request_of("BENCH", "next", self.now, STAFF[form["site_id"]], command)
            self._do(c.JudgedRequest(**dict(request)))

    def _do(self, request: c.JudgedRequest) -> None:
        decision = decide(self.trial, request)
        self.trial = evolve(self.trial, request.at, decision.events)


def cost(trial: Trial, request: c.JudgedRequest) -> float:
    """CPU microseconds to decide one command and to follow its events."""
    start = time.process_time_ns()
    decision = decide(trial, request)
    evolve(trial, request.at, decision.events)
    return (time.process_time_ns() - start) / 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One command on both trials: median microseconds, and the worst on the large one."""

    make: str
    command: str
    small: float
    large: float
    worst: float

    @property
    def ratio(self) -> float:
        return self.large / self.small


def compare(make: Make, small: Builder, large: Builder, repeats: int) -> list[Line]:
    """Each kind of command on both trials in turn, so that a busy moment hits both."""
    lines = []
    for command, requests in _commands(small, large):
        spent: tuple[list[float], list[float]] = ([], [])
        for number in range(repeats):
            for which in ((0, 1), (1, 0))[number % 2]:
                trial = (small, large)[which].trial
                spent[which].append(cost(trial, requests[which]))
        medians = [statistics.median(one) for one in spent]
        lines.append(Line(make.name, command, medians[0], medians[1], max(spent[1])))
    return lines


def _commands(
    small: Builder, large: Builder
) -> list[tuple[str, tuple[c.JudgedRequest, c.JudgedRequest]]]:
    """An eligible form, one that is not, the release of a place, a tick."""
    named = dict(islice(large.forms("NEW"), len(MIXTURE)))
    made = []
    for command, kind in (("eligible form", "eligible"), ("ineligible form", MIXTURE[1])):
        requests = (small.request(named[kind], kind), large.request(named[kind], kind))
        made.append((command, requests))
    made.append(("release of a place", (_release(small), _release(large))))
    tick = request_of("BENCH", "tick", small.now + timedelta(minutes=1), CENTRE, c.TimePassed())
    clock = c.JudgedRequest(**dict(tick))
    made.append(("tick", (clock, clock)))
    return made


def _release(builder: Builder) -> c.JudgedRequest:
    subject = next(s for s in builder.trial.subjects.values() if s.slot and s.slot.undosed)
    command = c.ReleaseReservation(subject_id=subject.subject_id, reason="Changed their mind.")
    actor = STAFF[subject.site_id]
    return c.JudgedRequest(**dict(request_of("BENCH", "release", builder.now, actor, command)))


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def decided_of(subjects: int) -> TrialLedger:
    """What the owner keeps besides the fold: one entry for each decision."""
    kept = TrialLedger(trial=None)  # type: ignore[arg-type]  # only its entries are weighed
    for number in range(2 * subjects):
        kept.decided[number.to_bytes(16, "big")] = pack(number, "0" * 64)
    return kept


@click.command(help=__doc__)
@click.option("--subjects", default=100_000, help="Of the large trial.")
@click.option("--repeats", default=300, help="Of each command on each trial.")
@click.option("--fewer", default=5_000, help="Of the large trial, where they are enough.")
def main(subjects: int, repeats: int, fewer: int) -> None:
    now = utc_now()
    lines: list[Line] = []
    memory = ""
    with Progress(console=CONSOLE) as bar:
        for make, large_size in (
            (ROOM, subjects),
            (FULL, fewer),
            (WAITING, subjects),
            (LIMITED, fewer),
        ):
            task = bar.add_task(f"{make.name}: {large_size:,} subjects", total=large_size)
            small = Builder(make, SMALL, now)
            small.build(lambda _: None)
            gc.collect()
            before = resident_mb()
            large = Builder(make, large_size, now)
            large.build(_teller(bar, task))
            bar.update(task, completed=large_size)
            gc.collect()
            if make is WAITING or make is ROOM:
                kept = decided_of(large_size)
                memory += (
                    f"{make.name}: {large_size:,} subjects take {resident_mb() - before:,.0f} MB "
                    f"with the index of decisions; this process {resident_mb():,.0f} MB.\n"
                )
                del kept
            lines += compare(make, small, large, repeats)
            del large
            gc.collect()
    show(lines, memory, len(canonical(next(iter(Forms(now.date(), SITES).of("X"))))))


def _teller(bar: Progress, task: TaskID) -> Callable[[int], None]:
    return lambda done: bar.update(task, completed=done)


def show(lines: list[Line], memory: str, form_bytes: int) -> None:
    table = Table(title=f"One decision, CPU microseconds (median); a form has {form_bytes:,} bytes")
    for head in ("trial", "command", "100", "large", "ratio", "worst of large"):
        table.add_column(head, justify="left" if head in ("trial", "command") else "right")
    for line in lines:
        ratio = f"{line.ratio:.2f}" + ("" if line.ratio <= LIMIT else " !")
        figures = (f"{line.small:,.0f}", f"{line.large:,.0f}", ratio, f"{line.worst:,.0f}")
        table.add_row(line.make, line.command, *figures)
    CONSOLE.print(table)
    CONSOLE.print(memory.rstrip())
    missed = [line for line in lines if line.ratio > LIMIT]
    CONSOLE.print(f"{len(missed)} of {len(lines)} above {LIMIT} times.")


if __name__ == "__main__":
    sys.exit(main())
