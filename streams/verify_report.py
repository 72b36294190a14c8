"""What came of verifying an export: what was checked, and every fault with why it matters."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from streams.differences import Difference

Kind = Literal[
    "line", "manifest", "format", "chain", "command", "protocol", "public", "signature",
    "derivation", "fold", "invariant", "head",
]  # fmt: skip

MATTERS: Final[dict[Kind, str]] = {
    "line": "The file is not as it was written; what stood here cannot be taken as said.",
    "manifest": "The first line tells another story than the records; one of them was changed.",
    "format": "This Holdfast cannot read what a newer one wrote: verify with the newer one.",
    "chain": "A record was changed, left out, added or moved: no record behind can be trusted.",
    "command": "The record does not hold what was asked: the decision may be about something else.",
    "protocol": "The decision names other rules than those in force.",
    "public": "Subscribers would be told other events, or in another order, than happened.",
    "signature": "Somebody's signature stands under something that they did not see.",
    "derivation": "The rules in force, on the trial as it was, do not give what was recorded.",
    "fold": "What was recorded could not have happened to the trial as it was.",
    "invariant": "A rule that keeps subjects safe was broken.",
    "head": "The file ends elsewhere than you were told: decisions at its end may be left out.",
}
MOST_FAULTS: Final = 20


class EnoughFaultsError(Exception):
    """Nothing more would be learnt by going on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold; `sequence` is the decision, none for the file as a whole."""

    kind: Kind
    line: int
    sequence: int | None
    says: str
    differences: tuple[Difference, ...] = ()

    @property
    def matters(self) -> str:
        return MATTERS[self.kind]


@dataclass(slots=True)
class Report:
    """Counts of what was checked. `underived`: rules version -> first sequence and how many."""

    trial: str = ""
    head: str = ""
    records: int = 0
    derived: int = 0
    verdicts: int = 0
    assignments: int = 0
    signatures: int = 0
    underived: dict[int, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    stopped: bool = False
    """There were so many faults that the rest was not looked at."""

    @property
    def holds(self) -> bool:
        return not self.faults and not self.underived

    @property
    def exit_code(self) -> int:
        """0 all holds, 1 something does not, 2 nothing wrong but not all could be derived."""
        return 1 if self.faults else 2 if self.underived else 0

    def add(self, fault: Fault) -> None:
        """The same thing said of a later decision is no news; raises when there are too many."""
        if any((known.kind, known.says) == (fault.kind, fault.says) for known in self.faults):
            return
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            self.stopped = True
            raise EnoughFaultsError

    def cannot_derive(self, rules: int, sequence: int) -> None:
        first, count = self.underived.get(rules, (sequence, 0))
        self.underived[rules] = (first, count + 1)

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        told["faults"] = [asdict(fault) | {"matters": fault.matters} for fault in self.faults]
        told["underived"] = [
            {"rules": rules, "first_sequence": first, "records": count}
            for rules, (first, count) in sorted(self.underived.items())
        ]
        return {"holds": self.holds} | told
