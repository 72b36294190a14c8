"""Counts places again from the events of the record alone, without any code of the decider.

Written from the rules (R3 to R7, R10, R12, R21, R22): what stands at each level, whether a place
was free at the very moment at which one was given, and whether each step of the trial was signed
for and borne out by the counts.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
UNDOSED = frozenset({"held", "reserved", "authorised"})
LIVE = UNDOSED | {"dosed", "cleared", "dlt", "not_evaluable"}
ENDS = {
    "SlotReleased": "released",
    "SlotExpired": "expired",
    "SlotRecalled": "recalled",
    "FirstDoseAuthorised": "authorised",
    "DltRecorded": "dlt",
    "SubjectCleared": "cleared",
    "SubjectNotEvaluable": "not_evaluable",
    "OutcomeReopened": "dosed",
}


@dataclass(slots=True)
class Place:
    """The latest slot of a subject."""

    slot_id: str
    phase: int
    level: str
    state: str
    onset: str | None = None
    """Of its DLT, as an ISO date."""


@dataclass(slots=True)
class Level:
    target: int = 0
    stagger: bool = False
    dosed_since_opening: bool = False


@dataclass(slots=True)
class Counts:
    """n, t, pending, r of a level (R3)."""

    evaluable: int
    dlts: int
    pending: int
    reserved: int


@dataclass(slots=True)
class Recount:
    """A trial as its events tell it; `order` and `number` are the levels and Phase II's number."""

    order: list[str]
    number: int
    fewest_at_rp2d: int = 3
    slots: dict[str, Place] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    open_level: str | None = None
    phase2_open: bool = False
    review: bool = False
    suspended: bool = False
    mtd: str | None = None
    rp2d: str | None = None
    counted: int = 0
    """Subjects of Phase I that use places of Phase II."""
    signed_in: str = ""
    """The record in which a review was last signed by as many as it needs."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Name and sentence of what went against the rules, in order."""

    def counts(self, level: str) -> Counts:
        states = [s.state for s in self.slots.values() if s.phase == 1 and s.level == level]
        dlts = states.count("dlt")
        reserved = sum(state in UNDOSED for state in states)
        return Counts(states.count("cleared") + dlts, dlts, states.count("dosed"), reserved)

    def phase2(self) -> tuple[int, int]:
        """How many are dosed in Phase II, and how many reserved."""
        states = [s.state for s in self.slots.values() if s.phase == 2 and s.state in LIVE]
        reserved = sum(state in UNDOSED for state in states)
        return len(states) - reserved, reserved

    def places(self, phase: int, level: str) -> int:
        """How many are free now for a reservation (R4, R12, R21)."""
        if self.suspended or self.review:
            return 0
        if phase == 2:
            if not self.phase2_open or level != self.rp2d:
                return 0
            return max(0, self.number - self.counted - sum(self.phase2()))
        if level != self.open_level:
            return 0
        below = self.order[: self.order.index(level) + 1]
        if any(self.counts(other).dlts >= 2 for other in below):
            return 0
        counts, opened = self.counts(level), self.levels[level]
        taken = counts.evaluable + counts.pending + counts.reserved
        if opened.stagger and not opened.dosed_since_opening:
            return int(taken == 0)
        return max(0, opened.target - taken)

    def take(self, event: Json, where: str) -> None:
        """The next event; `where` names its record in what is reported."""
        kind = event["type"]
        if kind in ("SlotReserved", "SlotHeld"):
            self._reserve(event, where)
        elif kind == "FirstDoseRecorded":
            self._dose(event)
        elif kind in ENDS:
            self._end(event, ENDS[kind], where)
        elif kind == "FactCorrected":
            self._correct(event)
        else:
            self._of_the_trial(event, where)

    def _reserve(self, event: Json, where: str) -> None:
        subject, level, phase = event["subject_id"], event["level_id"], event["phase"]
        known = self.slots.get(subject)
        if event.get("from_held"):
            if known is None or known.state != "held":
                self.faults.append(("held.unknown", f"{where}: {subject} held no place"))
        elif known is not None and known.state in LIVE:
            sentence = f"{where}: {subject} has {known.slot_id} and gets {event['slot_id']}"
            self.faults.append(("slot.second", sentence))
        if not event.get("from_held") and self.places(phase, level) < 1:
            sentence = f"{where}: {subject} got a place at {level} while places were 0"
            self.faults.append(("place.not_free", sentence))
        if any(s.slot_id == event["slot_id"] for o, s in self.slots.items() if o != subject):
            self.faults.append(("slot.id_twice", f"{where}: {event['slot_id']} is somebody's"))
        state = "held" if event["type"] == "SlotHeld" else "reserved"
        self.slots[subject] = Place(event["slot_id"], phase, level, state)

    def _dose(self, event: Json) -> None:
        level, known = event["level_id"], self.slots.get(event["subject_id"])
        place = Place(event["slot_id"], event["phase"], level, "dosed")
        onset = known.onset if known is not None and known.slot_id == place.slot_id else None
        # A DLT may be told before its dose: it counts if it lies in the window (R8).
        if onset is not None and event["dosed_on"] <= onset < (event["window_ends_on"] or ""):
            place.state, place.onset = "dlt", onset
        self.slots[event["subject_id"]] = place
        if event["phase"] == 1:
            self.levels.setdefault(level, Level()).dosed_since_opening = True

    def _end(self, event: Json, state: str, where: str) -> None:
        known = self.slots.get(event["subject_id"])
        if known is None or known.slot_id != event["slot_id"]:
            self.faults.append(("slot.unknown", f"{where}: {event['slot_id']} is not known"))
            return
        known.state = state
        known.onset = event.get("onset_on") if state == "dlt" else known.onset

    def _correct(self, event: Json) -> None:
        known = self.slots[event["subject_id"]]
        known.state = event["state"]
        if event["fact"] == "dosed_level" and event["now"] is not None:
            known.level = event["now"]

    def _of_the_trial(self, event: Json, where: str) -> None:
        match event["type"]:
            case "LevelOpened":
                if self.levels and self.signed_in != where:
                    self.faults.append(("review.not_signed", f"{where} opens {event['level_id']}"))
                self.open_level = event["level_id"]
                self.levels[event["level_id"]] = Level(event["target"], event["stagger"])
            case "LevelExpanded":
                self.levels[event["level_id"]].target = event["target"]
            case "ReviewDue" | "ReviewLapsed":
                self.review = event["type"] == "ReviewDue"
            case "ReviewSigned":
                self._sign(event, where)
            case "MtdDeclared" | "NoTolerableDoseDeclared" | "Rp2dDeclared" as kind:
                self._declare(kind, event.get("level_id"), where)
            case "AssignmentSuspended" | "AssignmentResumed" as kind:
                self.suspended = kind == "AssignmentSuspended"
            case "PhaseOpened" | "PhaseStopped" | "PhaseClosed" as kind:
                self._phase(kind, event, where)
            case _:
                pass

    def _sign(self, event: Json, where: str) -> None:
        if not self.review:
            self.faults.append(("review.not_due", f"{where} signs a review that was not due"))
        if event.get("complete", True):
            self.review, self.signed_in = False, where

    def _declare(self, kind: str, level: str | None, where: str) -> None:
        """What is declared must be signed for in this record, and the counts must bear it out."""
        if kind == "Rp2dDeclared":
            self.rp2d = level
            if self.mtd is None or self._index(level) > self._index(self.mtd):
                self.faults.append(("rp2d.above_mtd", f"{where}: {level}, the MTD is {self.mtd}"))
            fewest = self.fewest_at_rp2d
        else:
            if self.signed_in != where:
                self.faults.append(("review.not_signed", f"{where}: {kind}"))
            self.mtd, self.rp2d = level, None
            fewest = 3
        if level is None:
            return
        if self.counts(level).evaluable < fewest:
            self.faults.append(("dose.too_few", f"{where}: {kind} of {level}"))
        if any(self.counts(other).dlts >= 2 for other in self.order[: self._index(level) + 1]):
            self.faults.append(("dose.too_toxic", f"{where}: {kind} of {level}"))

    def _index(self, level: str | None) -> int:
        return -1 if level is None else self.order.index(level)

    def _phase(self, kind: str, event: Json, where: str) -> None:
        if event["phase"] == 1:
            self.open_level = None if kind == "PhaseClosed" else self.open_level
            if kind == "PhaseOpened":
                self.mtd = self.rp2d = None
            return
        self.phase2_open = kind == "PhaseOpened"
        if self.phase2_open:
            self.counted = event["counted"]
            if self.rp2d is None or event["level_id"] != self.rp2d:
                self.faults.append(("phase2.not_signed", f"{where}: the RP2D is {self.rp2d}"))
