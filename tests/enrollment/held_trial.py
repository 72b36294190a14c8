"""A trial for random histories: held to its invariants at every command, with a usual course."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from enrollment import commands as c
from enrollment.events import EVENTS, AnyEvent, Rejected, ReviewSigned
from enrollment.evolve import evolve
from enrollment.invariants import check_decision, check_state
from enrollment.recount import Recount
from enrollment.rehearse import Rehearsal, Rehearsed, new_rehearsal, rehearse
from enrollment.trial import Trial, new_trial
from tests.enrollment.forms import eligible_form
from tests.enrollment.invariants import (
    check_deaths_and_withdrawals,
    check_dlts,
    check_goes_on,
    check_openings,
    check_settled,
    check_what_stops_is_stopped,
)
from tests.enrollment.spec import CENTRE, CHICAGO, REVIEWER, site_staff

SITES = ("S1", "S2", "S3")
SUBJECTS = [f"{site}-{i}" for i in range(1, 17) for site in SITES]


class HeldTrial(RuleBasedStateMachine):
    """`send` is the only way to it; a child says by its rules what may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2027, 3, 1, 15, tzinfo=UTC)
        self.so_far: Rehearsal = new_rehearsal("T1")
        self.log: list[tuple[datetime, tuple[AnyEvent, ...]]] = []
        self.signed_for: set[str] = set()
        self.recount = Recount()
        self.parameters: dict[str, Any] = {}
        self.version = 1
        self.onsets: dict[str, set[date]] = {}
        """What was reported as a DLT, per subject."""
        self.corrected: set[str] = set()
        """Whose onsets were corrected: the reports alone no longer say what counts."""

    @property
    def trial(self) -> Trial:
        return self.so_far.trial

    @property
    def today(self) -> date:
        return self.at.astimezone(CHICAGO).date()

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    def send(self, command: c.AnyCommand, actor: c.Actor) -> Rehearsed:
        before = self.trial
        self.so_far, done = rehearse(self.so_far, self.at, actor, command)
        if not done.events:
            assert self.trial == before, "nothing was written, yet something changed"
            return done
        assert done.sequence == len(self.log), "the sequence has a gap"
        self.log.append((done.at, done.events))
        stored = EVENTS.validate_json(EVENTS.dump_json(done.events))
        assert stored == done.events
        assert evolve(before, done.at, stored) == self.trial, "the log gives another state"
        check_decision(before, done.events, self.signed_for, self.recount)
        check_state(self.trial, self.recount)
        check_settled(self.trial)
        check_goes_on(self.trial)
        check_deaths_and_withdrawals(self.trial)
        check_what_stops_is_stopped(self.trial)
        check_openings(self.trial, done.events)
        self.remember_dlts(command, done)
        plain = {who: on for who, on in self.onsets.items() if who not in self.corrected}
        check_dlts(self.trial, plain)
        if done.answer.outcome == "rejected":
            assert any(isinstance(event, Rejected) for event in done.events)
        if isinstance(command, c.SignReview) and done.answer.outcome == "refused":
            assert not any(isinstance(event, ReviewSigned) for event in done.events)
        return done

    def remember_dlts(self, command: c.AnyCommand, done: Rehearsed) -> None:
        if done.answer.outcome != "recorded":
            return
        if isinstance(command, c.ReportDlt):
            self.onsets.setdefault(command.subject_id, set()).add(command.onset_on)
        elif isinstance(command, c.CorrectFact) and command.fact == "dlt_onset_on":
            self.corrected.add(command.subject_id)

    def who(self, pick: int, *states: str) -> str:
        """Seven times of eight a subject in one of the states, if there is one; else anybody."""
        wanted = self.in_state(*states) if states else [s for s in SUBJECTS if self.known(s)]
        number, odd = divmod(pick, 8)
        return wanted[number % len(wanted)] if wanted and odd else SUBJECTS[number]

    def staff(self, subject: str) -> c.Actor:
        return site_staff(subject.split("-")[0])

    def approve(self, site: str) -> None:
        command = c.ActivateSite(
            site_id=site, protocol_version=f"{self.version}.0", approved_on=date(2027, 1, 1)
        )
        self.send(command, CENTRE)

    def consent(self, who: str) -> None:
        command = c.RecordConsent(
            subject_id=who,
            site_id=who.split("-")[0],
            consented_on=self.today,
            consent_version="1.0",
        )
        self.send(command, self.staff(who))

    def take_back(self, who: str) -> None:
        command = c.CorrectFact(
            subject_id=who, fact="dlt_onset_on", on=None, level_id=None, reason="It was grade 2."
        )
        self.send(command, CENTRE)

    def sign(self, decision: Any, level: str | None) -> Rehearsed:
        shown = self.trial.review.data_hash if self.trial.review else "0" * 64
        command = c.SignReview(
            decision=decision, level_id=level, data_hash=shown, reason="So.", meaning="I sign."
        )
        return self.send(command, REVIEWER)

    def sign_rp2d(self, level: str) -> None:
        command = c.SignRp2d(level_id=level, reason="So.", meaning="I sign.")
        self.send(command, REVIEWER)

    def enrol(self, count: int, first: int) -> None:
        fresh = [who for who in SUBJECTS[first:] + SUBJECTS[:first] if not self.known(who)]
        for who in fresh[:count]:
            site = who.split("-")[0]
            form = eligible_form(who, site, on=self.today, planned=self.today)
            self.send(c.SubmitForm(subject_id=who, site_id=site, form=form), self.staff(who))

    def known(self, who: str) -> bool:
        return who in self.trial.subjects

    def in_state(self, *states: str) -> list[str]:
        return [
            who
            for who in SUBJECTS
            if (known := self.trial.subjects.get(who)) and known.slot and known.slot.state in states
        ]

    def go_on(self, steps: int, dlts: int, number: int) -> None:
        for _ in range(steps):
            self.usual_step(dlts, number)

    def usual_step(self, dlts: int, number: int) -> None:
        """Goes on with whatever the trial waits for, so that late states are reached."""
        review, trial = self.trial.review, self.trial
        if review is not None:
            done = self.sign(review.recommendation, review.recommended_level_id)
            assert done.answer.outcome == "recorded", "what is recommended can be signed"
        elif trial.mtd is not None and trial.rp2d is None:
            self.sign_rp2d(trial.mtd)
        elif self.in_state("reserved", "authorised"):
            self.dose_the_reserved(1 + number % 6)
        elif self.in_state("dosed") and trial.phase1 != "closed":
            self.end_the_windows(dlts)
        else:
            self.enrol(4, number)

    def dose_the_reserved(self, most: int) -> None:
        for who in self.in_state("reserved", "authorised")[:most]:
            ready = c.AuthoriseFirstDose(subject_id=who, planned_on=self.today)
            self.send(ready, self.staff(who))
            given = c.ReportFirstDose(subject_id=who, dosed_on=self.today)
            self.send(given, self.staff(who))

    def end_the_windows(self, dlts: int) -> None:
        dosed = self.in_state("dosed")
        for who in dosed[:dlts]:
            self.send(c.ReportDlt(subject_id=who, onset_on=self.today), self.staff(who))
        self.at += timedelta(days=28)
        for who in dosed[dlts:]:
            cleared = c.ReportWindowOutcome(subject_id=who, outcome="cleared")
            self.send(cleared, self.staff(who))

    def teardown(self) -> None:
        again = new_trial("T1")
        for at, events in self.log:
            again = evolve(again, at, events)
        assert again == self.trial, "replaying the whole log gives another state"
