"""Snapshots of folds in Redis: a takeover begins at one and folds only what came after it.

Disposable: without one, or with one that does not fit, a trial is folded from its first record.
"""

import asyncio
import hashlib
import importlib
import itertools
import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from redis.exceptions import RedisError

from enrollment.canonical import digest
from enrollment.snapshot import SCHEMA, Reader, written
from enrollment.trial import Trial
from streams import keys
from streams.chain import Tip
from streams.ledger import Ledger, TrialLedger
from streams.read_side import ReadSide
from streams.redis_client import Client

LOG = logging.getLogger(__name__)
EVERY = 2000
"""Records after which a trial is written again: at most so many are folded at a takeover."""
KEPT_SECONDS = 30 * 86400
DECISIONS = 5000
"""Decided commands in one piece."""
DECISION = 56
"""Bytes of one: its id, its digest, its sequence."""
FORM = 2
"""Of what is written here besides the state: another one is not read."""
WRONG = (ValueError, TypeError, KeyError, IndexError, zlib.error)
"""What reading raises where something is no snapshot of ours (`ProtocolError` is a ValueError)."""


class UnusableError(Exception):
    """A snapshot that says something else than it should; the message says what."""


@cache
def name() -> str:
    """Of the shape of the state and of the rules: other code may fold the same events otherwise."""
    code = hashlib.sha256()
    for package in ("cohorts", "eligibility", "enrollment", "protocols"):
        file = importlib.import_module(package).__file__
        assert file is not None, f"{package} is a package with a file"
        for path in sorted(Path(file).parent.rglob("*.py")):
            code.update(path.read_bytes())
    return f"{SCHEMA}-{code.hexdigest()[:16]}-{FORM}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A trial at one moment; the fold is frozen, the decisions and verdicts are copied."""

    trial_id: str
    trial: Trial
    tip: Tip
    public: int
    adopted: int
    judged: tuple[tuple[str, int], ...]
    decided: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, trial_id: str, known: TrialLedger) -> "Taken":
        judged, decided = tuple(known.judged.items()), tuple(known.decided.items())
        return cls(trial_id, known.trial, known.tip, known.public, known.adopted, judged, decided)

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        """Kind and content, in the order in which they are read."""
        kinds = itertools.chain(("trial",), itertools.repeat("subjects"))
        yield from zip(kinds, written(self.trial), strict=False)
        for start in range(0, len(self.judged), DECISIONS):
            yield "judged", orjson.dumps(self.judged[start : start + DECISIONS])
        for start in range(0, len(self.decided), DECISIONS):
            some = self.decided[start : start + DECISIONS]
            yield "decided", b"".join(command + packed for command, packed in some)


class Snapshots:
    """Writes one at a time, beside the decisions; reads one at a recovery."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._at: dict[str, int] = {}
        self._writing: asyncio.Task[None] | None = None

    def consider(self, ledger: Ledger) -> None:
        """Begins to write the first trial that has moved on by `EVERY` records, if none is now."""
        if self._writing is not None and not self._writing.done():
            return
        for trial_id, known in ledger.trials.items():
            last = self._at.get(trial_id, -1)
            if known.tip.sequence < last:  # Another history than the one that was written.
                last = -1
            if known.tip.sequence - last >= EVERY:
                self._at[trial_id] = known.tip.sequence
                self._writing = asyncio.create_task(self._try(Taken.of(trial_id, known)))
                return

    async def stop(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _try(self, taken: Taken) -> None:
        try:
            await self.write(taken)
        except (RedisError, OSError, TimeoutError) as error:
            LOG.info("no snapshot: %s", type(error).__name__, extra={"trial": taken.trial_id})

    async def write(self, taken: Taken) -> None:
        """Whole or not at all: readers see the one before until all pieces are there."""
        key = keys.snapshot(taken.trial_id, name())
        new = f"{key}:new"
        await self._redis.delete(new)
        content, count = hashlib.sha256(), 0
        for kind, piece in taken.pieces():
            packed = await asyncio.to_thread(zlib.compress, piece, 1)
            stored = kind.encode() + b" " + packed
            content.update(stored)
            await self._redis.rpush(new, stored)
            count += 1
        head = {
            "trial": taken.trial_id,
            "sequence": taken.tip.sequence,
            "hash": taken.tip.hash,
            "public": taken.public,
            "adopted": taken.adopted,
            "pieces": count,
            "content": content.hexdigest(),
        }
        await self._redis.rpush(new, orjson.dumps(head))
        await self._redis.expire(new, KEPT_SECONDS)
        await self._redis.rename(new, key)
        LOG.info(
            "snapshot written", extra={"trial": taken.trial_id, "sequence": taken.tip.sequence}
        )

    async def read(
        self, trial_id: str, read_side: ReadSide, *, decisions: bool = True
    ) -> TrialLedger | None:
        """The fold at the snapshot, none without one.

        Raises `UnusableError` where it is damaged, or not of the chain that Redis shows. Readers
        do without the `decisions`, which are known to be there, and are then left out.
        """
        key = keys.snapshot(trial_id, name())
        stored = await self._redis.lindex(key, -1)
        if stored is None:
            return None
        try:
            found = await self._read(trial_id, key, orjson.loads(stored), decisions)
        except WRONG as error:
            raise UnusableError(f"it cannot be read: {type(error).__name__}") from None
        shown = await read_side.record(trial_id, found.tip.sequence)
        if shown is None or digest(shown) != found.tip.hash:
            raise UnusableError("it is not of this chain")
        return found

    async def _read(
        self, trial_id: str, key: str, head: dict[str, object], decisions: bool
    ) -> TrialLedger:
        content, held = hashlib.sha256(), _Held(decisions)
        for index in range(int(str(head["pieces"]))):
            stored = await self._redis.lindex(key, index)
            content.update(stored)
            held.take(stored)
            await asyncio.sleep(0)
        if content.hexdigest() != head["content"] or held.reader is None:
            raise UnusableError("its content is not what it says")
        trial, sequence = held.reader.trial(), int(str(head["sequence"]))
        if not head["trial"] == trial.trial_id == trial_id or held.count != sequence + 1:
            raise UnusableError("it is of another trial, or lacks decisions")
        self._at[trial_id] = sequence
        return TrialLedger(
            trial,
            Tip(sequence, str(head["hash"])),
            decided=held.decided,
            public=int(str(head["public"])),
            adopted=int(str(head["adopted"])),
            judged=held.judged,
        )


class _Held:
    """What the pieces of a snapshot hold, as they are read."""

    def __init__(self, decisions: bool) -> None:
        self._decisions = decisions
        self.reader: Reader | None = None
        self.judged: dict[str, int] = {}
        self.decided: dict[bytes, bytes] = {}
        self.count = 0

    def take(self, stored: bytes) -> None:
        """Raises one of `WRONG` where it is no piece of ours."""
        kind, _, packed = stored.partition(b" ")
        piece = zlib.decompress(packed)
        if kind == b"trial":
            self.reader = Reader(piece)
        elif kind == b"subjects" and self.reader is not None:
            self.reader.take(piece)
        elif kind == b"judged":
            self.judged |= dict(orjson.loads(piece))
        elif kind == b"decided":
            self.count += len(piece) // DECISION
            if self._decisions:
                self.decided |= {
                    piece[i : i + 16]: piece[i + 16 : i + DECISION]
                    for i in range(0, len(piece), DECISION)
                }
        else:
            raise ValueError("no piece of a snapshot")
