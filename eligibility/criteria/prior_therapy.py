"""Prior chemotherapy per phase (rules R19); where the record disagrees, a person decides."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, Self

from eligibility.anchors import Anchors
from eligibility.criteria.counting import Counts, Tally, tally
from eligibility.criteria.counting_rules import CountingRules
from eligibility.criteria.parts import Part, unknown
from eligibility.criteria.table import Table
from eligibility.finding import FAIL, PASS, REVIEW, Answer
from eligibility.form import ScreeningForm
from eligibility.form_history import Regimen

_FIELD = "prior_regimens"
_CONFLICT = "inclusion 5a and the summary of this phase disagree"
Mode = Literal["intended", "literal"]
Scope = Literal["unsettled", "all_settings", "metastatic_only"]


@dataclass(frozen=True, slots=True)
class PriorChemotherapy:
    """Inclusion 5a, and what the record's summary says of each phase.

    Pass where both say yes, fail where the configured reading of the phase says no, else review.
    """

    phase1_max_mbc: int
    phase2_mode: Mode
    mbc_cap_when_adjuvant: int | None
    """Caps the literal Phase II sentence, which itself caps nothing after adjuvant treatment."""
    rules: CountingRules
    sections: tuple[str, ...] = (_FIELD,)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        cap = "mbc_cap_when_adjuvant"
        return cls(
            table.whole("phase1_max_mbc", 1),
            table.choice("phase2_mode", ("intended", "literal"), "intended"),
            None if table.says(cap, "none") else table.maybe_whole(cap),
            CountingRules.parse(table),
        )

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part | tuple[Part, Part]:
        if form.prior_regimens is None:
            return unknown("prior treatment not given", _FIELD)
        counted = _counted(form.prior_regimens, form, self.rules, anchors.registration_on)
        return (
            _decide(counted, self.phase1, "", _CONFLICT),
            _decide(counted, self.phase2, "", _CONFLICT),
        )

    def phase1(self, counts: Counts) -> Answer:
        """The summary: first or second line, so at most `phase1_max_mbc` metastatic regimens."""
        return self._with_inclusion(counts, counts.metastatic <= self.phase1_max_mbc)

    def phase2(self, counts: Counts) -> Answer:
        """The summary: after adjuvant, or after one metastatic regimen if none was adjuvant."""
        a, m = counts.adjuvant, counts.metastatic
        if a == 0:
            return self._with_inclusion(counts, m == 1)
        if self.phase2_mode == "intended":
            return self._with_inclusion(counts, m == 0)
        cap = self.mbc_cap_when_adjuvant
        return self._with_inclusion(counts, cap is None or m <= cap)

    def _with_inclusion(self, counts: Counts, summary: bool) -> Answer:
        if not summary:
            return FAIL
        inclusion = counts.adjuvant >= 1 and counts.metastatic == 0
        return PASS if inclusion else REVIEW


@dataclass(frozen=True, slots=True)
class ChemotherapyCount:
    """Exclusion 1: more than one prior regimen. The record does not say in which setting."""

    scope: Scope
    rules: CountingRules
    sections: tuple[str, ...] = (_FIELD,)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        scopes: tuple[Scope, ...] = ("unsettled", "all_settings", "metastatic_only")
        scope = table.choice("exclusion1_scope", scopes, "unsettled")
        return cls(scope, CountingRules.parse(table))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.prior_regimens is None:
            return unknown("prior treatment not given", _FIELD)
        counted = _counted(form.prior_regimens, form, self.rules, anchors.registration_on)
        why = "the record does not say whether adjuvant regimens count"
        return _decide(counted, self.answer, "more than one regimen excludes: ", why)

    def answer(self, counts: Counts) -> Answer:
        every, m = sum(counts), counts.metastatic
        match self.scope:
            case "all_settings":
                return PASS if every <= 1 else FAIL
            case "metastatic_only":
                return PASS if m <= 1 else FAIL
            case "unsettled":
                if m > 1:
                    return FAIL
                return PASS if every <= 1 else REVIEW


class _Counted(NamedTuple):
    """A tally with its words, and the rules it was counted by."""

    rules: CountingRules
    tally: Tally
    said: str


def _counted(
    regimens: tuple[Regimen, ...], form: ScreeningForm, rules: CountingRules, on: date
) -> _Counted:
    """Counted once a form: all criteria of a protocol count in one way (`check_together`)."""
    key = (_Counted, on)
    known: _Counted | None = form.shared.get(key)
    if known is None or known.rules != rules:
        counts = tally(regimens, rules, on)
        known = form.shared[key] = _Counted(rules, counts, _said(counts))
    return known


def _decide(found: _Counted, rule: Callable[[Counts], Answer], what: str, conflict: str) -> Part:
    """The answer if every possible count gives it; missing facts come before silent rules."""
    counted = found.tally
    answer, *others = {rule(counts) for counts in counted.possible}
    text = f"{what}{found.said}"
    if not others:
        reason = f"; {conflict}" if answer is REVIEW else ""
        return Part(answer, f"{text}{reason}")
    doubts = "; ".join(counted.doubts)
    if len({rule(counts) for counts in counted.by_facts}) > 1:
        return unknown(f"{text}; {doubts}", *counted.missing)
    return Part(REVIEW, f"{text}; the protocol is silent: {doubts}")


def _said(counted: Tally) -> str:
    """`chemotherapy regimens 1 (neo)adjuvant and 0 to 1 metastatic`."""
    adjuvant, metastatic, other = zip(*counted.possible, strict=True)
    said = (
        f"chemotherapy regimens {_span(adjuvant)} (neo)adjuvant and {_span(metastatic)} metastatic"
    )
    return f"{said} and {_span(other)} for another cancer" if any(other) else said


def _span(values: tuple[int, ...]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"
