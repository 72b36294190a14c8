"""One trial's log as a file: a manifest, then every record's bytes, each on a line of its own."""

import errno
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from enrollment.canonical import canonical
from enrollment.events import ProtocolAdopted, Signed
from streams.chain import EMPTY, Link, Tip, link
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.record import Record, UnreadableRecordError, parse
from streams.settings import Settings
from streams.topics import LOG

KIND = "holdfast.export"
FORMAT = 1
_OF_FILES = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
}
"""What the disk says; anything else comes from Kafka."""
Advance = Callable[[int], None]
"""Told how many messages, records or bytes more are done."""


class NotWrittenError(Exception):
    """The file could not be written; the message says why. An older one is as it was."""


class NoSuchTrialError(Exception):
    """`trial.log` has no record of the trial."""


@dataclass(slots=True)
class Manifest:
    """What a reader wants to know first; the records give every word of it."""

    trial: str
    count: int = 0
    head: str = ""
    rules: set[int] = field(default_factory=set)
    protocols: list[dict[str, Any]] = field(default_factory=list)
    signatures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Takes the next record; its protocol and its signatures by digest only."""
        content = record.content
        self.count += 1
        self.head = record.hash
        self.rules.add(content.rules)
        for number, event in enumerate(content.events):
            place = {"sequence": content.sequence, "event": number}
            if isinstance(event, ProtocolAdopted):
                adopted = {"version": event.version, "digest": event.protocol_digest}
                self.protocols.append(place | adopted)
            signed = getattr(event, "signed", None)
            if isinstance(signed, Signed):
                self.signatures.append(place | {"type": event.type, "of": signed.of})

    def line(self) -> bytes:
        """The first line of the file, without its end: canonical JSON."""
        return canonical(
            {
                "kind": KIND,
                "format": FORMAT,
                "trial": self.trial,
                "count": self.count,
                "head": self.head,
                "rules": sorted(self.rules),
                "protocols": self.protocols,
                "signatures": self.signatures,
            }
        )


async def accepted(
    reader: LogReader, partition: int, trial_id: str, advance: Advance = lambda _: None
) -> AsyncIterator[Record]:
    """The records of a trial in `trial.log` that the chain rule accepts, in order."""
    tip: Tip = EMPTY
    end = await reader.end(LOG, partition)
    done = 0
    async for offset, stored in reader.read(LOG, partition, 0, end):
        advance(offset + 1 - done)
        done = offset + 1
        if _mentions(stored, trial_id):
            record = _readable(stored)
            if record is not None and record.trial_id == trial_id:
                content = record.content
                if link(tip, content.sequence, content.previous, record.hash) is Link.ACCEPTED:
                    tip = Tip(content.sequence, record.hash)
                    yield record


def _mentions(stored: bytes, trial_id: str) -> bool:
    """A cheap look before reading: trial ids have nothing that JSON would escape."""
    return trial_id.encode() in stored


def _readable(stored: bytes) -> Record | None:
    try:
        return parse(stored)
    except UnreadableRecordError:
        return None


async def export(
    settings: Settings, trial_id: str, file: Path, begin: Advance, advance: Advance
) -> Manifest:
    """Writes the file, whole or not at all; `begin` is told how many messages will be read.

    The same log gives the same bytes. Raises `NoSuchTrialError`, `NotWrittenError`,
    `HigherFormatError`, `KafkaError`.
    """
    reader = LogReader(settings)
    await reader.start()
    try:
        partition = partition_of(trial_id, settings.partitions)
        begin(await reader.end(LOG, partition))
        return await _written(file, trial_id, accepted(reader, partition, trial_id, advance))
    except OSError as error:
        if error.errno not in _OF_FILES:
            raise
        raise NotWrittenError(f"{file}: {error.strerror}") from None
    finally:
        await reader.stop()


async def _written(file: Path, trial_id: str, records: AsyncIterator[Record]) -> Manifest:
    manifest = Manifest(trial_id)
    with TemporaryFile(dir=file.parent) as body:
        async for record in records:
            manifest.add(record)
            body.write(record.stored + b"\n")
        if not manifest.count:
            raise NoSuchTrialError(f"trial.log has no record of {trial_id}")
        body.seek(0)
        _replace(file, manifest, body)
    return manifest


def write(file: Path, trial_id: str, records: Iterable[Record]) -> Manifest:
    """The same file from records at hand."""
    manifest = Manifest(trial_id)
    with TemporaryFile(dir=file.parent) as body:
        for record in records:
            manifest.add(record)
            body.write(record.stored + b"\n")
        body.seek(0)
        _replace(file, manifest, body)
    return manifest


def _replace(file: Path, manifest: Manifest, body: IO[bytes]) -> None:
    """Whoever looks sees the old file or the whole new one; only its owner may read it."""
    written = file.with_name(file.name + ".part")
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    try:
        with written.open("wb") as whole:
            whole.write(manifest.line() + b"\n")
            while chunk := body.read(1 << 20):
                whole.write(chunk)
            whole.flush()
        written.replace(file)
    finally:
        written.unlink(missing_ok=True)
