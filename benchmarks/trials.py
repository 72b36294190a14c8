"""Trials made ready for forms: Phase I just opened, or Phase II open behind a whole escalation.

The requests are made by running the real decider along, since a review is signed by the hash of
what it shows. A trial has a real clock; its past simply lies in the past.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from benchmarks.forms import dated
from enrollment import commands as c
from enrollment.canonical import canonical, digest
from enrollment.decide import decide
from enrollment.evolve import evolve
from enrollment.trial import Trial, new_trial

PROTOCOL: Final = Path(__file__).resolve().parent.parent / "protocols" / "nct00825734.toml"
SITES: Final = ("S1", "S2", "S3", "S4")
NAMESPACE: Final = UUID("1f1e1d1c-0b0a-4908-8706-050403020100")
CENTRE: Final = c.Actor(id="centre", role="coordinator", sites=("*",))
REVIEWER: Final = c.Actor(id="reviewer", role="reviewer", sites=("*",))
STAFF: Final = {site: c.Actor(id=f"staff-{site}", role="site", sites=(site,)) for site in SITES}


def protocol_text(*, phase2_number: int = 50, limited: bool = True) -> str:
    """The shipped protocol with this many places in Phase II, its site limits kept or taken off."""
    text = PROTOCOL.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^number = \d+$", f"number = {phase2_number}", text)
    if not limited:
        text = re.sub(r"(?m)^(site_cap|max_live_reservations_per_site) = .*\n", "", text)
    return text


def request_of(
    trial_id: str, name: str, at: datetime, actor: c.Actor, command: c.AnyCommand
) -> c.Request:
    """A request whose id follows from its name."""
    return c.Request(
        trial_id=trial_id,
        command_id=uuid5(NAMESPACE, f"{trial_id}/{name}"),
        digest=digest(canonical(command.model_dump(mode="json"))),
        at=at,
        actor=actor,
        command=command,
    )


def form_request(trial_id: str, form: dict[str, Any], at: datetime) -> c.Request:
    """A site's request to screen the subject of this form."""
    subject, site = form["subject_id"], form["site_id"]
    command = c.SubmitForm(subject_id=subject, site_id=site, form=form)
    return request_of(trial_id, f"form/{subject}", at, STAFF[site], command)


@dataclass
class Prepared:
    """A trial, and the requests that led to it."""

    trial_id: str
    at: datetime
    trial: Trial = field(init=False)
    requests: list[c.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trial = new_trial(self.trial_id)

    def do(self, actor: c.Actor, command: c.AnyCommand, outcome: str = "recorded") -> None:
        """Sends a command along with the time so far; it must come to this outcome."""
        name = f"setup/{len(self.requests)}"
        request = request_of(self.trial_id, name, self.at, actor, command)
        self.requests.append(request)
        decision = decide(self.trial, c.JudgedRequest(**dict(request)))
        assert decision.answer.outcome == outcome, decision.answer
        self.trial = evolve(self.trial, self.at, decision.events)

    def treat(self, subjects: tuple[str, ...]) -> None:
        """Screens these and gives the first dose, all on the day of `at`."""
        today = self.trial.in_force.local_date(self.at)
        for number, subject in enumerate(subjects):
            site = SITES[number % len(SITES)]
            form = dated("eligible", today) | {"subject_id": subject, "site_id": site}
            command = c.SubmitForm(subject_id=subject, site_id=site, form=form)
            self.do(STAFF[site], command, "slot_reserved")
            self.do(STAFF[site], c.ReportFirstDose(subject_id=subject, dosed_on=today))

    def clear(self, subjects: tuple[str, ...]) -> None:
        for subject in subjects:
            command = c.ReportWindowOutcome(subject_id=subject, outcome="cleared")
            self.do(CENTRE, command)

    def sign(self, decision: Literal["escalate", "mtd"], level_id: str) -> None:
        review = self.trial.review
        assert review is not None
        assert (review.recommendation, review.recommended_level_id) == (decision, level_id)
        command = c.SignReview(
            decision=decision, level_id=level_id, data_hash=review.data_hash, meaning="I decide."
        )
        self.do(REVIEWER, command)


def phase_one(trial_id: str, at: datetime, text: str) -> Prepared:
    """A trial whose first level has just opened."""
    made = Prepared(trial_id, at)
    made.do(CENTRE, c.AdoptProtocol(text=text, meaning="I put it in force."))
    for site in SITES:
        command = c.ActivateSite(site_id=site, protocol_version="1.0", approved_on=date(2020, 1, 1))
        made.do(CENTRE, command)
    made.do(CENTRE, c.ActivateTrial(meaning="I open the first level."))
    return made


def phase_two(trial_id: str, now: datetime, text: str) -> Prepared:
    """A trial in Phase II: three were cleared at each level and six at the top one."""
    made = phase_one(trial_id, now - timedelta(days=300), text)
    levels = ("L1", "L2", "L3")
    for index, level in enumerate(levels):
        names = tuple(f"{level}-{number}" for number in range(3))
        made.treat(names[:1])
        made.at += timedelta(days=8)
        made.treat(names[1:])
        made.at += timedelta(days=22)
        made.clear(names)
        if index + 1 < len(levels):
            made.sign("escalate", levels[index + 1])
    names = tuple(f"L3-{number}" for number in range(3, 6))
    made.treat(names)
    made.at += timedelta(days=22)
    made.clear(names)
    made.sign("mtd", "L3")
    made.do(REVIEWER, c.SignRp2d(level_id="L3", meaning="I recommend this dose."))
    made.at = now
    return made


def utc_now() -> datetime:
    return datetime.now(UTC)
