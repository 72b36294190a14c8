"""Fills `trial.log` with the decisions of one trial, taken by the real decider in this process."""

import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta

from benchmarks.forms import Forms
from benchmarks.trials import SITES, Prepared, form_request, phase_two, protocol_text, utc_now
from enrollment.commands import JudgedRequest, Request
from streams.batch import Command, Written, decide_all
from streams.kafka import Outgoing, Producer
from streams.ledger import Ledger
from streams.partition import partition_of
from streams.rules import RULES
from streams.settings import Settings
from streams.topics import LOG

BATCH = 100


async def fill(
    settings: Settings,
    producer: Producer,
    trial_id: str,
    forms: int,
    places: int,
    told: Callable[[int], None],
) -> int:
    """A trial in Phase II with so many places, and one form each of so many subjects.

    Returns how many records there are in all.
    """
    prepared = phase_two(trial_id, utc_now(), protocol_text(phase2_number=places, limited=False))
    made = Forms(prepared.trial.in_force.local_date(prepared.at), SITES).of("S")
    requests = itertools.chain(
        prepared.requests,
        (form_request(trial_id, form, prepared.at) for form in itertools.islice(made, forms)),
    )
    ledger, done = Ledger(partition_of(trial_id, settings.partitions)), 0
    while some := list(itertools.islice(requests, BATCH)):
        await producer.send_all(_decided(ledger, some, prepared))
        done += len(some)
        told(min(done, forms))
    return done


def _decided(ledger: Ledger, requests: Sequence[Request], prepared: Prepared) -> list[Outgoing]:
    late = prepared.at + timedelta(minutes=1)
    commands = [Command(JudgedRequest(**dict(request)), late) for request in requests]
    outgoing = []
    for result in decide_all(ledger, commands, RULES):
        assert isinstance(result, Written), result
        ledger.last_offset += 1
        known = ledger.trials[prepared.trial_id]
        known.accept(result.record, ledger.last_offset, result.trial, result.public)
        key = prepared.trial_id.encode()
        outgoing.append(Outgoing(LOG, ledger.partition, key, result.record.stored))
    return outgoing
