"""Judges one form: every criterion gives exactly one finding for each phase."""

from hashlib import sha256

from eligibility.anchors import Anchors
from eligibility.criteria import Criteria
from eligibility.criteria.criterion import Criterion
from eligibility.finding import PASS, REVIEW, Finding
from eligibility.form import ScreeningForm
from eligibility.verdict import Settlement, Verdict

PHASES = (1, 2)


def judge(
    form: ScreeningForm,
    criteria: Criteria,
    anchors: Anchors,
    protocol_digest: str,
    settlements: frozenset[Settlement] = frozenset(),
) -> Verdict:
    """The verdict. A settlement turns a review with the same inputs into a pass, never a fail."""
    findings: list[Finding] = []
    for criterion in criteria:
        for found in criterion.judge(form, anchors):
            if found.answer is REVIEW:
                findings.extend(_settle(found, criterion, form, settlements))
            else:
                findings.append(found)
    return Verdict(protocol_digest, anchors, tuple(findings))


def inputs_digest(criterion: Criterion, form: ScreeningForm) -> str:
    """SHA-256 over the form's sections that the criterion rests on and over its parameters.

    Defaults are left out, so that a new optional field of the form voids no signed decision.
    """
    facts = form.model_dump_json(include=set(criterion.rule.sections), exclude_defaults=True)
    return sha256(f"{criterion.parameters}\n{facts}".encode()).hexdigest()


def _settle(
    found: Finding, criterion: Criterion, form: ScreeningForm, settlements: frozenset[Settlement]
) -> list[Finding]:
    """A review with its inputs; split by phase where a decision was signed for one phase only."""
    inputs = inputs_digest(criterion, form)
    bound = found._replace(inputs=inputs)
    if not settlements:
        return [bound]
    signed = tuple(
        phase
        for phase in found.phases
        if Settlement(found.criterion_id, phase, inputs) in settlements
    )
    if not signed:
        return [bound]
    settled = found._replace(
        phases=signed,
        answer=PASS,
        because=f"Settled by a signed decision: {found.because[0].lower()}{found.because[1:]}",
    )
    rest = tuple(phase for phase in found.phases if phase not in signed)
    return [settled, bound._replace(phases=rest)] if rest else [settled]
