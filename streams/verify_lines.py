"""Reads an export line by line and says of each line whether it is one, byte for byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from enrollment.canonical import canonical
from streams.kafka import MAX_MESSAGE_BYTES

LONGEST_LINE = 64 * 1024 * 1024
"""The manifest may be longer than a record: a line a signature."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file. `wrong` says why it is none; `plain` is its JSON where there is one."""

    number: int
    content: bytes
    plain: Any
    wrong: str | None


def lines(file: IO[bytes]) -> Iterator[Line]:
    """Every line, the first with number 1; a file that ends without a newline ends in a fault."""
    number = 0
    while True:
        read = file.readline(LONGEST_LINE if number == 0 else MAX_MESSAGE_BYTES + 1)
        if not read:
            return
        number += 1
        yield _line(number, read)


def _line(number: int, read: bytes) -> Line:
    content = read.removesuffix(b"\n")
    if len(content) == len(read):
        return Line(number, content, None, "it has no end: the file is cut off, or too long a line")
    try:
        plain = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Line(number, content, None, "it is not JSON")
    if not _is_canonical(plain, content):
        wrong = "it is not canonical: the same JSON is written in other bytes"
        return Line(number, content, plain, wrong)
    return Line(number, content, plain, None)


def _is_canonical(plain: Any, content: bytes) -> bool:
    try:
        return canonical(plain) == content
    except TypeError:  # Deeper than anything that we would write.
        return False
