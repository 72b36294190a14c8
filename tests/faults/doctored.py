"""A small trial as a round would leave it, consistent in every view, for tests to doctor."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.faults.found import Found, InRedis, sha256
from tests.faults.public_story import PREFIX, PUBLIC

Json = dict[str, Any]
TRIAL = "T"
PROTOCOL = """
[phase1]
rp2d_min_evaluable = 3
[[phase1.levels]]
id = "L1"
[[phase1.levels]]
id = "L2"
[phase2]
number = 2
"""


def slot(kind: str, subject: str, number: int, **more: Any) -> Json:
    base = {"type": kind, "subject_id": subject, "site_id": "S1", "slot_id": f"T-{number}"}
    return base | {"phase": 1, "level_id": "L1"} | more


@dataclass
class Story:
    """Decisions in order; `found` shows them in all views as they should be."""

    decisions: list[tuple[str, str, list[Json]]] = field(default_factory=list)
    """Command, outcome, events."""

    def then(self, command: str, outcome: str, *events: Json) -> "Story":
        self.decisions.append((command, outcome, list(events)))
        return self

    def reserved(self, subject: str, number: int) -> "Story":
        return self.then("SubmitForm", "slot_reserved", slot("SlotReserved", subject, number))

    def found(self) -> Found:
        records: list[bytes] = []
        public: list[Json] = []
        history: list[Json] = []
        last = ""
        for number, (command, outcome, events) in enumerate(self.decisions):
            identity = f"command-{number}"
            plain = {
                "format": 1,
                "trial": TRIAL,
                "sequence": number,
                "previous": last,
                "command_id": identity,
                "command": {"type": command},
                "public_from": len(public),
                "answer": {"outcome": outcome},
                "events": events,
            }
            records.append(stored(plain))
            last = sha256(records[-1])
            public += [public_event(event, len(public) + n) for n, event in enumerate(events)]
            history += heard(identity, command, number, outcome)
        return Found(
            TRIAL,
            history,
            records,
            public,
            [{"hash": sha256(r), "record": json.loads(r)} for r in records],
            list(public),
            board_of(self),
            redis_of(records),
        )


def stored(plain: Json) -> bytes:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def public_event(event: Json, number: int) -> Json:
    data = {"trial_id": TRIAL} | {k: event[k] for k in ("subject_id",) if k in event}
    return {
        "id": f"{TRIAL}/{number}",
        "type": f"{PREFIX}{PUBLIC[event['type']]}.v1",
        "sequence": f"{number:020d}",
        "data": data,
    }


def heard(identity: str, command: str, sequence: int, outcome: str) -> list[Json]:
    line = {"trial": TRIAL, "command_id": identity, "command": command, "site": "S1", "key": "k"}
    body = {"sequence": sequence, "outcome": outcome}
    return [line | {"what": "asks"}, line | {"what": "yes", "status": 200, "body": body}]


def redis_of(records: list[bytes]) -> InRedis:
    head = {"sequence": str(len(records) - 1), "hash": sha256(records[-1])}
    ids = [json.loads(record)["command_id"] for record in records]
    answers = {identity: n for n, identity in enumerate(ids)}
    adopts = [n for n, record in enumerate(records) if b"ProtocolAdopted" in record]
    return InRedis(list(records), head, answers, adopts[-1] if adopts else None)


def board_of(story: Story) -> Json:
    """Counted by hand: these stories open L1, reserve and release there, or are `led_to_phase2`."""
    kinds = [event["type"] for _, _, events in story.decisions for event in events]
    reserved = kinds.count("SlotReserved") - kinds.count("SlotReleased")
    empty = {"evaluable": 0, "dlts": 0, "pending": 0, "reserved": 0}
    levels = [{"level_id": "L1"} | empty | {"reserved": reserved}, {"level_id": "L2"} | empty]
    suspended = "AssignmentSuspended" in kinds
    phase1: Json = {"levels": levels, "open_level": "L1"}
    ended: Json = {"mtd": None, "rp2d": None, "phase2": {"dosed": 0, "reserved": 0}}
    if "Rp2dDeclared" in kinds:
        levels[0] |= {"evaluable": kinds.count("SubjectCleared"), "reserved": 0}
        phase1["open_level"] = None
        ended = {"mtd": "L1", "rp2d": "L1", "phase2": {"dosed": 0, "reserved": 0}}
    return {"phase1": phase1, "suspended": suspended, "review": None} | ended


def opened(stagger: bool = False) -> Story:
    """A protocol adopted, and level L1 open with three places."""
    adopted = {"type": "ProtocolAdopted", "text": PROTOCOL}
    level = {"type": "LevelOpened", "level_id": "L1", "target": 3, "stagger": stagger}
    story = Story().then("AdoptProtocol", "recorded", adopted)
    return story.then("ActivateTrial", "recorded", {"type": "TrialActivated"}, level)


REVIEW = {"type": "ReviewDue", "level_id": "L1"}
MTD = {"type": "MtdDeclared", "level_id": "L1"}
RP2D = {"type": "Rp2dDeclared", "level_id": "L1"}
PHASE2 = {"type": "PhaseOpened", "phase": 2, "level_id": "L1", "counted": 0}
CLOSED = {"type": "PhaseClosed", "phase": 1}


def signed(decision: str, complete: bool = True) -> Json:
    return {"type": "ReviewSigned", "decision": decision, "complete": complete}


def seen(story: Story, subjects: int, outcome: str = "SubjectCleared") -> Story:
    """So many subjects reserved, dosed and with this outcome at L1."""
    days = {"dosed_on": "2027-03-01", "window_ends_on": "2027-03-22"}
    for number in range(subjects):
        story.reserved(f"S1-{number}", number)
        dosed = slot("FirstDoseRecorded", f"S1-{number}", number, **days)
        story.then("ReportFirstDose", "recorded", dosed)
        story.then("ReportWindowOutcome", "recorded", slot(outcome, f"S1-{number}", number))
    return story


def led_to_phase2(subjects: int = 3) -> Story:
    """An MTD and an RP2D after so many subjects at L1, Phase II open with its two places."""
    story = seen(opened(), subjects).then("TimePassed", "recorded", REVIEW)
    story.then("SignReview", "recorded", signed("mtd"), MTD, CLOSED)
    return story.then("SignRp2d", "recorded", RP2D, PHASE2)
