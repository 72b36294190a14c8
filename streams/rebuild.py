"""Builds the read side of trials anew from `trial.log`, beside the old one, and swaps the two.

The owner of the partition does it, behind its recovery, when an operator asks for it. Readers go
on with the old keys until the new ones are whole; `{trial}:...` never shows half a log.
"""

import asyncio
import json
import logging
import re
from dataclasses import dataclass, field, replace

import orjson

from enrollment.canonical import digest
from streams import keys
from streams.cases import Case, Cases
from streams.chain import EMPTY, Link, Tip, link
from streams.ledger import Ledger, TrialLedger, sequence_in
from streams.log_reader import LogReader
from streams.numbers import number_of
from streams.redis_client import Client
from streams.staged import Last, NotStagedError, Piece, Staged
from streams.topics import LOG as LOG_TOPIC

LOG = logging.getLogger(__name__)
CHUNK = 200
"""Records published in one round trip."""
TURN = 20
"""Records taken at one go."""
TOLD_EVERY = 5000
"""Records after which it is said how far the owner is."""
TOLD_SECONDS = 3600
ALL = "*"


_ID = re.compile(rb'"command_id":"(?P<id>[0-9a-f-]{36})","digest":"[0-9a-f]{64}","events":')
"""In a record nothing else has these keys in this order; in a text of it the quotes are escaped."""
_END = re.compile(
    rb'"previous":"(?P<previous>[0-9a-f]*)","protocol":"[0-9a-f]*","public_from":[0-9]+,'
    rb'"rules":[0-9]+,"sequence":(?P<sequence>[0-9]+),"trial":"(?P<trial>[A-Za-z0-9._-]+)"\}\Z'
)
LONGEST_END = 400
"""The last bytes of a record in which all of that is."""


