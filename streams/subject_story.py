"""Why a subject stands where it does: each decision about it, from form to findings to rule."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from enrollment.canonical import canonical, digest
from enrollment.commands import Actor
from enrollment.events import AnyEvent, FormJudged
from enrollment.rules import RULES
from streams.record import LogRecord, Record


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion of the protocol that did not simply pass."""

    criterion: str
    answer: str
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A form with what it came to; `form` is its digest, none when it was judged again."""

    type: Literal["FormJudged"]
    why: str
    outcome: str
    phase: int
    form: str | None
    protocol: str
    passed: int
    telling: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about the subject, with what it says besides whom it is about."""

    type: str
    says: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision. `about` is whom its command was about, often another subject."""

    sequence: int
    hash: str
    previous: str
    at: datetime
    actor: Actor
    command: str
    about: str | None
    protocol: str
    events: tuple[Judged | Happened, ...]
    """In the order in which they came about."""
    answer: dict[str, Any] | None
    """Told to whoever asked; only where the command was about this subject."""
    rule: dict[str, str] | None
    """What the rule named says, where it stands in the rules, and what would mend it."""


_NOT_SAID = {"type", "subject_id", "site_id", "form", "verdict", "reviews", "order"}


def step(record: Record, subject_id: str) -> Step | None:
    """The decision as far as it concerns the subject; none where it does not."""
    content = record.content
    own = [e for e in content.events if getattr(e, "subject_id", None) == subject_id]
    about = content.command.get("subject_id")
    if not own and about != subject_id:
        return None
    asked = about == subject_id
    answer = content.answer.model_dump(mode="json", exclude_defaults=True) if asked else None
    return Step(
        sequence=content.sequence,
        hash=record.hash,
        previous=content.previous,
        at=content.at,
        actor=content.actor,
        command=str(content.command.get("type")),
        about=about,
        protocol=content.protocol,
        events=tuple(_judged(e) if isinstance(e, FormJudged) else _happened(e) for e in own),
        answer=answer,
        rule=_rule(content, own, asked),
    )


def _judged(event: FormJudged) -> Judged:
    findings = [f for f in event.verdict["findings"] if event.phase in f.get("phases", (1, 2))]
    telling = tuple(
        Finding(f["criterion_id"], f["answer"], f["because"], f["source"])
        for f in findings
        if f["answer"] != "pass"
    )
    return Judged(
        type="FormJudged",
        why=event.why,
        outcome=event.outcome,
        phase=event.phase,
        form=None if event.form is None else digest(canonical(event.form)),
        protocol=event.verdict["protocol"],
        passed=len(findings) - len(telling),
        telling=telling,
    )


def _happened(event: AnyEvent) -> Happened:
    plain = event.model_dump(mode="json", exclude_none=True)
    says = {k: v for k, v in plain.items() if k not in _NOT_SAID and v not in ([], False)}
    return Happened(event.type, says)


def _rule(content: LogRecord, own: list[AnyEvent], asked: bool) -> dict[str, str] | None:
    """Of the answer, else of the last event about the subject that names one."""
    named = [getattr(event, "rule", None) for event in own]
    rule = content.answer.rule if asked else next((r for r in reversed(named) if r), None)
    known = RULES.get(rule) if rule else None
    if rule is None or known is None:
        return None
    return {"id": rule, "says": known.says, "source": known.source, "mend": known.mend}
