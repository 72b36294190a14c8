"""A verdict as a page shows it: what each phase comes to, and the findings that say more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from eligibility.finding import Finding
from eligibility.form import ScreeningForm
from eligibility.parse import parse_form
from eligibility.verdict import PHASES, Verdict
from enrollment.judging import judge_on_arrival
from enrollment.trial import Trial
from services.pages.rendering import FieldError
from services.pages.screening.fields import Step
from services.pages.screening.filled import form_json
from services.pages.screening.problems import problems_of
from services.pages.screening.shown import field_of, label_of, step_of

PHASE_NAMES = {1: "Phase I", 2: "Phase II"}
ANSWERS = {
    "pass": ("met", "good"),
    "fail": ("not met", "bad"),
    "unknown": ("not known", "warn"),
    "review": ("a person must decide", "info"),
}
OUTCOMES = {
    "eligible": ("eligible", "good"),
    "ineligible": ("not eligible", "bad"),
    "incomplete": ("incomplete", "warn"),
    "needs_review": ("a person must decide", "info"),
}

ABBREVIATIONS = frozenset({"alt", "ast", "ecog", "inr", "pt", "ptt"})
"""Names of fields that people write in capitals."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that a criterion needs, in words, and the page on which it stands."""

    field: str
    words: str
    slug: str | None


@dataclass(frozen=True, slots=True)
class PhaseView:
    name: str
    words: str
    kind: str
    missing: tuple[Missing, ...]
    earliest_on: date | None
    anchor: str | None


@dataclass(frozen=True, slots=True)
class FindingView:
    criterion_id: str
    phases: str
    words: str
    kind: str
    because: str
    source: str
    safety: bool


@dataclass(frozen=True, slots=True)
class VerdictView:
    phases: tuple[PhaseView, ...]
    telling: tuple[FindingView, ...]
    passed: tuple[FindingView, ...]


def verdict_view(verdict: Verdict, steps: Sequence[Step]) -> VerdictView:
    """Every finding, those that say more than a pass first."""
    telling = set(verdict.telling)
    return VerdictView(
        phases=tuple(_phase(verdict, phase, steps) for phase in PHASES),
        telling=tuple(_finding(f) for f in verdict.findings if f in telling),
        passed=tuple(_finding(f) for f in verdict.findings if f not in telling),
    )


def _phase(verdict: Verdict, phase: int, steps: Sequence[Step]) -> PhaseView:
    words, kind = OUTCOMES[verdict.outcome(phase).value]
    earliest = verdict.earliest(phase)
    return PhaseView(
        name=PHASE_NAMES[phase],
        words=words,
        kind=kind,
        missing=tuple(missing_view(name, steps) for name in verdict.missing(phase)),
        earliest_on=None if earliest is None else earliest.on,
        anchor=None if earliest is None else earliest.anchor.replace("_", " "),
    )


def missing_view(name: str, steps: Sequence[Step]) -> Missing:
    """A missing field as a verdict names it, such as `labs.inr`."""
    field_id = field_of(name)
    step = step_of(field_id, steps)
    slug = None if step is None else step.slug
    words = label_of(field_id, steps)
    last = field_id.rsplit(".", 1)[-1].replace("_", " ")
    if last in words.lower():
        return Missing(field_id, words, slug)
    said = last.upper() if last in ABBREVIATIONS else last
    return Missing(field_id, f"{words}: {said}", slug)


def _finding(finding: Finding) -> FindingView:
    words, kind = ANSWERS[finding.answer.value]
    both = tuple(finding.phases) == PHASES
    named = " and ".join(PHASE_NAMES[phase] for phase in finding.phases)
    return FindingView(
        criterion_id=finding.criterion_id,
        phases="" if both else named,
        words=words,
        kind=kind,
        because=finding.because,
        source=finding.source,
        safety=finding.safety,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would come to now: a verdict, or what keeps it from being read."""

    form: dict[str, Any]
    parsed: ScreeningForm | None
    verdict: VerdictView | None
    errors: tuple[FieldError, ...]


def preview(
    trial: Trial, typed: dict[str, Any], site_id: str, now: Any, steps: Sequence[Step]
) -> Preview:
    """Judged as it would be on arrival, with the subject's signed settlements."""
    form = form_json(typed, steps, site_id)
    wrong = problems_of(typed, steps, site_id)
    if wrong:
        return Preview(form, None, None, wrong)
    parsed = parse_form(form)
    known = trial.subjects.get(parsed.subject_id)
    own = known is not None and known.site_id == site_id
    settlements = known.settlements if known is not None and own else frozenset()
    verdict = judge_on_arrival(parsed, trial.in_force, now, settlements)
    return Preview(form, parsed, verdict_view(verdict, steps), ())