class NotRebuiltError(Exception):
    """The log as read again does not come to what its owner knows: nothing was swapped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asks of the owner of a partition. `trial` may be `ALL`."""

    request_id: str
    trial: str

    def wants(self, trial_id: str) -> bool:
        return self.trial in (ALL, trial_id)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the owner is: records read of those to read; `state` running, done or failed."""

    request_id: str
    state: str
    read: int
    end: int
    trials: int = 0
    says: str = ""


class Requests:
    """The requests and the progress of rebuilding, in Redis; for operators, owners and readers."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def ask(self, partition: int, asked: Asked) -> None:
        stored = json.dumps([asked.request_id, asked.trial])
        await self._redis.set(keys.rebuild(partition), stored, ex=TOLD_SECONDS)

    async def asked(self, partitions: tuple[int, ...]) -> dict[int, Asked]:
        """Those of these partitions that somebody wants rebuilt; one round trip."""
        if not partitions:
            return {}
        pipeline = self._redis.pipeline(transaction=False)
        for partition in partitions:
            pipeline.get(keys.rebuild(partition))
        found = zip(partitions, await pipeline.execute(), strict=True)
        return {partition: Asked(*json.loads(stored)) for partition, stored in found if stored}

    async def tell(self, partition: int, progress: Progress) -> None:
        """A request that came to its end is taken away; its last progress can be read for long."""
        told = {name: str(getattr(progress, name)) for name in Progress.__slots__}
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hset(keys.rebuilding(partition), mapping=told)
        pipeline.expire(keys.rebuilding(partition), TOLD_SECONDS)
        if progress.state != "running":
            pipeline.delete(keys.rebuild(partition))
        await pipeline.execute()

    async def progress(self, partition: int) -> Progress | None:
        told = {
            name.decode(): value.decode()
            for name, value in (await self._redis.hgetall(keys.rebuilding(partition))).items()
        }
        if not told:
            return None
        numbers = {name: int(told[name]) for name in ("read", "end", "trials")}
        return Progress(**{**told, **numbers})


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One at a time, by the owner of the partition, on its recovered ledger."""

    reader: LogReader
    redis: Client
    requests: Requests
    cases: Cases

    async def run(self, ledger: Ledger) -> None:
        """Builds and swaps what an operator asked for, if one did; tells how it goes and ends."""
        asked = (await self.requests.asked((ledger.partition,))).get(ledger.partition)
        if asked is None:
            return
        wanted = {
            trial_id: known.tip
            for trial_id, known in ledger.trials.items()
            if known.tip != EMPTY and asked.wants(trial_id)
        }
        end = ledger.last_offset + 1
        progress = Progress(asked.request_id, "running", 0, end, len(wanted))
        await self.requests.tell(ledger.partition, progress)
        try:
            await self._build(ledger, wanted, progress)
        except NotRebuiltError as error:
            failed = replace(progress, state="failed", says=str(error))
            await self.requests.tell(ledger.partition, failed)
            LOG.error("not rebuilt: %s", error, extra={"partition": ledger.partition})
            return
        await self.requests.tell(ledger.partition, replace(progress, state="done", read=end))
        says = f"the read side was rebuilt: {number_of(len(wanted), 'trial')}"
        self.cases.met(Case.REBUILT, says, partition=ledger.partition, records=end)

    async def _build(self, ledger: Ledger, wanted: dict[str, Tip], progress: Progress) -> None:
        """Reads on while Redis writes what was read before."""
        staged, end = Staged(self.redis), ledger.last_offset + 1
        await staged.begin(wanted)
        reading = _Reading(wanted, {name: ledger.trials[name] for name in wanted})
        records = 0
        try:
            async for offset, stored in self.reader.read(LOG_TOPIC, ledger.partition, 0, end):
                reading.take(offset, stored)
                records += 1
                if records % CHUNK == 0:
                    await staged.send(reading.pieces())
                if records % TURN == 0:
                    await asyncio.sleep(0)  # What is under way goes on meanwhile.
                if records % TOLD_EVERY == 0:
                    await self.requests.tell(ledger.partition, replace(progress, read=offset + 1))
            await staged.send(reading.pieces())
            await staged.settle()
        except NotStagedError as error:
            raise NotRebuiltError(str(error)) from error
        finally:
            await staged.give_up()
        if reading.tips != wanted:
            raise NotRebuiltError("trial.log gives other tips than its owner knows")
        for trial_id, tip in wanted.items():
            offset, adopted = reading.offsets[trial_id], reading.adopted.get(trial_id)
            await staged.swap(trial_id, Last(tip, offset, ledger.last_offset, adopted))


@dataclass(slots=True)
class _Reading:
    """What `trial.log` gives of the wanted trials under the chain rule."""

    wanted: dict[str, Tip]
    known: dict[str, TrialLedger]
    tips: dict[str, Tip] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    adopted: dict[str, int] = field(default_factory=dict)
    _pieces: dict[str, Piece] = field(default_factory=dict)

    def take(self, offset: int, stored: bytes) -> None:
        """The next message of the partition, if it is the next record of a wanted trial.

        Its command's id and its end alone are read, five times as fast: a record is canonical, so
        that its keys are always in this order, and the tips that all this comes to are compared
        with those of the owner: the hash of a tip holds for all before it.
        """
        end = _END.search(stored, max(0, len(stored) - LONGEST_END))
        if end is None:
            return
        trial_id, sequence = end["trial"].decode(), int(end["sequence"])
        if trial_id not in self.wanted:
            return
        tip, own = self.tips.get(trial_id, EMPTY), digest(stored)
        if tip == self.wanted[trial_id]:
            return
        if link(tip, sequence, end["previous"].decode(), own) is not Link.ACCEPTED:
            return
        self.tips[trial_id], self.offsets[trial_id] = Tip(sequence, own), offset
        place = stored.find(b'"command_id":"')
        if _adopts(stored, place):
            self.adopted[trial_id] = sequence
        command_id = _command(stored, place)
        identity = bytes.fromhex(command_id.decode().replace("-", ""))
        packed = self.known[trial_id].decided.get(identity)
        if packed is None or sequence_in(packed) != sequence:
            raise NotRebuiltError("trial.log has a decision that its owner does not know")
        piece = self._pieces.get(trial_id)
        if piece is None:
            piece = self._pieces[trial_id] = Piece(trial_id, sequence)
        piece.add(own, offset, command_id, stored)

    def pieces(self) -> list[Piece]:
        """What was taken since the last call."""
        pieces, self._pieces = list(self._pieces.values()), {}
        return pieces


def _command(stored: bytes, place: int) -> bytes:
    """The id of its command, from where its key may stand."""
    while place >= 0:
        found = _ID.match(stored, place)
        if found is not None:
            return found["id"]
        place = stored.find(b'"command_id":"', place + 1)
    raise NotRebuiltError("trial.log has a record that names no command")


def _adopts(stored: bytes, place: int) -> bool:
    """Its events stand behind that place."""
    if stored.find(b'"type":"ProtocolAdopted"', place) < 0:
        return False
    events = orjson.loads(stored)["events"]
    return any(event["type"] == "ProtocolAdopted" for event in events)
