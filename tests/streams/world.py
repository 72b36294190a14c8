"""A Kafka and a Redis in memory, shared by two workers, and what must hold in them at every moment.

One partition. Nothing here moves by itself: `schedule` chooses what happens next. What is checked
is worked out from the bytes of the log alone, with nothing of the code that is being tried.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from enrollment.commands import JudgedRequest
from streams.parked import Resume, marker
from streams.read_side import Held
from streams.topics import LOG, PARKED


class ViolatedError(Exception):
    """Something that must hold at every moment does not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as an outsider reads it."""

    trial_id: str
    sequence: int
    previous: str
    command_id: str
    hash: str


@lru_cache(maxsize=100_000)
def seen(stored: bytes) -> Seen:
    plain = json.loads(stored)
    return Seen(
        plain["trial"],
        plain["sequence"],
        plain["previous"],
        plain["command_id"],
        hashlib.sha256(stored).hexdigest(),
    )


@dataclass(slots=True)
class RedisState:
    """What `publish.lua` keeps, per trial: records, and how far its head says it was read."""

    logs: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    through: dict[str, int] = field(default_factory=dict)
    offset: dict[str, int] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    listed_through: int = -1

    def copy(self) -> "RedisState":
        return RedisState(
            dict(self.logs), dict(self.through), dict(self.offset), self.listed, self.listed_through
        )

    def key(self) -> tuple[object, ...]:
        """Equal for equal states."""
        logs = tuple(
            (trial, tuple((h.hash, h.offset) for h in log))
            for trial, log in sorted(self.logs.items())
        )
        heads = tuple(sorted(self.through.items())), tuple(sorted(self.offset.items()))
        return logs, heads, self.listed, self.listed_through


class Sent:
    """What a worker sent and waits for: the offsets come as the messages land, in their order."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.offsets: list[int] = []

    @property
    def landed(self) -> bool:
        return len(self.offsets) == self.wanted


@dataclass(slots=True)
class World:
    """The shared parts. `flying` holds, per life of a worker, what it sent and has not landed."""

    commands: Sequence[JudgedRequest]
    topics: dict[str, list[bytes]] = field(default_factory=lambda: {LOG: [], PARKED: []})
    redis: RedisState = field(default_factory=RedisState)
    committed: int = 0
    flying: dict[int, list[tuple[str, bytes, Sent]]] = field(default_factory=dict)
    chains: dict[str, list[Seen]] = field(default_factory=dict)
    """What is accepted of each trial, by the chain rule."""
    decided: dict[str, str] = field(default_factory=dict)
    """Command id -> hash of its record in the accepted chain."""
    heard: dict[str, str] = field(default_factory=dict)
    """Command id -> hash of the record that Redis showed: an answer somebody may have heard."""
    snapshots: tuple[RedisState, ...] = ()
    """What Redis looked like after its last publications: what it may be rolled back to."""
    kept: int = 0
    """How many of these are kept."""
    mended: bool = False
    """Whether the decider was mended that raises at some commands."""
    looked_at: bool = True
    """Whether what lives remember is wanted; it is not while a known schedule is run again."""
    in_order: bool = True
    """Whether every trial's commands must be decided in the order in which they came."""

    @property
    def log(self) -> list[bytes]:
        return self.topics[LOG]

    def land(self, life: int) -> Sent:
        """The first message under way of a life of a worker lands."""
        topic, stored, sent = self.flying[life].pop(0)
        if not self.flying[life]:
            del self.flying[life]
        self.topics[topic].append(stored)
        sent.offsets.append(len(self.topics[topic]) - 1)
        if topic == LOG:
            self._accept(seen(stored))
        return sent

    def _accept(self, record: Seen) -> None:
        chain = self.chains.setdefault(record.trial_id, [])
        tail = chain[-1].hash if chain else ""
        if record.sequence != len(chain) or record.previous != tail:
            return
        chain.append(record)
        if record.command_id in self.decided:
            raise ViolatedError("a command was decided twice")
        self.decided[record.command_id] = record.hash
        if self.in_order:
            due = [c for c in self.commands if c.trial_id == record.trial_id][len(chain) - 1]
            if str(due.command_id) != record.command_id:
                raise ViolatedError("a command was decided before one that came earlier")

    def show(self) -> None:
        """Redis has changed: whoever reads it now hears these answers."""
        for trial_id, log in self.redis.logs.items():
            chain = self.chains.get(trial_id, [])
            if len(log) > len(chain) or any(
                held.hash != record.hash for held, record in zip(log, chain, strict=False)
            ):
                raise ViolatedError("Redis shows what was not accepted")
            for record in chain[: len(log)]:
                if self.heard.setdefault(record.command_id, record.hash) != record.hash:
                    raise ViolatedError("two answers were heard to one command")
        if self.kept and (not self.snapshots or self.snapshots[-1].key() != self.redis.key()):
            self.snapshots = (*self.snapshots, self.redis.copy())[-self.kept :]

    def acknowledge(self, done: int, first: int = 0) -> None:
        """A worker says that all commands up to `done` are done."""
        for offset in range(first, done):
            command_id = str(self.commands[offset].command_id)
            if self.heard.get(command_id) is not None or self._is_parked(offset):
                continue
            if command_id not in self.decided:
                raise ViolatedError(f"command {offset} is acknowledged and not in the log")
            raise ViolatedError(f"command {offset} is acknowledged and was never shown")

    def commit(self, done: int) -> None:
        if done < self.committed:
            raise ViolatedError("the committed offset went back")
        self.acknowledge(done, self.committed)
        self.committed = done

    def resume(self) -> None:
        """The decider was mended, and an operator asks for all halted trials to go on."""
        self.mended = True
        for trial_id in sorted({command.trial_id for command in self.commands}):
            marked = marker(Resume(trial=trial_id), 0)
            self.topics[PARKED].append(marked.value)

    def _is_parked(self, offset: int) -> bool:
        return any(
            entry["kind"] == "parked" and entry["source"]["offset"] == offset
            for entry in map(json.loads, self.topics[PARKED])
        )

    def agrees(self) -> bool:
        """Whether Redis shows exactly what is accepted."""
        return {
            trial: [r.hash for r in chain] for trial, chain in self.chains.items() if chain
        } == {trial: [held.hash for held in log] for trial, log in self.redis.logs.items()}

    def complete(self) -> bool:
        everything = len(self.decided) == len(self.commands) == self.committed
        return everything and self.agrees()
