"""`holdfast parked`: what nobody could understand or decide, listed, shown, and sent again."""

import re
import sys
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from services.cli.operator_settings import operator_settings, run
from services.cli.whole_table import print_whole
from streams.batch import Reason
from streams.kafka import Outgoing, Producer
from streams.log_reader import LogReader
from streams.parked import ParkedMessage, Source, retried
from streams.parked_read import Listed, Place, listed, read_one
from streams.partition import partition_of
from streams.settings import Settings
from streams.topics import PARKED

NOT_AGAIN: dict[Reason, str] = {
    "conflict": "its command id is taken by another command, for ever: ask again with a new key",
    "raised": "its trial is halted, and order matters there: use `holdfast unhalt {trial}`",
    "halted": "its trial is halted, and order matters there: use `holdfast unhalt {trial}`",
}


class PlaceType(click.ParamType):
    """`partition/offset`, as `holdfast parked list` prints it."""

    name = "id"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Place:
        if not re.fullmatch(r"\d{1,4}/\d{1,18}", value):
            self.fail(f"{value!r} is not PARTITION/OFFSET as `holdfast parked list` prints it")
        partition, offset = value.split("/")
        return Place(int(partition), int(offset))


@click.group("parked")
def parked() -> None:
    """What could not be understood or decided: look at it, send it again."""


@parked.command("list")
@click.argument("trial_id", required=False)
def list_command(trial_id: str | None) -> None:
    """Lists what is parked, of TRIAL_ID only or of all. No payloads."""
    settings = operator_settings()
    found = [
        one for one in run(_all(settings)) if trial_id is None or one.message.trial == trial_id
    ]
    console = Console(highlight=False, soft_wrap=True)
    if not found:
        console.print("Nothing is parked" + (f" of {trial_id}." if trial_id else "."))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "arrived", "trial", "reason", "state", "source", "detail"):
        table.add_column(name)
    for one in found:
        table.add_row(*(Text(cell) for cell in _cells(one)))
    print_whole(table)
    waiting = sum(one.state == "parked" for one in found)
    halted = sorted({one.message.trial or "" for one in found if one.state == "halted"})
    if waiting:
        console.print(f"{waiting} may be looked at: holdfast parked show ID")
    for trial in halted:
        console.print(f"Halted, once its error is mended: holdfast unhalt {trial}")


@parked.command("show")
@click.argument("place", metavar="ID", type=PlaceType())
@click.option("--payload", is_flag=True, help="The message itself too. It may be clinical data.")
def show(place: Place, payload: bool) -> None:
    """Shows what is known of one parked message."""
    message = run(_read(operator_settings(), (place,)))[0]
    source = message.source
    for name, value in (
        ("id", str(place)),
        ("trial", message.trial or "not known"),
        ("reason", message.reason),
        ("detail", message.detail),
        ("source", _source(source)),
        ("arrived", _instant(message.timestamp_ms)),
        ("bytes", str(len(message.original()))),
    ):
        click.echo(f"{name:<8} {value}")
    if not payload:
        click.echo("The message itself, which may be clinical data: --payload")
        return
    click.echo("What follows may be clinical data: keep it out of tickets and mails.", err=True)
    if sys.stdout.isatty():
        click.echo(_printable(message.original()))
    else:
        click.echo(message.original())


@parked.command("retry")
@click.argument("places", metavar="ID...", nargs=-1, required=True, type=PlaceType())
def retry(places: tuple[Place, ...]) -> None:
    """Sends parked messages to their topics again, once what was wrong is mended.

    Safe for what was unreadable, ahead of time or too large: nothing of it was decided, and should
    somebody have sent it again meanwhile, its command id keeps it from being decided twice.
    """
    for place, sent_to in run(_retry(operator_settings(), places)):
        click.echo(f"{place} stands again at {_source(sent_to)}.")
    click.echo("Whatever cannot be decided now either is parked again, under a new id.")


async def _all(settings: Settings) -> list[Listed]:
    reader = LogReader(settings)
    await reader.start()
    try:
        ends = await reader.ends(PARKED, range(settings.partitions))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Reading trial.parked", total=sum(ends.values()))
            found: list[Listed] = []
            for partition in range(settings.partitions):
                found += await listed(reader, partition, lambda count: bar.advance(task, count))
        return found
    finally:
        await reader.stop()


async def _read(settings: Settings, places: tuple[Place, ...]) -> list[ParkedMessage]:
    reader = LogReader(settings)
    await reader.start()
    try:
        found = []
        for place in places:
            inside = place.partition < settings.partitions
            message = await read_one(reader, place) if inside else None
            if message is None:
                raise click.ClickException(
                    f"nothing is parked at {place}: `holdfast parked list` prints what is; "
                    "after 30 days Kafka forgets"
                )
            found.append(message)
        return found
    finally:
        await reader.stop()


async def _retry(settings: Settings, places: tuple[Place, ...]) -> list[tuple[Place, Source]]:
    """All are looked at before the first one is sent."""
    messages = await _read(settings, places)
    for place, message in zip(places, messages, strict=True):
        if message.reason in NOT_AGAIN:
            why = NOT_AGAIN[message.reason].format(trial=message.trial)
            raise click.ClickException(f"{place} cannot be sent again: {why}. Nothing was sent.")
    before = {one.place: one.sent_to for one in await _all(settings)}
    for place in places:
        if (sent_to := before.get(place)) is not None:
            raise click.ClickException(
                f"{place} was sent again before, to {_source(sent_to)}; if it was parked there "
                "too, it has a new id. Nothing was sent."
            )
    producer = Producer(settings)
    await producer.start()
    try:
        return [
            (place, await _send(producer, settings, place, message))
            for place, message in zip(places, messages, strict=True)
        ]
    finally:
        await producer.stop()


async def _send(
    producer: Producer, settings: Settings, place: Place, message: ParkedMessage
) -> Source:
    """To the trial's own partition, which may not be the one that it was sent to at first."""
    topic, trial = message.source.topic, message.trial
    partition = message.source.partition
    if trial is not None:
        partition = partition_of(trial, settings.partitions)
    again = Outgoing(topic, partition, (trial or "").encode(), message.original())
    (offset,) = await producer.send_all((again,))
    sent_to = Source(topic=topic, partition=partition, offset=offset)
    await producer.send_all((retried(place.offset, message, sent_to),))
    return sent_to


def _cells(one: Listed) -> tuple[str, ...]:
    message = one.message
    state = one.state if one.sent_to is None else f"retried as {_source(one.sent_to)}"
    arrived = _instant(message.timestamp_ms)
    source = _source(message.source)
    return (
        *(str(one.place), arrived, message.trial or "", message.reason, state),
        *(source, message.detail),
    )


def _source(source: Source) -> str:
    return f"{source.topic} {source.partition}/{source.offset}"


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _printable(raw: bytes) -> str:
    """For a terminal: a stranger's bytes must not steer it."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
