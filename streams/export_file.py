"""Reads the records of an export under the chain rule: what others than the verifier need of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from streams.chain import EMPTY, Link, Tip, link
from streams.record import Record, UnreadableRecordError, parse
from streams.verify_lines import lines


class BrokenExportError(Exception):
    """The file's chain does not hold; the verifier says where and why."""


def records_in(file: Path, advance: Callable[[int], None] = lambda _: None) -> Iterator[Record]:
    """Every record in order; `advance` is told how many bytes more are read.

    Raises `BrokenExportError`, `HigherFormatError`, `OSError`.
    """
    tip: Tip = EMPTY
    with file.open("rb") as opened:
        for line in lines(opened):
            advance(len(line.content) + 1)
            if line.wrong is not None:
                raise BrokenExportError(f"line {line.number}: {line.wrong}")
            if line.number == 1:
                continue
            record = _parsed(line.number, line.content)
            content = record.content
            if link(tip, content.sequence, content.previous, record.hash) is not Link.ACCEPTED:
                raise BrokenExportError(f"line {line.number} does not follow the record before")
            tip = Tip(content.sequence, record.hash)
            yield record
    if tip == EMPTY:
        raise BrokenExportError("it holds no records")


def _parsed(number: int, stored: bytes) -> Record:
    try:
        return parse(stored)
    except UnreadableRecordError as error:
        raise BrokenExportError(f"line {number}: {error}") from None
