"""Fetching from Kafka without walking every partition field by field.

A fetch names all partitions that a worker owns, 72 for one worker, and so does its answer, also
when one message came. `aiokafka` writes and reads each number by itself, in Python, and a message
that comes alone costs three such fetches. Here a partition is written and read at once. What is
written and read is the same (shown by a property test); for whatever is not as expected, and for
other versions of the protocol, `aiokafka`'s own way is used.
"""

import struct
from io import BytesIO
from itertools import chain
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11

_TOPICS: Final = FetchRequest_v11.SCHEMA.names.index("topics")
_FIXED: Final = struct.Struct(">iiiibiii")
"""What a request says before its topics, and how many they are."""
_PARTITION: Final = "iiqqi"
_ANSWER: Final = struct.Struct(">ihiI")
_ANSWERED: Final = struct.Struct(">ihqqqiii")
"""A partition without aborted transactions, up to its messages: the last number is their size."""
_SHORT: Final = struct.Struct(">h")
_LONG: Final = struct.Struct(">i")


class QuickResponse(FetchResponse_v11):  # type: ignore[misc]  # aiokafka has no types
    """The same response, read faster."""

    @classmethod
    def decode(cls, data: BytesIO | bytes) -> Any:
        if isinstance(data, bytes):
            data = BytesIO(data)
        start = data.tell()
        with data.getbuffer() as view:
            read = _read_response(view, start)
        if read is None:
            return super().decode(data)
        data.seek(0, 2)
        return cls(*read)


class QuickRequestStruct(FetchRequest_v11):  # type: ignore[misc]  # aiokafka has no types
    """The same request, written faster."""

    RESPONSE_TYPE = QuickResponse

    def encode(self) -> bytes:
        said = [self.__dict__[name] for name in self.SCHEMA.names]
        topics = said[_TOPICS]
        forgotten, rack = said[_TOPICS + 1 :]
        if forgotten:
            return bytes(super().encode())
        parts = [_FIXED.pack(*said[:_TOPICS], len(topics))]
        for topic, partitions in topics:
            parts.append(_string(topic))
            numbers = chain.from_iterable(partitions)
            layout = f">i{_PARTITION * len(partitions)}"
            parts.append(struct.pack(layout, len(partitions), *numbers))
        parts += (_LONG.pack(0), _string(rack))
        return b"".join(parts)


class QuickFetchRequest(FetchRequest):  # type: ignore[misc]  # aiokafka has no types
    """Builds the quick struct where broker and client speak the version that it is made for."""

    def build(self, request_struct_class: Any) -> Any:
        if request_struct_class is FetchRequest_v11:
            request_struct_class = QuickRequestStruct
        return super().build(request_struct_class)


def use_quick_fetch() -> None:
    """For every consumer of this process."""
    fetcher.FetchRequest = QuickFetchRequest


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _SHORT.pack(len(encoded)) + encoded


def _read_response(view: memoryview, at: int) -> tuple[Any, ...] | None:
    """The fields of a response in their order; none for what it must not be read by."""
    try:
        throttled, error, session, count = _ANSWER.unpack_from(view, at)
        at += _ANSWER.size
        topics = []
        for _ in range(count):
            (length,) = _SHORT.unpack_from(view, at)
            name = bytes(view[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            (partitions,) = _LONG.unpack_from(view, at)
            read, at = _read_partitions(view, at + 4, partitions)
            topics.append((name, read))
    except (struct.error, UnicodeDecodeError, _NotAsExpectedError):
        return None
    return (throttled, error, session, topics) if at == len(view) else None


class _NotAsExpectedError(Exception):
    """Aborted transactions, no messages field, or less than was announced."""


def _read_partitions(view: memoryview, at: int, count: int) -> tuple[list[tuple[Any, ...]], int]:
    read: list[tuple[Any, ...]] = []
    unpack, fixed, end = _ANSWERED.unpack_from, _ANSWERED.size, len(view)
    for _ in range(count):
        number, error, high, stable, first, aborted, replica, size = unpack(view, at)
        at += fixed
        if aborted not in (0, -1) or size < 0 or at + size > end:
            raise _NotAsExpectedError
        messages = bytes(view[at : at + size]) if size else b""
        at += size
        transactions: list[Any] | None = [] if aborted == 0 else None
        read.append((number, error, high, stable, first, transactions, replica, messages))
    return read, at
