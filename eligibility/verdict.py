"""The verdict on a form: every finding, and what they come to for each phase (rules R18)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from eligibility.anchors import Anchors
from eligibility.finding import FAIL, PASS, REVIEW, UNKNOWN, Answer, Earliest, Finding

PHASES = (1, 2)


class Outcome(StrEnum):
    """Any fail, else any unknown, else any review, else (and only with findings) eligible."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Settlement:
    """A signed decision that one review finding is met; void once `inputs` no longer fit."""

    criterion_id: str
    phase: int
    inputs: str


class Outcomes(ABC):
    """What the telling findings of a verdict come to; `telling` is in the protocol's order."""

    __slots__ = ()
    protocol_digest: str
    anchors: Anchors
    telling: tuple[Finding, ...]

    @abstractmethod
    def speaks_for(self, phase: int) -> bool:
        """Whether there is any finding at all for a phase."""

    @abstractmethod
    def to_json(self) -> Mapping[str, Any]:
        """The whole verdict as plain JSON."""

    def outcome(self, phase: int) -> Outcome:
        """A phase without any finding is incomplete: nothing was earned."""
        answers = {finding.answer for finding in self.telling if phase in finding.phases}
        if FAIL in answers:
            return Outcome.INELIGIBLE
        if UNKNOWN in answers:
            return Outcome.INCOMPLETE
        if REVIEW in answers:
            return Outcome.NEEDS_REVIEW
        return Outcome.ELIGIBLE if self.speaks_for(phase) else Outcome.INCOMPLETE

    def missing(self, phase: int) -> tuple[str, ...]:
        """The form fields that are missing, stale or unclear, each once, in order."""
        fields = (name for finding in self.telling_for(phase) for name in finding.missing)
        return tuple(dict.fromkeys(fields))

    def fails(self, phase: int) -> tuple[str, ...]:
        return self._ids(phase, FAIL)

    def unknowns(self, phase: int) -> tuple[str, ...]:
        return self._ids(phase, UNKNOWN)

    def reviews(self, phase: int) -> tuple[str, ...]:
        return self._ids(phase, REVIEW)

    def safety(self, phase: int) -> tuple[str, ...]:
        """Criteria whose answer hides a danger that a person must see."""
        return tuple(f.criterion_id for f in self.telling_for(phase) if f.safety)

    def earliest(self, phase: int) -> Earliest | None:
        """The date with which every fail passes; none if time alone cannot turn one of them."""
        latest: Earliest | None = None
        for finding in self.telling_for(phase):
            if finding.answer is not FAIL:
                continue
            if finding.earliest is None:
                return None
            if latest is None or finding.earliest.on > latest.on:
                latest = finding.earliest
        return latest

    def telling_for(self, phase: int) -> list[Finding]:
        """The findings for a phase that are more than a plain pass."""
        return [finding for finding in self.telling if phase in finding.phases]

    def _ids(self, phase: int, answer: Answer) -> tuple[str, ...]:
        return tuple([f.criterion_id for f in self.telling_for(phase) if f.answer is answer])


@dataclass(frozen=True, slots=True)
class Verdict(Outcomes):
    """All findings of one form under one protocol, and the dates that it was taken for."""

    protocol_digest: str
    anchors: Anchors
    findings: tuple[Finding, ...]
    written: dict[str, Any] | None = field(default=None, compare=False, repr=False)
    """What it was read from, so that it need not be written again."""
    telling: tuple[Finding, ...] = field(init=False, compare=False, repr=False)
    """The findings that are more than a plain pass; few, and all that most questions are about."""

    def __post_init__(self) -> None:
        telling = [f for f in self.findings if f.answer is not PASS or f.missing or f.safety]
        object.__setattr__(self, "telling", tuple(telling))

    def findings_for(self, phase: int) -> tuple[Finding, ...]:
        """Exactly one finding for each criterion, in the protocol's order."""
        return tuple(finding for finding in self.findings if phase in finding.phases)

    def speaks_for(self, phase: int) -> bool:
        return any(phase in finding.phases for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without empty keys, ready for canonical JSON."""
        if self.written is not None:
            return self.written
        return {
            "protocol": self.protocol_digest,
            "anchors": self.anchors.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
        }

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Verdict":
        """The verdict that `to_json` wrote."""
        return Verdict(
            raw["protocol"],
            Anchors.from_json(raw["anchors"]),
            tuple([Finding.from_json(finding) for finding in raw["findings"]]),
            dict(raw),
        )

    def gist_json(self) -> dict[str, Any]:
        """What is asked of a verdict once it stands beside its bytes; `Gist.from_json` reads it."""
        return {
            "protocol": self.protocol_digest,
            "anchors": self.anchors.to_json(),
            "phases": [phase for phase in PHASES if self.speaks_for(phase)],
            "telling": [finding.to_json() for finding in self.telling],
        }


@dataclass(frozen=True, slots=True)
class Gist(Outcomes):
    """A verdict without its plain passes, beside the whole as it was written."""

    protocol_digest: str
    anchors: Anchors
    phases: tuple[int, ...]
    """Those that it has any finding for."""
    telling: tuple[Finding, ...]
    written: Mapping[str, Any] = field(compare=False, repr=False)

    def speaks_for(self, phase: int) -> bool:
        return phase in self.phases

    def to_json(self) -> Mapping[str, Any]:
        return self.written

    @staticmethod
    def from_json(raw: Mapping[str, Any], written: Mapping[str, Any]) -> "Gist":
        """The gist that `Verdict.gist_json` wrote, of the verdict `written`."""
        return Gist(
            raw["protocol"],
            Anchors.from_json(raw["anchors"]),
            tuple(raw["phases"]),
            tuple([Finding.from_json(finding) for finding in raw["telling"]]),
            written,
        )
