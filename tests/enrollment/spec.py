"""Given, when, then for trials: stories in local time whose steps answer in one comparable value.

Every step also shows that its events survive JSON, that they are canonical, and that replaying
the whole log gives the state that the decider stands on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from enrollment import commands as c
from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.decide import decide
from enrollment.events import EVENTS, AnyEvent
from enrollment.evolve import evolve
from enrollment.trial import Trial, new_trial
from tests.enrollment.forms import eligible_form
from tests.enrollment.said import (
    CHICAGO,
    Said,
    day,
    held,
    ineligible,
    instant,
    local,
    recorded,
    refused,
    rejected,
    reserved,
    said,
    site_staff,
    waits,
)
from tests.protocols.build import protocol_text as P0

NAMESPACE = UUID("6f0d4e3e-3c3b-4c57-9a3e-0d5e3c1b2a10")
CENTRE = c.Actor(id="centre", role="coordinator", sites=("*",))
REVIEWER = c.Actor(id="reviewer-1", role="reviewer", sites=("*",))
SECOND_REVIEWER = c.Actor(id="reviewer-2", role="reviewer", sites=("*",))
CLOCK = c.Actor(id="clock", role="clock", sites=("*",))
AUDITOR = c.Actor(id="auditor", role="auditor", sites=("*",))
E = TypeVar("E")

__all__ = [
    "AUDITOR",
    "CENTRE",
    "CHICAGO",
    "CLOCK",
    "P0",
    "REVIEWER",
    "SECOND_REVIEWER",
    "Said",
    "Story",
    "adopted",
    "day",
    "held",
    "ineligible",
    "instant",
    "local",
    "opened",
    "recorded",
    "refused",
    "rejected",
    "replayed",
    "reserved",
    "said",
    "site_staff",
    "through_json",
    "waits",
]


@dataclass
class Story:
    """A trial, its log so far, and the last step's events."""

    state: Trial = field(default_factory=lambda: new_trial("T1"))
    log: list[tuple[datetime, tuple[AnyEvent, ...]]] = field(default_factory=list)
    events: tuple[AnyEvent, ...] = ()
    answer: Answer | None = None
    now: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    steps: int = 0
    sent: list[tuple[datetime, c.Actor, c.AnyCommand]] = field(default_factory=list)
    zone: ZoneInfo = CHICAGO

    # --- when ---

    def at(self, when: str) -> "Story":
        """The moment of the next step."""
        self.now = instant(when)
        return self

    def do(self, command: c.AnyCommand, actor: c.Actor) -> Said:
        """One command; every step proves that the log alone gives the same state."""
        self.steps += 1
        self.sent.append((self.now, actor, command))
        body = canonical(command.model_dump(mode="json"))
        request = c.JudgedRequest(
            trial_id="T1",
            command_id=uuid5(NAMESPACE, str(self.steps)),
            digest=digest(body),
            at=self.now,
            actor=actor,
            command=command,
        )
        decision = decide(self.state, request)
        at = max(self.now, self.state.time)
        self.events, self.answer = decision.events, decision.answer
        if self.events:
            self.state = decision.trial
            self.log.append((at, through_json(self.events)))
        else:
            assert decision.trial is self.state
        assert replayed(self.log) == self.state, "replaying the log gives another state"
        canonical(self.answer.model_dump(mode="json"))
        return said(self.answer)

    # --- when: the centre ---

    def adopt(self, text: str, clock: Any = "simulated") -> Said:
        command = c.AdoptProtocol(text=text, clock=clock, meaning="I put it in force.")
        return self.do(command, CENTRE)

    def activate_site(self, site: str, version: str = "1.0") -> Said:
        command = c.ActivateSite(
            site_id=site, protocol_version=version, approved_on=date(2027, 1, 15)
        )
        return self.do(command, CENTRE)

    def activate(self) -> Said:
        return self.do(c.ActivateTrial(meaning="I open the first level."), CENTRE)

    def suspend(self, reason: str = "A safety signal.") -> Said:
        return self.do(c.SuspendAssignment(reason=reason), CENTRE)

    def resume(self, reason: str = "The signal was judged.") -> Said:
        command = c.ResumeAssignment(reason=reason, meaning="I let assignment go on.")
        return self.do(command, REVIEWER)

    def sign(
        self,
        decision: Any,
        level: str | None = None,
        *,
        reason: str | None = None,
        actor: c.Actor = REVIEWER,
        data_hash: str | None = None,
    ) -> Said:
        """Signs what the review shows now, unless another hash is given."""
        shown = self.state.review.data_hash if self.state.review else "0" * 64
        command = c.SignReview(
            decision=decision,
            level_id=level,
            data_hash=data_hash or shown,
            reason=reason,
            meaning="I decide.",
        )
        return self.do(command, actor)

    def sign_rp2d(self, level: str, reason: str | None = None) -> Said:
        command = c.SignRp2d(level_id=level, reason=reason, meaning="I recommend this dose.")
        return self.do(command, REVIEWER)

    def extend(self, subject: str, until: str, reason: str = "Transport fell through.") -> Said:
        command = c.ExtendReservation(subject_id=subject, expires_at=instant(until), reason=reason)
        return self.do(command, CENTRE)

    def settle(self, subject: str, criterion: str, phase: Any = 1) -> Said:
        command = c.SettleFinding(
            subject_id=subject,
            phase=phase,
            criterion_id=criterion,
            reason="The investigator called.",
            meaning="I judge this criterion met.",
        )
        return self.do(command, CENTRE)

    def adjudicate(self, subject: str, finding: Any) -> Said:
        command = c.AdjudicateDeath(
            subject_id=subject, finding=finding, reason="Progression.", meaning="I judge so."
        )
        return self.do(command, REVIEWER)

    def correct(self, subject: str, fact: Any, value: str | None, reason: str = "Typo.") -> Said:
        """`value` is a date, or a level for `dosed_level`, or None to withdraw a DLT."""
        is_level = fact == "dosed_level"
        command = c.CorrectFact(
            subject_id=subject,
            fact=fact,
            on=None if is_level or value is None else day(value),
            level_id=value if is_level else None,
            reason=reason,
            meaning="I correct this." if is_level else None,
        )
        return self.do(command, CENTRE)

    # --- when: the site ---

    def form(self, subject: str, site: str = "S1", **facts: Any) -> Said:
        """A form of that day; the subject passes everything that `facts` do not change."""
        form = self.paper(subject, site, facts)
        return self.do(c.SubmitForm(subject_id=subject, site_id=site, form=form), site_staff(site))

    def amend(self, subject: str, **facts: Any) -> Said:
        site = self.state.subjects[subject].site_id
        form = self.paper(subject, site, facts)
        return self.do(c.AmendForm(subject_id=subject, site_id=site, form=form), site_staff(site))

    def paper(self, subject: str, site: str, facts: dict[str, Any]) -> dict[str, Any]:
        today = self.now.astimezone(self.zone).date()
        on = day(facts.pop("on", today))
        planned = day(facts.pop("planned", on))
        return eligible_form(subject, site, on=on, planned=planned, **facts)

    def consent(self, subject: str, site: str = "S1") -> Said:
        today = self.now.astimezone(self.zone).date()
        command = c.RecordConsent(
            subject_id=subject, site_id=site, consented_on=today, consent_version="1.0"
        )
        return self.do(command, site_staff(site))

    def authorise(self, subject: str, on: str) -> Said:
        command = c.AuthoriseFirstDose(subject_id=subject, planned_on=day(on))
        return self.do(command, self.staff_of(subject))

    def dose(self, subject: str, on: str | date | None = None, level: str | None = None) -> Said:
        """Reports the first dose, authorised just before wherever that is granted."""
        given = self.now.astimezone(self.zone).date() if on is None else day(on)
        self.authorise(subject, given.isoformat())
        return self.report_dose(subject, given.isoformat(), level)

    def report_dose(self, subject: str, on: str, level: str | None = None) -> Said:
        command = c.ReportFirstDose(subject_id=subject, dosed_on=day(on), level_id=level)
        return self.do(command, self.staff_of(subject))

    def dlt(self, subject: str, onset: str, grade: int | None = 3) -> Said:
        command = c.ReportDlt(
            subject_id=subject, onset_on=day(onset), term="Neutropenia", grade=grade
        )
        return self.do(command, self.staff_of(subject))

    def toxicity(self, subject: str, onset: str) -> Said:
        command = c.ReportToxicity(subject_id=subject, onset_on=day(onset), term="Fatigue", grade=2)
        return self.do(command, self.staff_of(subject))

    def clear(self, subject: str) -> Said:
        command = c.ReportWindowOutcome(subject_id=subject, outcome="cleared")
        return self.do(command, self.staff_of(subject))

    def not_evaluable(self, subject: str) -> Said:
        missed = c.MissedDose(
            drug="sorafenib", doses_given=5, doses_required=32, reason="Lost to follow-up."
        )
        command = c.ReportWindowOutcome(
            subject_id=subject,
            outcome="not_evaluable",
            missed_doses=(missed,),
            reason="Too few doses.",
        )
        return self.do(command, self.staff_of(subject))

    def death(self, subject: str, on: str) -> Said:
        return self.do(c.ReportDeath(subject_id=subject, died_on=day(on)), self.staff_of(subject))

    def withdraw(self, subject: str, on: str | None = None) -> Said:
        today = self.now.astimezone(self.zone).date()
        command = c.WithdrawSubject(
            subject_id=subject, withdrawn_on=today if on is None else day(on)
        )
        return self.do(command, self.staff_of(subject))

    def release(self, subject: str) -> Said:
        command = c.ReleaseReservation(subject_id=subject, reason="Changed their mind.")
        return self.do(command, self.staff_of(subject))

    def tick(self) -> Said:
        return self.do(c.TimePassed(), CLOCK)

    def staff_of(self, subject: str) -> c.Actor:
        known = self.state.subjects.get(subject)
        return site_staff(known.site_id if known else "S1")

    # --- then ---

    def last(self, kind: type[E]) -> list[E]:
        """The last step's events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    def all_of(self, kind: type[E]) -> list[E]:
        return [event for _, events in self.log for event in events if isinstance(event, kind)]

    def counts(self, level: str) -> tuple[int, int, int, int]:
        """n, t, pending, r of a level."""
        counts = self.state.levels[self.state.level_index(level)].counts
        return counts.evaluable, counts.dlts, counts.pending, counts.reserved

    def target(self, level: str) -> int:
        return self.state.levels[self.state.level_index(level)].target

    def places(self, level: str) -> int:
        """Rules R4, word for word (without the stagger), from the state's own flags."""
        index = self.state.level_index(level)
        at_or_below = self.state.levels[: index + 1]
        if self.state.open_level != index or self.state.review or self.state.suspended:
            return 0
        if any(each.counts.dlts >= 2 for each in at_or_below):
            return 0
        n, _, pending, r = self.counts(level)
        return max(0, self.target(level) - n - pending - r)

    def review(self) -> tuple[str, str | None] | None:
        """The recommendation that is due and the level it names."""
        due = self.state.review
        return None if due is None else (due.recommendation, due.recommended_level_id)

    def waitlist(self, phase: int = 1) -> list[str]:
        """Who waits, in order."""
        waiting = [
            (subject.waiting.order, subject.subject_id)
            for subject in self.state.subjects.values()
            if subject.waiting is not None and subject.waiting.phase == phase
        ]
        return [subject_id for _, subject_id in sorted(waiting)]

    def slot(self, subject: str) -> str | None:
        """The state of a subject's latest slot."""
        known = self.state.subjects.get(subject)
        return known.slot.state if known and known.slot else None

    def window_ends(self, subject: str) -> str | None:
        slot = self.state.subjects[subject].slot
        assert slot is not None
        return None if slot.window_ends_on is None else slot.window_ends_on.strftime("%m-%d")

    def promoted(self) -> list[tuple[str, str, str | None]]:
        """Who was reserved in the last step: subject, level, expiry in local time."""
        return [
            (event.subject_id, event.level_id, local(event.expires_at))
            for event in self.events
            if event.type == "SlotReserved"
        ]


def through_json(events: tuple[AnyEvent, ...]) -> tuple[AnyEvent, ...]:
    """The events as the log would give them back, proved equal and canonical on the way."""
    plain = EVENTS.dump_python(events, mode="json")
    stored = canonical(plain)
    again = EVENTS.validate_json(stored)
    assert again == events, "events do not survive JSON"
    assert canonical(EVENTS.dump_python(again, mode="json")) == stored
    return again


def replayed(log: Iterable[tuple[datetime, tuple[AnyEvent, ...]]]) -> Trial:
    """The state that the log alone gives."""
    trial = new_trial("T1")
    for at, events in log:
        trial = evolve(trial, at, events)
    return trial


def adopted(text: str | None = None, at: str = "02-22 09:00") -> Story:
    """A trial with its protocol in force and its sites active, not yet opened."""
    story = Story().at(at)
    assert story.adopt(P0() if text is None else text) == recorded()
    for site in story.state.in_force.site_ids:
        assert story.activate_site(site) == recorded()
    return story


def opened(text: str | None = None, at: str = "02-22 09:00") -> Story:
    """The same, opened by a signed activation."""
    story = adopted(text, at)
    assert story.activate() == recorded()
    return story
