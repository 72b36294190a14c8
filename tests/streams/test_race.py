"""500 forms for 9 places, from 20 clients at once, each sent twice, with two workers."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from enrollment import commands as c
from enrollment.evolve import evolve
from enrollment.trial import new_trial
from streams.follow import StoredAnswer
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.settings import Settings
from tests.enrollment.spec import Story, instant
from tests.enrollment.worlds import rp2d_is_l2
from tests.streams.stage import accepted
from tests.streams.workers import Client, WorkerProcess, form

FORMS = 500
CLIENTS = 20
PLACES = 9


@pytest.fixture
def two_workers(settings: Settings, tmp_path: Path) -> Iterator[list[WorkerProcess]]:
    workers = [WorkerProcess(settings, tmp_path / f"worker-{n}.log").start() for n in (1, 2)]
    yield workers
    for worker in workers:
        worker.kill()


def story_up_to_phase_two(monkeypatch: pytest.MonkeyPatch) -> list[tuple[datetime, Any, c.Actor]]:
    """All commands of a trial whose Phase II has just opened, with 9 places."""
    said: list[tuple[datetime, Any, c.Actor]] = []
    do = Story.do

    def remember(story: Story, command: c.AnyCommand, actor: c.Actor) -> object:
        said.append((story.now, command, actor))
        return do(story, command, actor)

    with monkeypatch.context() as patched:
        patched.setattr(Story, "do", remember)
        rp2d_is_l2(PLACES)
    return said


@pytest.mark.timeout(300)
async def test_exactly_as_many_slots_as_the_rules_allow(
    settings: Settings, two_workers: list[WorkerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await Client(settings, f"T-{uuid4()}").start()
    for worker in two_workers:
        await worker.ready()
    await told(client, story_up_to_phase_two(monkeypatch))
    answers = await submitted_by_all(client)
    outcomes = Counter(answer.answer.outcome for answer in answers.values())
    assert outcomes == {"slot_reserved": PLACES, "waitlisted": FORMS - PLACES}
    await replay_agrees(client, answers)
    await client.stop()


async def told(client: Client, story: list[tuple[datetime, Any, c.Actor]]) -> None:
    """The story in this trial; a review is signed on the hash that it shows here."""
    last = None
    for number, (at, command, actor) in enumerate(story):
        if isinstance(command, c.SignReview):
            assert last is not None
            assert await client.follower.wait_for(client.trial, last, 60) is not None
            trial = await client.follower.trial(client.trial)
            assert trial is not None
            assert trial.review is not None
            command = command.model_copy(update={"data_hash": trial.review.data_hash})
        last = await client.send(f"story {number}", command, actor, at)


async def submitted_by_all(client: Client) -> dict[str, StoredAnswer]:
    """Every form twice, the second time by another client; both are given the same answer."""
    names = [f"N-{number}" for number in range(FORMS)]
    queue = [*names, *names[FORMS // 2 :], *names[: FORMS // 2]]
    answers: dict[str, StoredAnswer] = {}
    at = instant("07-01 12:00")

    async def one_client(others: list[str]) -> None:
        for name in others:
            command_id = await client.send(name, form(name, at=at), at=at)
            answer = await client.follower.wait_for(client.trial, command_id, 120)
            assert answer is not None, f"{name} was not answered"
            assert answers.setdefault(name, answer) == answer

    await asyncio.gather(*(one_client(queue[n::CLIENTS]) for n in range(CLIENTS)))
    return answers


async def replay_agrees(client: Client, answers: dict[str, StoredAnswer]) -> None:
    """The log is contiguous, holds every form once, and its replay gives the same trial."""
    reader = LogReader(client.settings)
    await reader.start()
    partition = partition_of(client.trial, client.settings.partitions)
    chain = await accepted(reader, partition, client.trial)
    await reader.stop()
    assert [record.sequence for record in chain] == list(range(len(chain)))
    times_decided = Counter(record.content.command_id for record in chain)
    assert set(times_decided.values()) == {1}
    assert all(times_decided[answer.command_id] == 1 for answer in answers.values())
    trial = new_trial(client.trial)
    for record in chain:
        trial = evolve(trial, record.content.at, record.content.events)
    assert trial == await client.follower.trial(client.trial)
    live = [s for s in trial.subjects.values() if s.slot and s.slot.state == "reserved"]
    assert len(live) == PLACES
