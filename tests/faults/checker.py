"""Demands of what a round left behind: nothing lost, nothing doubled, never a place too many.

Written against the public API, the exported record and the documents alone. Each fault that it
finds is a `Violation` with a name; no names means that all of it held.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.found import Found, read_json, sha256
from tests.faults.public_story import public_faults
from tests.faults.recount import Recount

Json = dict[str, Any]
WITHOUT_EFFECT = frozenset({"TimePassed"})
"""With nothing due such a command writes nothing, though it was accepted (docs/api.md)."""
TOLD_WHY = frozenset({"refused", "rejected", "waitlisted", "held"})
MOST_OF_A_KIND = 5
UNAVAILABLE = 503
"""The one answer above 499 that a service may give while Kafka or Redis is away."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`name` says what did not hold, `sentence` where."""

    trial: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record of the accepted chain: its bytes, their hash, and what they say."""

    stored: bytes
    hash: str
    plain: Json


Faults = Iterator[tuple[str, str]]


def check(found: Found) -> list[Violation]:
    """Every violation in one trial, a few of each kind."""
    chain, faults = chain_of(found.log)
    for part in (
        _exported(found, chain),
        _decided(found, chain),
        _heard(found, chain),
        _places(found, chain),
        _redis(found, chain),
        public_faults(found, [record.plain for record in chain]),
    ):
        faults += part
    seen: Counter[str] = Counter()
    kept = []
    for name, sentence in faults:
        seen[name] += 1
        if seen[name] <= MOST_OF_A_KIND:
            kept.append(Violation(found.trial, name, sentence))
    return kept


def chain_of(log: list[bytes]) -> tuple[list[Accepted], list[tuple[str, str]]]:
    """The accepted records by the chain rule of docs/record.md, and what cannot be explained.

    A record that was void because another took its place is the fence at work. One that stands
    behind the end of the chain says that a record before it is missing.
    """
    chain: list[Accepted] = []
    void: list[tuple[int, Json, str]] = []
    for number, stored in enumerate(log):
        plain, own = read_json(stored), sha256(stored)
        if plain is None or "sequence" not in plain or "previous" not in plain:
            continue
        last = chain[-1].hash if chain else ""
        if plain["sequence"] == len(chain) and plain["previous"] == last:
            chain.append(Accepted(stored, own, plain))
        elif all(record.hash != own for record in chain):
            void.append((number, plain, own))
    faults = []
    for number, plain, _ in void:
        # The strangers of `messages.stranger` name a predecessor that cannot be.
        if plain["sequence"] >= len(chain) and plain["previous"] != "0" * 64:
            sentence = f"message {number} has sequence {plain['sequence']}, the chain ends before"
            faults.append(("sequence.gap", sentence))
    for record in chain:
        written = json.dumps(
            record.plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        if written.encode() != record.stored:
            faults.append(("record.not_canonical", f"sequence {record.plain['sequence']}"))
    return chain, faults


REACHED = {
    "LevelOpened": "a level opened",
    "MtdDeclared": "an MTD",
    "NoTolerableDoseDeclared": "no tolerable dose",
    "Rp2dDeclared": "an RP2D",
}
SIGNED, FULL = "a review signed", "Phase II with its number dosed"


def milestones(log: list[bytes]) -> Counter[str]:
    """How often a trial came to what ends a part of it, by its record."""
    found: Counter[str] = Counter()
    chain, _ = chain_of(log)
    counted, number = Recount([], 0), 0
    for record in chain:
        for event in record.plain["events"]:
            kind = event["type"]
            found[REACHED.get(kind, "")] += 1
            found[SIGNED] += kind == "ReviewSigned" and event["complete"]
            if kind == "ProtocolAdopted":
                protocol = tomllib.loads(event["text"])
                number = protocol["phase2"]["number"]
                counted.order = [level["id"] for level in protocol["phase1"]["levels"]]
            counted.take(event, "")
    found[FULL] += counted.rp2d is not None and counted.phase2()[0] + counted.counted >= number > 0
    del found[""]
    return +found


def _exported(found: Found, chain: list[Accepted]) -> Faults:
    """The record as the API gives it: every one, in order, each naming the one before."""
    last = ""
    for number, item in enumerate(found.api_log):
        record = item["record"]
        if record["sequence"] != number:
            yield "sequence.gap", f"the API gives {record['sequence']} in place of {number}"
            return
        stored = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if sha256(stored.encode()) != item["hash"] or record["previous"] != last:
            yield "chain.broken", f"at sequence {number} of the API"
            return
        last = item["hash"]
    if [item["hash"] for item in found.api_log] != [record.hash for record in chain]:
        yield (
            "export.differs",
            f"the API gives {len(found.api_log)} records, trial.log has {len(chain)}",
        )


def _decided(found: Found, chain: list[Accepted]) -> Faults:
    """Each command once, only what was asked, and never what came from the future."""
    asked = {line["command_id"] for line in found.history}
    counted = Counter(record.plain["command_id"] for record in chain)
    for identity, times in counted.items():
        if times > 1:
            yield "decided.twice", f"{identity} is decided {times} times"
    for record in chain:
        plain = record.plain
        identity, kind = plain["command_id"], plain["command"].get("type")
        if identity in found.never:
            yield "decided.from_the_future", f"{identity} at sequence {plain['sequence']}"
        elif identity not in asked and kind != "TimePassed":
            yield "decided.unasked", f"{kind} {identity} at sequence {plain['sequence']}"


def _heard(found: Found, chain: list[Accepted]) -> Faults:
    """Whatever a client heard must be what the record says."""
    decided = {record.plain["command_id"]: record.plain for record in chain}
    refusals: dict[str, set[str]] = {}
    for line in found.history:
        refusals.setdefault(line["command_id"], set()).add(line["what"])
    for line in found.history:
        identity, what = line["command_id"], line["what"]
        name = f"{line['command']} {line['key']}"
        record = decided.get(identity)
        if line.get("status", 0) >= 500 and line["status"] != UNAVAILABLE:
            yield "server.error", f"{name} got {line['status']}"
        if what == "yes":
            if record is None and line["command"] not in WITHOUT_EFFECT:
                yield "acknowledged.missing", f"{name} ({line['status']}) is not in the record"
            elif record is not None and line["status"] == 200:
                yield from _as_heard(name, line["body"], record)
        elif what == "no":
            yield from _refusal(name, line)
            if record is not None and refusals[identity] == {"asks", "no"}:
                yield "refused.decided", f"{name} was told no and is in the record"


def _as_heard(name: str, body: Json, record: Json) -> Faults:
    answer = record["answer"]
    if body["sequence"] != record["sequence"] or body["outcome"] != answer["outcome"]:
        yield (
            "answer.differs",
            f"{name} heard {body['outcome']} at {body['sequence']}, "
            f"the record has {answer['outcome']} at {record['sequence']}",
        )
    if body["outcome"] in TOLD_WHY and not (body.get("rule") and body.get("sentence")):
        yield "refused.without_reason", f"{name} heard {body['outcome']} and not why"


def _refusal(name: str, line: Json) -> Faults:
    body = line.get("body", {})
    if not (body.get("type") and body.get("detail")):
        yield "refused.without_reason", f"{name} got {line['status']} and no reason"


def _places(found: Found, chain: list[Accepted]) -> Faults:
    """Every reservation at the prefix at which it was made; and the board as counted anew."""
    text = next(
        (e["text"] for r in chain for e in r.plain["events"] if e["type"] == "ProtocolAdopted"),
        None,
    )
    if text is None:
        return
    protocol = tomllib.loads(text)
    order = [level["id"] for level in protocol["phase1"]["levels"]]
    number, fewest = protocol["phase2"]["number"], protocol["phase1"]["rp2d_min_evaluable"]
    counted = Recount(order, number, fewest)
    for record in chain:
        for event in record.plain["events"]:
            counted.take(event, f"sequence {record.plain['sequence']}")
    yield from counted.faults
    yield from _board(found.board, counted)


def _board(board: Json, counted: Recount) -> Faults:
    if "phase1" not in board:
        yield "board.differs", "there is no board"
        return
    for level in board["phase1"]["levels"]:
        name, ours = level["level_id"], counted.counts(level["level_id"])
        theirs = (level["evaluable"], level["dlts"], level["pending"], level["reserved"])
        if theirs != (ours.evaluable, ours.dlts, ours.pending, ours.reserved):
            yield "board.differs", f"{name}: the board has {theirs}, counted anew {ours}"
    said = (board["phase1"]["open_level"], board["suspended"], board["review"] is not None)
    if said != (counted.open_level, counted.suspended, counted.review):
        yield "board.differs", f"the board has {said} for open level, suspension and review"
    ends = (board["mtd"], board["rp2d"], board["phase2"]["dosed"], board["phase2"]["reserved"])
    again = (counted.mtd, counted.rp2d, *counted.phase2())
    if ends != again:
        yield "board.differs", f"MTD, RP2D, dosed, reserved: the board has {ends}, counted {again}"


def _redis(found: Found, chain: list[Accepted]) -> Faults:
    """Redis holds what a replay of the record gives: the same bytes, head and answers."""
    if found.redis.records != [record.stored for record in chain]:
        yield (
            "redis.differs",
            f"Redis has {len(found.redis.records)} records, trial.log {len(chain)}",
        )
    answers = {record.plain["command_id"]: record.plain["sequence"] for record in chain}
    if found.redis.answers != answers:
        yield "redis.answers_differ", f"{len(found.redis.answers)} in place of {len(answers)}"
    adopted = [
        record.plain["sequence"]
        for record in chain
        if any(event["type"] == "ProtocolAdopted" for event in record.plain["events"])
    ]
    if found.redis.protocol != (adopted[-1] if adopted else None):
        yield "redis.protocol_differs", f"{found.redis.protocol}, adopted at {adopted}"
    if chain:
        head = (found.redis.head.get("sequence"), found.redis.head.get("hash"))
        if head != (str(len(chain) - 1), chain[-1].hash):
            yield "redis.head_differs", f"the head says {head[0]}, the record {len(chain) - 1}"
