"""Judging a form inside a trial: for which dates, and the event that tells of it."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from eligibility.anchors import Anchors
from eligibility.form import ScreeningForm
from eligibility.judge import judge
from eligibility.verdict import Gist, Outcomes, Settlement, Verdict
from enrollment.canonical import canonical
from enrollment.commands import Phase
from enrollment.events import FormJudged
from enrollment.keeping import plain
from enrollment.trial import Subject
from protocols.model import Protocol

Why = Literal["submitted", "amended", "rescreened", "judged_again"]
NO_SETTLEMENTS: frozenset[Settlement] = frozenset()


def parsed(form: Mapping[str, Any]) -> ScreeningForm:
    """The form as a model; every form was parsed at the edge before it came here."""
    return _parsed(canonical(form))


@lru_cache(maxsize=64)
def _parsed(stored: bytes) -> ScreeningForm:
    """Remembered: leave for a first dose and its report ask for the same form soon again."""
    return ScreeningForm.model_validate_json(stored)


def kept_form(subject: Subject) -> dict[str, Any]:
    """The form of a subject who holds a place, waits or needs a person: the trial keeps it."""
    assert subject.form is not None, "the form of whoever may be judged again is kept"
    form: dict[str, Any] = orjson.loads(plain(subject.form))
    return form


def readable(form: Mapping[str, Any]) -> bool:
    """False for what no screening form can be; a caller's error, never the trial's end."""
    try:
        parsed(form)
    except ValidationError:
        return False
    return True


def judge_on_arrival(
    form: ScreeningForm,
    protocol: Protocol,
    at: datetime,
    settlements: frozenset[Settlement] = NO_SETTLEMENTS,
) -> Verdict:
    """Registered on the form's date, enrolled today, dosed as planned (R18)."""
    dates = Anchors(
        registration_on=form.completed_on,
        enrolment_on=protocol.local_date(at),
        treatment_start_on=form.planned_first_dose_on,
        first_dose_on=form.planned_first_dose_on,
    )
    return judge(form, protocol.criteria, dates, protocol.digest, settlements)


def judge_on_promotion(
    form: ScreeningForm,
    protocol: Protocol,
    today: date,
    not_before: date | None,
    settlements: frozenset[Settlement],
) -> Verdict:
    """Registered and enrolled today; dosed as planned, but not before today or the stagger."""
    dose_on = max(form.planned_first_dose_on, today, not_before or today)
    dates = Anchors(
        registration_on=today,
        enrolment_on=today,
        treatment_start_on=dose_on,
        first_dose_on=dose_on,
    )
    return judge(form, protocol.criteria, dates, protocol.digest, settlements)


def judge_for_dosing(
    form: ScreeningForm,
    protocol: Protocol,
    enrolment_on: date,
    dose_on: date,
    settlements: frozenset[Settlement],
) -> Verdict:
    """For a first dose on a date: planned when authorising, actual when it was given."""
    dates = Anchors(
        registration_on=form.completed_on,
        enrolment_on=enrolment_on,
        treatment_start_on=dose_on,
        first_dose_on=dose_on,
    )
    return judge(form, protocol.criteria, dates, protocol.digest, settlements)


def fitting(
    verdict: Gist | dict[str, Any] | None,
    form: Mapping[str, Any],
    protocol: Protocol,
    at: datetime,
) -> Outcomes | None:
    """The judge stage's verdict if taken under the protocol in force and for today's dates."""
    if verdict is None:
        return None
    given = verdict if isinstance(verdict, Gist) else Verdict.from_json(verdict)
    if given.protocol_digest != protocol.digest:
        return None
    planned_on = date.fromisoformat(form["planned_first_dose_on"])
    dates = Anchors(
        registration_on=date.fromisoformat(form["completed_on"]),
        enrolment_on=protocol.local_date(at),
        treatment_start_on=planned_on,
        first_dose_on=planned_on,
    )
    return given if given.anchors == dates else None


def consent_date(form: Mapping[str, Any]) -> date | None:
    """The day on which consent was signed; none where the form gives no whole date."""
    signed_on = (form.get("consent") or {}).get("signed_on")
    return date.fromisoformat(signed_on) if signed_on and len(signed_on) == 10 else None


def form_judged(form: Mapping[str, Any], verdict: Outcomes, phase: Phase, why: Why) -> FormJudged:
    """The event; the form itself goes in unless it is only judged again."""
    phases: tuple[Phase, ...] = (1, 2)
    outcomes = {p: verdict.outcome(p) for p in phases}
    return FormJudged(
        subject_id=form["subject_id"],
        site_id=form["site_id"],
        phase=phase,
        why=why,
        outcome=outcomes[phase].value,
        met=tuple(p for p in phases if outcomes[p] == "eligible"),
        reviews=_reviews(verdict),
        completed_on=date.fromisoformat(form["completed_on"]),
        consented_on=consent_date(form),
        form=None if why == "judged_again" else form,
        verdict=verdict.to_json(),
    )


def _reviews(verdict: Outcomes) -> tuple[tuple[Phase, str, str], ...]:
    """The findings that a signed decision could settle: phase, criterion, inputs digest."""
    found: list[tuple[Phase, str, str]] = []
    phases: tuple[Phase, ...] = (1, 2)
    for finding in verdict.telling:
        if finding.answer == "review":
            assert finding.inputs is not None, "a review finding is bound to its inputs"
            found.extend(
                (phase, finding.criterion_id, finding.inputs)
                for phase in phases
                if phase in finding.phases
            )
    return tuple(found)
