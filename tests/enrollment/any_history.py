"""What may happen to a trial: a machine of random commands and of facts at odd moments."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from cohorts.designs.crm import Crm
from enrollment import commands as c
from enrollment.events import SlotExpired
from enrollment.standing import current_level
from tests.enrollment.designs import design_for, resized
from tests.enrollment.forms import eligible_form
from tests.enrollment.held_trial import SITES, SUBJECTS, HeldTrial
from tests.enrollment.spec import CENTRE, CLOCK, P0, site_staff

subjects = st.integers(0, 8 * len(SUBJECTS) - 1)
"""Who a command is about: `HeldTrial.who` prefers those for whom it could mean something."""

stops = st.sampled_from([(0, 2, 1), (0, 2, 1), (0, 3, 1), (0, 2, 0), (1, 1, 0), (1, 2, 1)])
"""Levels below the open one, DLTs told there, and how many of these are not taken back."""
past_days = st.integers(-30, 0)
WHY: dict[str, Any] = {"reason": "Said so.", "meaning": "I judge so."}
therapies = st.sampled_from([(1, 0)] * 6 + [(1, 1), (0, 1), (0, 2)])


other_parameters = st.fixed_dictionaries(
    {},
    optional={
        "variant": st.sampled_from("ABC"),
        "stagger_days": st.sampled_from([0, 7]),
        "number": st.integers(1, 5),
        "site_cap": st.sampled_from([None, 1, 2]),
        "site_limit": st.sampled_from([None, 1, 2]),
        "backfill": st.sampled_from([None, (4, True), (6, False)]),
    },
)
"""What an amendment may change besides windows and the sizes of cohorts."""


@lru_cache(maxsize=256)
def text_of(**parameters: Any) -> str:
    return P0(**parameters)


class AnyHistory(HeldTrial):
    """Every rule sends one command or a few."""

    kinds: tuple[str, ...] = ("3+3",)
    """The designs under test, one of them for each history."""

    # --- the beginning ---

    @initialize(
        pick=st.integers(0, 99),
        variant=st.sampled_from("ABC"),
        stagger_days=st.sampled_from([0, 0, 7]),
        levels=st.sampled_from([("L1", "L2"), ("L1", "L2", "L3"), ("L0", "L1", "L2")]),
        site_limit=st.sampled_from([None, None, 1, 2]),
        waitlist_order=st.sampled_from(["first_come", "round_robin"]),
        reserve_on=st.sampled_from(["eligible", "consented"]),
        number=st.integers(1, 5),
        site_cap=st.sampled_from([None, 2]),
        counts_phase1=st.booleans(),
        backfill=st.sampled_from([None, None, (6, True), (8, False)]),
        results_go_stale=st.booleans(),
        months=st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=9),
        stop=st.one_of(st.none(), stops),
    )
    def open_the_trial(
        self, months: list[int], pick: int, stop: tuple[int, int, int] | None, **parameters: Any
    ) -> None:
        """After some quiet months; random commands begin anywhere between activation and end."""
        self.parameters = parameters
        self.parameters["rp2d_min_evaluable"] = 6 if parameters["variant"] == "C" else 3
        kind = self.kinds[pick % len(self.kinds)]
        if kind != "3+3":
            self.parameters["design"] = design_for(kind, len(parameters["levels"]), pick)
        text = text_of(**parameters)
        self.send(c.AdoptProtocol(text=text, clock="simulated", meaning="I adopt."), CENTRE)
        for site in SITES:
            self.approve(site)
        self.send(c.ActivateTrial(meaning="I open."), CENTRE)
        for dlts in months:
            self.go_on(4, dlts, 0)
        if stop is not None:
            self.a_stop_taken_back(stop, True)

    # --- time ---

    @rule(minutes=st.sampled_from([1, 30, 60, 600]))
    def minutes_pass(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule(days=st.sampled_from([1, 3, 7, 21]))
    def days_pass(self, days: int) -> None:
        self.at += timedelta(days=days)

    @rule()
    def the_clock_ticks(self) -> None:
        done = self.send(c.TimePassed(), CLOCK)
        if done.events:
            expired = isinstance(done.events[0], SlotExpired)
            assert expired or self.trial.in_force.phase1.design.reads_follow_up

    # --- sites ---

    @rule(pick=subjects, therapy=therapies, amend=st.booleans(), ago=st.integers(0, 6))
    def a_form(self, pick: int, therapy: tuple[int, int], amend: bool, ago: int) -> None:
        who = self.who(pick)
        site = who.split("-")[0]
        on = self.day(-ago)
        form = eligible_form(who, site, on=on, planned=self.today, a=therapy[0], m=therapy[1])
        command: c.AnyCommand = c.SubmitForm(subject_id=who, site_id=site, form=form)
        if amend:
            command = c.AmendForm(subject_id=who, site_id=site, form=form)
        self.send(command, self.staff(who))

    @rule(pick=subjects, other=st.sampled_from(SITES))
    def a_form_from_any_site(self, pick: int, other: str) -> None:
        who = self.who(pick)
        form = eligible_form(who, other, on=self.today, planned=self.today)
        self.send(c.SubmitForm(subject_id=who, site_id=other, form=form), site_staff(other))

    @rule(pick=st.integers(0, len(SUBJECTS) - 1))
    def a_consent_of_a_newcomer(self, pick: int) -> None:
        self.consent(next((s for s in SUBJECTS[pick:] if not self.known(s)), SUBJECTS[pick]))

    @rule(pick=subjects)
    def a_consent(self, pick: int) -> None:
        self.consent(self.who(pick))

    @rule(pick=subjects, ahead=st.integers(-1, 9))
    def an_authorisation(self, pick: int, ahead: int) -> None:
        who = self.who(pick, "held", "reserved", "authorised")
        command = c.AuthoriseFirstDose(subject_id=who, planned_on=self.day(ahead))
        self.send(command, self.staff(who))

    @rule(pick=subjects, ago=st.integers(-3, 0), level=st.sampled_from([None, None, None, "L2"]))
    def a_first_dose(self, pick: int, ago: int, level: str | None) -> None:
        who = self.who(pick, "held", "reserved", "authorised", "expired", "recalled", "released")
        command = c.ReportFirstDose(subject_id=who, dosed_on=self.day(ago), level_id=level)
        self.send(command, self.staff(who))

    @rule(pick=subjects, ago=past_days)
    def a_dlt(self, pick: int, ago: int) -> None:
        who = self.who(pick, "dosed", "cleared", "dlt", "not_evaluable")
        self.send(c.ReportDlt(subject_id=who, onset_on=self.day(ago)), self.staff(who))

    @rule(pick=subjects, day_in=st.integers(0, 30))
    def a_late_dlt(self, pick: int, day_in: int) -> None:
        """Of somebody whose outcome was known already, or whose first dose was corrected."""
        who = self.who(pick, "cleared", "not_evaluable", "dlt")
        known = self.trial.subjects.get(who)
        if known is None or known.slot is None or known.slot.dosed_on is None:
            return
        onset = min(known.slot.dosed_on + timedelta(days=day_in), self.today)
        self.send(c.ReportDlt(subject_id=who, onset_on=onset), self.staff(who))

    @rule(pick=subjects, ago=past_days)
    def a_toxicity(self, pick: int, ago: int) -> None:
        who = self.who(pick, "dosed", "cleared", "dlt", "not_evaluable")
        command = c.ReportToxicity(subject_id=who, onset_on=self.day(ago), term="Rash", grade=2)
        self.send(command, self.staff(who))

    @rule(pick=subjects, cleared=st.booleans())
    def an_outcome(self, pick: int, cleared: bool) -> None:
        who = self.who(pick, "dosed", "not_evaluable")
        missed = c.MissedDose(
            drug="sorafenib", doses_given=1, doses_required=32, reason="Left town."
        )
        command = c.ReportWindowOutcome(
            subject_id=who,
            outcome="cleared" if cleared else "not_evaluable",
            missed_doses=() if cleared else (missed,),
        )
        self.send(command, self.staff(who))

    @rule(pick=subjects, ago=past_days)
    def a_death(self, pick: int, ago: int) -> None:
        states = ("dosed", "cleared", "dlt", "not_evaluable", "reserved", "released", "expired")
        who = self.who(pick, *states)
        self.send(c.ReportDeath(subject_id=who, died_on=self.day(ago)), self.staff(who))

    @rule(pick=subjects, ago=st.integers(-5, 0))
    def a_withdrawal(self, pick: int, ago: int) -> None:
        who = self.who(pick)
        command = c.WithdrawSubject(subject_id=who, withdrawn_on=self.day(ago))
        self.send(command, self.staff(who))

    @rule(pick=subjects)
    def a_release(self, pick: int) -> None:
        who = self.who(pick, "held", "reserved", "authorised")
        self.send(c.ReleaseReservation(subject_id=who, reason="No."), self.staff(who))

    # --- the centre ---

    @precondition(lambda self: self.trial.deaths_open)
    @rule(finding=st.sampled_from(["related", "unrelated"]))
    def an_adjudication(self, finding: Any) -> None:
        who = next(s for s in SUBJECTS if self.known(s) and self.trial.subjects[s].death_open)
        command = c.AdjudicateDeath(subject_id=who, finding=finding, **WHY)
        self.send(command, CENTRE)

    @rule(pick=subjects, hours=st.integers(1, 200))
    def an_extension(self, pick: int, hours: int) -> None:
        who = self.who(pick, "held", "reserved", "authorised")
        until = self.at + timedelta(hours=hours)
        command = c.ExtendReservation(subject_id=who, expires_at=until, reason="Snow.")
        self.send(command, CENTRE)

    @rule(pick=subjects, criterion=st.sampled_from(["I5a", "E1"]), phase=st.sampled_from([1, 2]))
    def a_settlement(self, pick: int, criterion: str, phase: Any) -> None:
        who = self.who(pick)
        command = c.SettleFinding(subject_id=who, phase=phase, criterion_id=criterion, **WHY)
        self.send(command, CENTRE)

    @rule(
        pick=subjects,
        fact=st.sampled_from(["first_dose_on", "dlt_onset_on", "dosed_level"]),
        ago=past_days,
        withdraw=st.booleans(),
        level=st.sampled_from(["L1", "L2"]),
    )
    def a_correction(self, pick: int, fact: Any, ago: int, withdraw: bool, level: str) -> None:
        who = self.who(pick, "dosed", "cleared", "dlt", "not_evaluable")
        nothing = fact == "dosed_level" or (fact == "dlt_onset_on" and withdraw)
        command = c.CorrectFact(
            subject_id=who,
            fact=fact,
            on=None if nothing else self.day(ago),
            level_id=level if fact == "dosed_level" else None,
            reason="Typo.",
            meaning="I correct.",
        )
        self.send(command, CENTRE)

    @rule(pick=subjects, told_again=st.booleans())
    def a_dlt_taken_back(self, pick: int, told_again: bool) -> None:
        """A correction back, and forth again."""
        who = self.who(pick, "dlt")
        known = self.trial.subjects.get(who)
        if known is None or known.slot is None or known.slot.dlt_onset_on is None:
            return
        self.take_back(who)
        if told_again:
            onset = known.slot.dlt_onset_on
            self.send(c.ReportDlt(subject_id=who, onset_on=onset), self.staff(who))

    @rule(stop=stops, end=st.booleans())
    def a_stop_taken_back(self, stop: tuple[int, int, int], end: bool) -> None:
        """DLTs stop the open level, from itself or from below; then most are taken back."""
        below, many, kept = stop
        for _ in range(4):
            if len(self.in_state("dosed")) >= many and self.trial.review is None:
                break
            self.usual_step(0, 0)
        self.dose_the_reserved(6)
        top = None if self.trial.mtd is None else current_level(self.trial)
        top = self.trial.open_level if top is None else top
        dosed = () if top is None else self.trial.levels[max(0, top - below)].dosed
        told = [who for who in dosed if who in self.in_state("dosed", "cleared")][-many:]
        for who in told:
            slot = self.trial.subjects[who].slot
            assert slot is not None
            onset = slot.dosed_on or self.today
            self.send(c.ReportDlt(subject_id=who, onset_on=onset), self.staff(who))
        for who in told[kept:]:
            self.take_back(who)
        if end:
            self.end_the_windows(0)

    @precondition(lambda self: len(self.log) % 5 == 0)
    @rule()
    def a_suspension(self) -> None:
        self.send(c.SuspendAssignment(reason="Signal."), CENTRE)

    @precondition(lambda self: self.trial.suspended)
    @rule()
    def a_resumption(self) -> None:
        self.send(c.ResumeAssignment(reason="Fine.", meaning="I resume."), CENTRE)

    @rule(
        decision=st.sampled_from(["escalate", "stay", "de_escalate", "mtd", "no_tolerable_dose"]),
        level=st.sampled_from([None, "L0", "L1", "L2", "L3", "L9"]),
    )
    def any_signature(self, decision: Any, level: str | None) -> None:
        self.sign(decision, level)

    @rule(level=st.sampled_from(["L0", "L1", "L2"]))
    def an_rp2d(self, level: str) -> None:
        self.sign_rp2d(level)

    @precondition(lambda self: len(self.log) % 5 == 0)
    @rule(
        window=st.sampled_from([14, 21, 28]),
        approve=st.sampled_from([SITES, SITES, SITES[:2], ()]),
        sizes=st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(0, 12)),
        other=other_parameters,
        levels=st.sampled_from([0, 0, 1, -1]),
    )
    def an_amended_protocol(
        self,
        window: int,
        approve: tuple[str, ...],
        sizes: tuple[int, int, int],
        other: dict[str, Any],
        levels: int,
    ) -> None:
        """Limits may end below what a level, or the trial, already holds."""
        changed = {**self.parameters, **other, "dlt_window_days": window}
        changed["levels"] = self.other_levels(levels)
        ended = self.trial.mtd is not None and self.trial.phase1 == "closed"
        if not ended:  # After an MTD no version may ask for more than there are (R22).
            changed["rp2d_min_evaluable"] = 6 if changed["variant"] == "C" else 3
        elif changed["variant"] != "C":
            changed["rp2d_min_evaluable"] = 3
        if "design" in changed:
            changed["design"] = resized(changed["design"], *sizes)
        text = text_of(**changed, version=f"{self.version + 1}.0")
        done = self.send(c.AdoptProtocol(text=text, clock="simulated", meaning="I adopt."), CENTRE)
        assert done.answer.outcome == "recorded", done.answer.sentence
        self.parameters = changed
        self.version += 1
        for site in approve:
            self.approve(site)

    def other_levels(self, more: int) -> tuple[str, ...]:
        """One more at the top, or one less that nobody opened or was given; a CRM keeps its own."""
        levels: tuple[str, ...] = self.parameters["levels"]
        if isinstance(self.trial.in_force.phase1.design, Crm):
            return levels
        if more > 0 and "L9" not in levels:
            return (*levels, "L9")
        top = self.trial.levels[-1]
        if more < 0 and len(levels) > 2 and not top.opened and not top.dosed:
            return levels[:-1]
        return levels

    # --- the usual course, so that late states are reached ---

    @rule(site=st.sampled_from(SITES))
    def a_site_approves(self, site: str) -> None:
        self.approve(site)

    @rule(count=st.integers(1, 4), first=st.integers(0, len(SUBJECTS) - 1))
    def newcomers(self, count: int, first: int) -> None:
        self.enrol(count, first)

    @rule(dlts=st.integers(0, 2), number=st.integers(0, 47))
    def what_usually_comes_next(self, dlts: int, number: int) -> None:
        self.go_on(1, dlts, number)

    @rule(dlts=st.sampled_from([0, 0, 0, 1, 2]), number=st.integers(0, 47))
    def a_month(self, dlts: int, number: int) -> None:
        self.go_on(4, dlts, number)
