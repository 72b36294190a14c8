"""Runs simulated trials: seeds for each trial alone, any number of processes, the same numbers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from multiprocessing import get_context
from random import Random
from typing import Final

from enrollment.simulate import SimulatedTrial, simulate
from enrollment.simulate_conditions import Conditions
from enrollment.simulate_trial import opened_trial
from enrollment.trial import Trial
from protocols.parse import parse_protocol

CHUNK: Final = 20
"""Trials that a process is handed at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """Trials `first` up to `first + count` of one protocol under the same conditions."""

    text: str
    conditions: Conditions
    seed: int
    first: int
    count: int


def chance_of(seed: int, number: int) -> Random:
    """The chance of one trial, from the seed and its number alone: whoever runs it, and when."""
    return Random(int.from_bytes(sha256(f"holdfast/{seed}/{number}".encode()).digest()))


def run(
    text: str,
    conditions: Conditions,
    seed: int,
    trials: int,
    processes: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[SimulatedTrial]:
    """Trial 0 to `trials - 1`, in order; `advance` is told how many more are done."""
    starts = range(0, trials, CHUNK)
    jobs = [Job(text, conditions, seed, at, min(CHUNK, trials - at)) for at in starts]
    found: list[SimulatedTrial] = []
    for done in _each(jobs, min(processes, len(jobs))):
        found += done
        advance(len(done))
    return found


def _each(jobs: list[Job], processes: int) -> Iterator[list[SimulatedTrial]]:
    if processes <= 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def work(job: Job) -> list[SimulatedTrial]:
    """One job, in whatever process."""
    opened = _opened(job.text)
    numbers = range(job.first, job.first + job.count)
    return [simulate(opened, job.conditions, chance_of(job.seed, number)) for number in numbers]


@lru_cache(maxsize=8)
def _opened(text: str) -> Trial:
    return opened_trial(parse_protocol(text))
