"""A configured criterion: the protocol's id and words for it, and the rule that judges it."""

from dataclasses import dataclass
from typing import Protocol

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part
from eligibility.finding import Finding
from eligibility.form import ScreeningForm

BOTH = (1, 2)


class Rule(Protocol):
    """What each family of criteria is: a frozen value made from a table of the protocol."""

    @property
    def sections(self) -> tuple[str, ...]:
        """The form fields it rests on: a signed decision is void once they change."""
        ...

    @property
    def validity_days(self) -> int | None:
        """How old the results may be that it rests on, where it rests on results."""
        ...

    @property
    def washout_days(self) -> int | None:
        """How long it keeps a subject out after something ended, where it does."""
        ...

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part | tuple[Part, Part]:
        """One answer for both phases, or one for each."""
        ...


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of the protocol. `text` is the rule in plain English."""

    id: str
    family: str
    text: str
    source: str
    """Where the protocol says it, for example `inclusion 8`."""
    illustrative: bool
    """True if a parameter of it is not in the public record."""
    parameters: str
    """Family and parameters as canonical text: a signed decision is void once they change."""
    rule: Rule

    def judge(self, form: ScreeningForm, anchors: Anchors) -> tuple[Finding, ...]:
        """Exactly one finding for each phase: one finding for both, or two."""
        answer = self.rule.judge(form, anchors)
        if isinstance(answer, Part):
            return (self._finding(answer, BOTH),)
        first, second = answer
        return (self._finding(first, (1,)), self._finding(second, (2,)))

    def _finding(self, part: Part, phases: tuple[int, ...]) -> Finding:
        answer, text, missing, earliest, safety = part
        because = f"{text[0].upper()}{text[1:]}."
        said = (self.id, phases, answer, because, missing, earliest, None, safety, self.source)
        return _new(Finding, said)


_new = tuple.__new__
"""Builds the tuple itself, in half the time of a call of `Finding`."""
