"""The trial that a simulation begins with, and the commands that its people send."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from eligibility.criteria import parse_criterion
from enrollment import commands as c
from enrollment.confirming import asked_for, judged_digest
from enrollment.decide import decide
from enrollment.trial import Review, Trial, new_trial
from enrollment.turn import Decision
from protocols.model import Protocol

BEGIN: Final = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)
"""When simulated trials open: a Monday. Nothing depends on it but printed dates."""

MEANING: Final = "Simulated."
CENTRE: Final = c.Actor(id="simulated-centre", role="coordinator", sites=("*",))
CLOCK: Final = c.Actor(id="simulated-clock", role="clock", sites=("*",))
BORN: Final = "1970-01-01"
NOT_BORN: Final = "9999-12-31"
"""The birth date of whoever fails the only criterion of a simulated trial."""

EVERYBODY: Final[dict[str, Any]] = {
    "family": "age",
    "text": "Simulated: everybody but a screen failure meets it.",
    "source": "simulator",
    "years_min": 0,
}
"""The criterion that stands for all of the protocol's own: eligibility is not simulated."""

Heard = Callable[[c.JudgedRequest, Decision], None]
"""Told each request that wrote something, and what it came to."""
_NIL: Final = UUID(int=0)
_NO_DIGEST: Final = "0" * 64


def request(trial_id: str, at: datetime, actor: c.Actor, command: c.AnyCommand) -> c.JudgedRequest:
    """The envelope; its id and digest, which decide nothing, are left blank."""
    return c.JudgedRequest(
        trial_id=trial_id,
        command_id=_NIL,
        digest=_NO_DIGEST,
        at=at,
        actor=actor,
        command=command,
    )


def with_one_criterion(protocol: Protocol) -> Protocol:
    """The same protocol, but whoever is simulated is judged by `EVERYBODY` alone."""
    criterion = parse_criterion({"id": protocol.criteria[0].id, **EVERYBODY})
    return replace(protocol, criteria=(criterion,))


def opened_trial(
    protocol: Protocol, *, own_criteria: bool = False, heard: Heard = lambda *_: None
) -> Trial:
    """A trial with this protocol in force, every site active and the first level open.

    `own_criteria`: judge by the protocol's criteria, which simulated forms must then meet.
    """
    trial = new_trial("SIMULATED")
    adopt = c.AdoptProtocol(text=protocol.text, clock="simulated", meaning=MEANING)
    approved_on = protocol.local_date(BEGIN)
    sites = [
        c.ActivateSite(site_id=site, protocol_version=protocol.version, approved_on=approved_on)
        for site in protocol.site_ids
    ]
    commands: tuple[c.AnyCommand, ...] = (adopt, *sites, c.ActivateTrial(meaning=MEANING))
    for command in commands:
        asked = request(trial.trial_id, BEGIN, CENTRE, command)
        decision = decide(trial, asked)
        assert decision.answer.outcome == "recorded", decision.answer.sentence
        heard(asked, decision)
        trial = decision.trial
        if command is adopt and not own_criteria:
            trial = replace(trial, protocol=with_one_criterion(trial.in_force))
    return trial


def open_sites(trial: Trial) -> tuple[str, ...]:
    """The sites whose approval of the version in force is recorded."""
    protocol = trial.in_force
    return tuple(site for site in protocol.site_ids if trial.sites.get(site) == protocol.version)


def staff(site_id: str) -> c.Actor:
    """Those who write for a site."""
    return c.Actor(id=f"simulated-{site_id}", role="site", sites=(site_id,))


def reviewer(number: int) -> c.Actor:
    """One of those who sign reviews, from 1."""
    return c.Actor(id=f"simulated-reviewer-{number}", role="reviewer", sites=("*",))


def investigator(site_id: str) -> c.Actor:
    """The one who confirms eligibility at a site, where the protocol asks for it."""
    name = f"simulated-investigator-{site_id}"
    return c.Actor(id=name, role="investigator", sites=(site_id,))


def confirmation(trial: Trial, subject_id: str) -> c.ConfirmEligibility | None:
    """The signature that a first dose of this subject still waits for, if for any."""
    subject = trial.subjects[subject_id]
    judged = judged_digest(trial, subject) if asked_for(trial, subject) else None
    if judged is None:
        return None
    return c.ConfirmEligibility(subject_id=subject_id, judged=judged, meaning=MEANING)


def form(subject_id: str, site_id: str, on: date, dose_on: date, eligible: bool) -> c.SubmitForm:
    """A form that holds only what the one criterion asks for."""
    return c.SubmitForm(
        subject_id=subject_id,
        site_id=site_id,
        form={
            "subject_id": subject_id,
            "site_id": site_id,
            "completed_on": on.isoformat(),
            "planned_first_dose_on": dose_on.isoformat(),
            "demographics": {"birth_date": BORN if eligible else NOT_BORN},
        },
    )


def signature(review: Review) -> c.SignReview:
    """Signs exactly what is recommended, bound to the data that the review shows."""
    return c.SignReview(
        decision=review.recommendation,
        level_id=review.recommended_level_id,
        data_hash=review.data_hash,
        meaning=MEANING,
    )


def noon(protocol: Protocol, on: date) -> datetime:
    """12:00 of a date in the trial's time zone: when sites report what happened on it."""
    return c.utc(protocol.midnight(on) + timedelta(hours=12))
