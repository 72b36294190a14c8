"""Builds the read side of trials anew from `trial.log`, beside the old one, and swaps the two.

The owner of the partition does it, behind its recovery, when an operator asks for it. Readers go
on with the old keys until the new ones are whole; `{trial}:...` never shows half a log.
"""

import asyncio
import json
import logging
import re
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from enrollment.canonical import digest
from streams import keys
from streams.cases import Case, Cases
from streams.chain import EMPTY, Link, Tip, link
from streams.ledger import Ledger, TrialLedger, unpack
from streams.log_reader import LogReader
from streams.read_side import Entry, Publication, ReadSide, Reply
from streams.redis_client import Client
from streams.topics import LOG as LOG_TOPIC

LOG = logging.getLogger(__name__)
CHUNK = 200
"""Records published in one round trip."""
TURN = 10
"""Records taken at one go."""
TOLD_EVERY = 1000
"""Records after which it is said how far the owner is."""
TOLD_SECONDS = 3600
STAGING = ":rebuilt"
"""At the end of the keys of a trial that is being built."""
ALL = "*"


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
        await self._redis.hset(keys.rebuilding(partition), mapping=told)
        await self._redis.expire(keys.rebuilding(partition), TOLD_SECONDS)
        if progress.state != "running":
            await self._redis.delete(keys.rebuild(partition))

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
        says = f"the read side was rebuilt: {len(wanted)} trials"
        self.cases.met(Case.REBUILT, says, partition=ledger.partition, records=end)

    async def _build(self, ledger: Ledger, wanted: dict[str, Tip], progress: Progress) -> None:
        for trial_id in wanted:
            await self.redis.delete(*_staged(trial_id))
        staged = ReadSide(self.redis, names=_staged)
        tips: dict[str, Tip] = {}
        pending: dict[str, list[Entry]] = {}
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        records = 0
        commands = {trial_id: _commands(ledger.trials[trial_id]) for trial_id in wanted}
        async for offset, stored in self.reader.read(
            LOG_TOPIC, ledger.partition, 0, ledger.last_offset + 1
        ):
            entry = _entry(offset, stored, tips, wanted, commands)
            if entry is not None:
                pending.setdefault(entry[0], []).append(entry[1])
            records += 1
            if records % CHUNK == 0:
                await sent  # One is under way while the next is read.
                sent = asyncio.ensure_future(_publish(staged, pending, ledger.last_offset))
                pending = {}
            if records % TURN == 0:
                await asyncio.sleep(0)  # What is under way goes on meanwhile.
            if records % TOLD_EVERY == 0:
                await self.requests.tell(ledger.partition, replace(progress, read=offset + 1))
        await sent
        await _publish(staged, pending, ledger.last_offset)
        if tips != wanted:
            raise NotRebuiltError("trial.log gives other tips than its owner knows")
        for trial_id in wanted:
            await self._swap(trial_id)

    async def _swap(self, trial_id: str) -> None:
        """All keys of the trial at once; whoever reads sees the old ones or the new ones."""
        new = _staged(trial_id)
        there = [bool(await self.redis.exists(key)) for key in new]
        pipeline = self.redis.pipeline(transaction=True)
        for key, fresh, exists in zip(keys.of_trial(trial_id), new, there, strict=True):
            if exists:
                # Not `rename`: pipelines of a cluster refuse it, though both are in one slot.
                pipeline.execute_command("RENAME", fresh, key)
            else:
                pipeline.delete(key)
        await pipeline.execute()


def _staged(trial_id: str) -> tuple[str, str, str, str]:
    head, log, answers, protocol = keys.of_trial(trial_id)
    return head + STAGING, log + STAGING, answers + STAGING, protocol + STAGING


def _commands(known: TrialLedger) -> dict[int, str]:
    """Sequence -> the id of the command that was decided there."""
    return {unpack(packed).sequence: str(UUID(bytes=own)) for own, packed in known.decided.items()}


def _entry(
    offset: int,
    stored: bytes,
    tips: dict[str, Tip],
    wanted: dict[str, Tip],
    commands: dict[str, dict[int, str]],
) -> tuple[str, Entry] | None:
    """The next record of a wanted trial under the chain rule.

    Its end alone is read, five times as fast: a record is canonical, so that its last keys are
    always these, and the tips that all this comes to are compared with those of the owner, who has
    read every record strictly: the hash of a tip holds for all before it.
    """
    end = _END.search(stored, max(0, len(stored) - LONGEST_END))
    if end is None:
        return None
    trial_id, sequence = end["trial"].decode(), int(end["sequence"])
    if trial_id not in wanted:
        return None
    tip, own, previous = tips.get(trial_id, EMPTY), digest(stored), end["previous"].decode()
    if tip == wanted[trial_id] or link(tip, sequence, previous, own) is not Link.ACCEPTED:
        return None
    tips[trial_id] = Tip(sequence, own)
    command_id = commands[trial_id].get(sequence)
    if command_id is None:
        raise NotRebuiltError("trial.log has a decision that its owner does not know")
    return trial_id, Entry(sequence, own, previous, offset, command_id, _adopts(stored), stored)


def _adopts(stored: bytes) -> bool:
    if b'"type":"ProtocolAdopted"' not in stored:
        return False
    events = orjson.loads(stored)["events"]
    return any(event["type"] == "ProtocolAdopted" for event in events)


async def _publish(staged: ReadSide, pending: dict[str, list[Entry]], through: int) -> None:
    publications = [
        Publication(trial_id, entries[0].previous, through, tuple(entries))
        for trial_id, entries in pending.items()
    ]
    replies = await staged.publish(publications) if publications else []
    if any(reply is not Reply.OK for reply in replies):
        raise NotRebuiltError("Redis refused a record: is another rebuild under way?")
