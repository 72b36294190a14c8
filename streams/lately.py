"""The records that this process is writing: announce need not read again what decide wrote.

Only a shortcut. It gives a record for its very bytes only, so that it does not matter whether it
landed at all; what is not remembered is read from its bytes, as everything is after a takeover.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from streams.record import Record

MOST: Final = 512
"""Some 25 kB each where nobody asks for them, because another process announces."""


class Lately:
    """Bounded; the oldest are forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._records: OrderedDict[tuple[int, int], Record] = OrderedDict()

    def add(self, places: Iterable[tuple[int, int, Record]]) -> None:
        """Records with the partitions and offsets at which they are about to land."""
        for partition, offset, record in places:
            self._records[partition, offset] = record
        while len(self._records) > self._most:
            self._records.popitem(last=False)

    def take(self, partition: int, offset: int, stored: bytes) -> Record | None:
        """The record that stands there, if these are its bytes; it is asked for only once."""
        record = self._records.pop((partition, offset), None)
        return record if record is not None and record.stored == stored else None
