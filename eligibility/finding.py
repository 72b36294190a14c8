"""One finding: the answer of one criterion for one phase or both, and the sentence saying why."""

from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple, cast

AnchorName = Literal["registration", "enrolment", "treatment_start", "first_dose"]


class Answer(StrEnum):
    """Four answers, never a score. A pass is earned, never what is left over."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """A fact is missing, stale, partial or in a unit that says nothing."""
    REVIEW = "review"
    """A person must decide: the protocol contradicts itself, or tests disagree."""


PASS: Final = Answer.PASS
FAIL: Final = Answer.FAIL
UNKNOWN: Final = Answer.UNKNOWN
REVIEW: Final = Answer.REVIEW
"""The members by name: an enum takes as long to look one up as a finding takes to build."""


class Earliest(NamedTuple):
    """The first value of an anchor date with which the criterion passes (rules R17)."""

    anchor: AnchorName
    on: date


class Finding(NamedTuple):
    """What one criterion says, for the phases it speaks for. `because` names value and limit.

    A tuple by name: some forty are built for every form, and a tuple is built at once.
    """

    criterion_id: str
    phases: tuple[int, ...]
    answer: Answer
    because: str
    missing: tuple[str, ...] = ()
    """Form fields that are missing or stale; filled when the answer is unknown."""
    earliest: Earliest | None = None
    """Only on a fail that time alone can turn."""
    inputs: str | None = None
    """On a review: SHA-256 over what it rests on, so that a signed decision can be bound to it."""
    safety: bool = False
    """True if the answer hides a danger that a person must see (rules R20)."""
    source: str = ""
    """Where the protocol says it, for example `inclusion 8`."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without empty keys; `phases` is left out when it is both."""
        criterion_id, phases, answer, because, missing, earliest, inputs, safety, source = self
        plain = answer is PASS and source and phases == _BOTH
        if plain and not (missing or earliest or inputs or safety):
            return {  # most of them
                "criterion_id": criterion_id,
                "answer": "pass",
                "because": because,
                "source": source,
            }
        out: dict[str, Any] = {
            "criterion_id": self.criterion_id,
            "answer": _WORDS[self.answer],
            "because": self.because,
        }
        if self.phases != (1, 2):
            out["phases"] = list(self.phases)
        if self.missing:
            out["missing"] = list(self.missing)
        if self.earliest is not None:
            out["earliest"] = {
                "anchor": self.earliest.anchor,
                "on": self.earliest.on.isoformat(),
            }
        if self.inputs is not None:
            out["inputs"] = self.inputs
        if self.safety:
            out["safety"] = True
        if self.source:
            out["source"] = self.source
        return out

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        if len(raw) == 4 and "source" in raw:  # most: the three that are always there, and this
            said, answer = raw["because"], _ANSWERS[raw["answer"]]
            return Finding(
                raw["criterion_id"], _BOTH, answer, said, (), None, None, False, raw["source"]
            )
        get = raw.get
        earliest = get("earliest")
        return Finding(
            raw["criterion_id"],
            tuple(get("phases", _BOTH)),
            _ANSWERS[raw["answer"]],
            raw["because"],
            tuple(get("missing", ())),
            None if earliest is None else _earliest(earliest),
            get("inputs"),
            get("safety", False),
            get("source", ""),
        )


_BOTH = (1, 2)
_ANSWERS = {answer.value: answer for answer in Answer}
_WORDS = {answer: answer.value for answer in Answer}


def _earliest(raw: dict[str, Any]) -> Earliest:
    return Earliest(cast(AnchorName, raw["anchor"]), date.fromisoformat(raw["on"]))
