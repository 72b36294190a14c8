"""Looks at a slow pace, all the time, whether Redis has each record of the chain, byte for byte.

It begins at the tip that the owner knows and goes backwards: each record must have the hash that
the one after it names, and its answer must be where `{trial}:answers` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from enrollment.canonical import digest
from streams.cases import Case, Cases
from streams.ledger import Ledger, known_trials
from streams.read_side import Held, ReadSide

PACE = 100
"""Records looked at each second: eight milliseconds of work, in which nothing is decided."""
BUSY_PACE = 10
"""As many where something was decided since the last look: no form waits for a look that long."""


@dataclass(slots=True)
class _Place:
    """Where the next look begins: a trial, and the record that must stand there."""

    ledger: Ledger
    """Whose chain it is: after a recovery it may be another."""
    trial_id: str
    sequence: int
    hash: str

    @property
    def partition(self) -> int:
        return self.ledger.partition


class Scrub:
    """One trial after the other, those of all partitions of this worker, and again."""

    def __init__(self, read_side: ReadSide, cases: Cases) -> None:
        self._read_side = read_side
        self._cases = cases
        self._place: _Place | None = None
        self._decided: int | None = None

    async def look(self, ledgers: Sequence[Ledger]) -> set[int]:
        """The partition in which something was damaged, after putting that aside; else none."""
        place = self._place
        if place is None or not any(ledger is place.ledger for ledger in ledgers):
            place = self._next(ledgers)
        if place is None:
            return set()
        self._place = place
        page = await self._read_side.back_from(place.trial_id, place.sequence, self._pace(ledgers))
        why = await self._wrong(place, page)
        if why is not None:
            self._place = None
            await self._put_aside(place, why)
            return {place.partition}
        if not page or place.sequence < 0:
            self._place = self._next(ledgers)
        return set()

    def _pace(self, ledgers: Sequence[Ledger]) -> int:
        """How many records to look at now."""
        decided = sum(ledger.last_offset for ledger in ledgers)
        busy = self._decided is not None and decided != self._decided
        self._decided = decided
        return min(PACE, BUSY_PACE) if busy else PACE

    async def _wrong(self, place: _Place, page: Sequence[Held]) -> str | None:
        """What does not fit; moves the place along. A hole is for the probe to find."""
        commands: list[str] = []
        first = place.sequence
        for held in page:
            if held.sequence != place.sequence:
                break
            if held.hash != place.hash or digest(held.stored) != place.hash:
                return f"record {held.sequence} is another one than was decided"
            content = orjson.loads(held.stored)
            commands.append(content["command_id"])
            place.sequence, place.hash = held.sequence - 1, content["previous"]
        if commands:
            said = await self._read_side.answered(place.trial_id, commands)
            if said != list(range(first, first - len(commands), -1)):
                return f"answers of records up to {first} are said to be elsewhere"
        return None

    async def _put_aside(self, place: _Place, why: str) -> None:
        tag = await self._read_side.quarantine(place.partition, place.trial_id)
        says = f"what Redis holds was changed: {why}; what it had is now {tag}"
        ids = {"partition": place.partition, "trial": place.trial_id}
        self._cases.met(Case.REDIS_DAMAGED, says, **ids)

    def _next(self, ledgers: Sequence[Ledger]) -> _Place | None:
        """The trial after the last one, in order; the first again after the last of all."""
        trials = [
            (ledger.partition, trial_id, ledger)
            for ledger in sorted(ledgers, key=lambda ledger: ledger.partition)
            for trial_id in known_trials(ledger)
        ]
        if not trials:
            return None
        last = self._place
        done = (-1, "") if last is None else (last.partition, last.trial_id)
        later = [one for one in trials if one[:2] > done]
        _, trial_id, ledger = (later or trials)[0]
        tip = ledger.trials[trial_id].tip
        return _Place(ledger, trial_id, tip.sequence, tip.hash)
