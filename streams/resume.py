"""Halted trials as the owner handles them: mark them after a recovery, see when one may go on."""

import base64
from collections.abc import Mapping

from streams.halts import Halt, fold, halts_of
from streams.inbox import Item
from streams.kafka import Outgoing
from streams.ledger import Ledger
from streams.log_reader import LogReader
from streams.parked import Resumed, marker
from streams.ports import Rules
from streams.topics import PARKED


class Resuming:
    """Remembers how far `trial.parked` was read, for each partition."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._seen: dict[int, tuple[int, dict[str, Halt]]] = {}

    async def halt(self, ledger: Ledger, rules: Rules) -> Mapping[str, Halt]:
        """Halts in the ledger what is halted; returns all halts, those to be resumed included."""
        halts, end = await halts_of(self._reader, ledger.partition)
        self._seen[ledger.partition] = (end, halts)
        for trial_id, halt in halts.items():
            ledger.of(trial_id, rules).halted = not halt.resumed
        return halts

    async def asked(self, ledger: Ledger) -> bool:
        """Whether an operator has asked to resume a trial since; free while none is halted."""
        if not any(known.halted for known in ledger.trials.values()):
            return False
        start, halts = self._seen[ledger.partition]
        end = await self._reader.end(PARKED, ledger.partition)
        async for _, stored in self._reader.read(PARKED, ledger.partition, start, end):
            fold(halts, stored)
        self._seen[ledger.partition] = (end, halts)
        return any(halt.resumed for halt in halts.values())

    def items(self, partition: int, halt: Halt) -> list[Item]:
        """The parked commands as they came, belonging to no ownership: nothing to acknowledge."""
        return [
            Item(
                partition=partition,
                epoch=0,
                offset=message.source.offset,
                timestamp_ms=message.timestamp_ms,
                key=None,
                value=base64.b64decode(message.payload),
            )
            for message in halt.parked
        ]

    def mark(self, trial_id: str, partition: int) -> Outgoing:
        return marker(Resumed(trial=trial_id), partition)
