"""What could not be understood or decided goes to `trial.parked`, whole and with the reason."""

import base64
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from enrollment.canonical import canonical
from enrollment.commands import Model
from streams.batch import Reason
from streams.inbox import Item
from streams.kafka import Outgoing
from streams.topics import PARKED


class Source(Model):
    """Where the parked message stands."""

    topic: str
    partition: int
    offset: int


class Kept(Model):
    """When a message was sent again, and its place among those of its trial."""

    at_ms: int
    place: int


class ParkedMessage(Model):
    """One parked message. `payload` is the message as it came, base64; it may be clinical."""

    kind: Literal["parked"] = "parked"
    format: Literal[1] = 1
    trial: str | None
    reason: Reason
    detail: str
    source: Source
    timestamp_ms: int
    payload: str
    kept: Kept | None = None
    """Set where it was sent here again: its trial is still halted, and Kafka forgets by age."""

    def original(self) -> bytes:
        return base64.b64decode(self.payload)


class Resume(Model):
    """An operator says that what halted the trial is mended: its parked commands come first."""

    kind: Literal["resume"] = "resume"
    format: Literal[1] = 1
    trial: str


class Resumed(Model):
    """The owner has decided everything that was parked while the trial was halted."""

    kind: Literal["resumed"] = "resumed"
    format: Literal[1] = 1
    trial: str


class Retried(Model):
    """An operator sent a parked message to its topic again: `offset` is that of the parked one."""

    kind: Literal["retried"] = "retried"
    format: Literal[1] = 1
    trial: str | None
    offset: int
    sent_to: Source


Entry = ParkedMessage | Resume | Resumed | Retried
ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def parked(item: Item, topic: str, trial_id: str | None, reason: Reason, detail: str) -> Outgoing:
    """The message for `trial.parked`, in the partition that it came from."""
    message = ParkedMessage(
        trial=trial_id,
        reason=reason,
        detail=detail,
        source=Source(topic=topic, partition=item.partition, offset=item.offset),
        timestamp_ms=int(item.timestamp_ms),
        payload=base64.b64encode(item.value or b"").decode(),
    )
    return _outgoing(message, item.partition, item.key or b"")


def marker(entry: Resume | Resumed, partition: int) -> Outgoing:
    return _outgoing(entry, partition, entry.trial.encode())


def kept(message: ParkedMessage, now_ms: int, place: int) -> Outgoing:
    """The same message once more, younger."""
    assert message.trial is not None, "only what halts a trial is kept"
    again = message.model_copy(update={"kept": Kept(at_ms=now_ms, place=place)})
    return _outgoing(again, message.source.partition, message.trial.encode())


def retried(offset: int, message: ParkedMessage, sent_to: Source) -> Outgoing:
    entry = Retried(trial=message.trial, offset=offset, sent_to=sent_to)
    return _outgoing(entry, message.source.partition, (message.trial or "").encode())


def _outgoing(entry: Entry, partition: int, key: bytes) -> Outgoing:
    return Outgoing(PARKED, partition, key, canonical(entry.model_dump(mode="json")))
