"""CPU of the real stages for one form, in this process: all but Faust, Kafka and Redis."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.forms import Forms
from benchmarks.trials import SITES, Prepared, form_request, phase_two, protocol_text, utc_now
from enrollment.judging import judge_on_arrival, parsed
from streams.cloud_events import cloud_events_json
from streams.health import Health
from streams.inbox import Item
from streams.judge import JudgeStage, _InForce
from streams.kafka import Outgoing
from streams.ledger import Ledger
from streams.record import parse_without_forms
from streams.requests import request_message
from streams.rules import RULES, judge_form, parse_protocol
from streams.settings import Settings
from streams.work import Work, decide_items

FORMS = 600
BATCH = 20
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cost:
    """Median CPU microseconds for one form."""

    stage: str
    part: str
    microseconds: float


class _Kept:
    """Takes what a stage sends, and does nothing with it."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    async def send_all(self, messages: Sequence[Outgoing]) -> list[int]:
        self.messages += messages
        return []


def stage_costs() -> list[Cost]:
    """Judge, decide and announce, each on what the one before it made of the same forms."""
    settings = Settings(kafka_bootstrap="nowhere:1", redis_url="redis://nowhere:1/0", partitions=1)
    trial = phase_two("BENCH", utc_now(), protocol_text(phase2_number=100_000, limited=False))
    forms = Forms(trial.trial.in_force.local_date(trial.at), SITES).of("S")
    requests = [form_request("BENCH", form, trial.at) for form in itertools.islice(forms, FORMS)]
    sent = [request_message(request, 1).value for request in requests]
    protocol = trial.trial.in_force
    judge_us, commands = asyncio.run(_judge(settings, trial, _items(sent)))
    decide_us, stored = _decide(trial, _items(commands))
    parse_us, records = _each(parse_without_forms, stored)
    tell_us, _ = _each(cloud_events_json, records)
    readable = [request.command.form for request in requests]  # type: ignore[union-attr]
    form_us, papers = _each(parsed, readable)
    verdict_us, _ = _each(lambda paper: judge_on_arrival(paper, protocol, trial.at), papers)
    return [
        Cost("judge", "all", judge_us),
        Cost("judge", "of it: the form read strictly", form_us),
        Cost("judge", "of it: all criteria judged", verdict_us),
        Cost("decide", "all: read, decided, evolved, written as a record", decide_us),
        Cost("announce", "all", parse_us + tell_us),
        Cost("announce", "of it: the record read, if another process wrote it", parse_us),
    ]


async def _judge(
    settings: Settings, trial: Prepared, items: Sequence[Item]
) -> tuple[float, list[bytes]]:
    kept: Any = _Kept()
    stage = JudgeStage(settings, parse_protocol, judge_form, kept, kept, Health())
    stage.inbox.assigned((0,))
    stage._in_force[trial.trial_id] = _InForce(0, trial.trial.in_force, time.monotonic() + 3600)
    spent = []
    for batch in _batches(items):
        start = time.process_time_ns()
        await stage.handle(batch)
        spent.append((time.process_time_ns() - start) / len(batch) / 1000)
    return statistics.median(spent), [message.value for message in kept.messages]


def _decide(trial: Prepared, items: Sequence[Item]) -> tuple[float, list[bytes]]:
    ledger = Ledger(0)
    ledger.of(trial.trial_id, RULES).trial = trial.trial
    spent, stored = [], []
    for batch in _batches(items):
        start = time.process_time_ns()
        work: Work = decide_items(ledger, batch, RULES, 1)
        first = ledger.last_offset + 1
        work.accept(range(first, first + len(batch)))
        spent.append((time.process_time_ns() - start) / len(batch) / 1000)
        stored += [written.record.stored for written in work.written]
    return statistics.median(spent), stored


def _items(values: Sequence[bytes]) -> list[Item]:
    now_ms = time.time() * 1000
    return [Item(0, 1, offset, now_ms, b"BENCH", value) for offset, value in enumerate(values)]


def _batches(items: Sequence[Item]) -> Iterable[list[Item]]:
    return (list(items[first : first + BATCH]) for first in range(0, len(items), BATCH))


def _each(work: Callable[[T], R], given: Sequence[T]) -> tuple[float, list[R]]:
    spent, made = [], []
    for one in given:
        start = time.process_time_ns()
        made.append(work(one))
        spent.append((time.process_time_ns() - start) / 1000)
    return statistics.median(spent), made
