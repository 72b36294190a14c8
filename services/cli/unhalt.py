"""`holdfast unhalt`: a halted trial goes on; what was parked is decided first, in its order."""

import asyncio
import time
from dataclasses import dataclass
from typing import TypeGuard
from uuid import UUID

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from services.cli.operator_settings import operator_settings, run
from streams.halts import Halt, halts_of
from streams.judged import command_id_of
from streams.kafka import Producer
from streams.log_reader import LogReader
from streams.parked import ENTRY, ParkedMessage, Resume, Resumed, marker
from streams.partition import partition_of
from streams.record import UnreadableRecordError, parse
from streams.settings import Settings
from streams.topics import LOG, PARKED

LOOK_SECONDS = 0.3


class StillHaltedError(click.ClickException):
    """Says why, and the mend."""


@click.command("unhalt")
@click.argument("trial_id")
@click.option(
    "--patience",
    default=60,
    show_default=True,
    help="Seconds to wait for the worker that owns the trial. The request stands after that too.",
)
def unhalt(trial_id: str, patience: int) -> None:
    """Lets a trial that an error of ours halted go on, and waits until it has caught up.

    Only after every worker runs a version in which the error is mended. Its parked commands are
    decided in the order in which they came, before anything new.
    """
    done = run(_unhalt(operator_settings(), trial_id, patience))
    others = done.parked - done.decided
    click.echo(f"{trial_id} goes on: {done.decided} of {done.parked} parked commands were decided.")
    if others:
        click.echo(
            f"{others} had been decided before, have nothing to decide any more, or were parked "
            f"again for another reason: holdfast parked list {trial_id}"
        )


@dataclass(slots=True)
class Outcome:
    """Of the commands that were parked."""

    parked: int
    decided: int = 0


async def _unhalt(settings: Settings, trial_id: str, patience: int) -> Outcome:
    partition = partition_of(trial_id, settings.partitions)
    parked, log = LogReader(settings), LogReader(settings)
    await parked.start()
    await log.start()
    try:
        halts, _ = await halts_of(parked, partition)
        halt = halts.get(trial_id)
        if halt is None or halt.over:
            raise StillHaltedError(
                f"{trial_id} is not halted: `holdfast parked list` shows which trials are"
            )
        since = await log.end(LOG, partition)
        asked = await _ask(settings, trial_id, partition)
        following = _Following(parked, log, trial_id, partition, halt, asked, since)
        return await following.to_the_end(patience)
    finally:
        await parked.stop()
        await log.stop()


async def _ask(settings: Settings, trial_id: str, partition: int) -> int:
    """The offset of the request in `trial.parked`."""
    producer = Producer(settings)
    await producer.start()
    try:
        return (await producer.send_all((marker(Resume(trial=trial_id), partition),)))[0]
    finally:
        await producer.stop()


class _Following:
    """Looks at both topics until the owner says that it is done, or that it raised again."""

    def __init__(
        self,
        parked: LogReader,
        log: LogReader,
        trial_id: str,
        partition: int,
        halt: Halt,
        asked: int,
        since: int,
    ) -> None:
        self._parked, self._log = parked, log
        self._trial_id, self._partition = trial_id, partition
        self._next_parked, self._next_record = asked + 1, since
        messages = halt.in_order()
        self._waiting = {_command_id(message) for message in messages}
        self._outcome = Outcome(len(messages))

    async def to_the_end(self, patience: int) -> Outcome:
        until = time.monotonic() + patience
        columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(f"{self._trial_id}: deciding", total=self._outcome.parked)
            while True:
                # First the end, then the records: so none of those before the end is missed.
                over = await self._over()
                await self._count()
                bar.update(task, completed=self._outcome.decided)
                if over:
                    bar.update(task, completed=self._outcome.parked)
                    return self._outcome
                if time.monotonic() > until:
                    raise StillHaltedError(
                        f"no worker has answered within {patience} s: is one running (its /ready)? "
                        "The request stands and is done as soon as the trial has an owner"
                    )
                await asyncio.sleep(LOOK_SECONDS)

    async def _over(self) -> bool:
        start, self._next_parked = (
            self._next_parked,
            await self._parked.end(PARKED, self._partition),
        )
        reading = self._parked.read(PARKED, self._partition, start, self._next_parked)
        over = False
        async for _, stored in reading:
            try:
                entry = ENTRY.validate_json(stored)
            except ValidationError:
                continue
            if isinstance(entry, Resumed) and entry.trial == self._trial_id:
                over = True
            elif _raised_again(entry, self._trial_id):
                await self._count()
                raise StillHaltedError(
                    f"{self._trial_id} is halted again, after {self._outcome.decided} of "
                    f"{self._outcome.parked} parked commands: {entry.detail}. Nothing is lost and "
                    "the order is kept. See to it that every worker runs the mended version (the "
                    "worker's log says `decider raised`), then `holdfast unhalt` again"
                )
        return over

    async def _count(self) -> None:
        start = self._next_record
        self._next_record = await self._log.end(LOG, self._partition)
        async for _, stored in self._log.read(LOG, self._partition, start, self._next_record):
            try:
                record = parse(stored)
            except UnreadableRecordError:
                continue
            if record.content.command_id in self._waiting:
                self._waiting.discard(record.content.command_id)
                self._outcome.decided += 1


def _raised_again(entry: object, trial_id: str) -> TypeGuard[ParkedMessage]:
    return (
        isinstance(entry, ParkedMessage)
        and entry.trial == trial_id
        and entry.reason == "raised"
        and entry.kept is None
    )


def _command_id(message: ParkedMessage) -> UUID:
    return command_id_of(message.original())
