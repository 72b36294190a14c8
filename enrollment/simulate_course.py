"""The course of a simulated trial: who does what and when; what is decided, the decider decides."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from enrollment import commands as c
from enrollment import events as e
from enrollment.deadlines import next_change
from enrollment.decide import decide
from enrollment.evolve_slots import next_deadline as next_expiry
from enrollment.evolve_subject import slot_of
from enrollment.places import first_barrier
from enrollment.simulate_conditions import (
    SIMULATED,
    Chance,
    Conditions,
    Person,
    dlt_day,
    drop_day,
    next_gap,
    next_person,
)
from enrollment.simulate_trial import (
    CLOCK,
    Heard,
    confirmation,
    form,
    investigator,
    noon,
    open_sites,
    request,
    reviewer,
    signature,
    staff,
)
from enrollment.trial import Trial
from enrollment.turn import Decision

DAY: Final = timedelta(days=1)
TICK: Final = c.TimePassed()
Deed = Callable[[datetime], object]


class Course:
    """The course of one trial: an agenda of what people will do, and the trial as it stands."""

    def __init__(
        self,
        trial: Trial,
        conditions: Conditions,
        chance: Chance,
        heard: Heard = lambda *_: None,
        now: datetime | None = None,
    ) -> None:
        self.trial = trial
        self.now = trial.time if now is None else now
        self.closed_at: datetime | None = None
        self.place_at: datetime | None = None
        """When first a place was given, or stood free."""
        self.idle = timedelta()
        self.came = 0
        self._conditions = conditions
        self._chance = chance
        self._heard = heard
        self._protocol = trial.in_force
        self._timed = trial.in_force.phase1.design.reads_follow_up
        self._agenda: list[tuple[datetime, int, Deed]] = []
        self._planned = 0
        self._people: dict[str, Person] = {}
        self._sites = open_sites(trial)
        self._number = sum(who.startswith(SIMULATED) for who in trial.subjects)
        self._staff = {site: staff(site) for site in self._protocol.site_ids}
        self._level = {lv.level_id: i for i, lv in enumerate(trial.levels)}
        self._last = self.now + timedelta(days=conditions.most_days)

    # --- time ---

    def plan(self, at: datetime, deed: Deed) -> None:
        """Puts a deed on the agenda; at one instant the first planned is the first done."""
        self._planned += 1
        heappush(self._agenda, (max(at, self.now), self._planned, deed))

    def run(self, over: Callable[[], bool]) -> None:
        """Does what is on the agenda in order, each deadline before it at its own instant."""
        while not over() and self._agenda:
            at = self._agenda[0][0]
            due = self._due(at)
            if due is not None and due <= at:
                self._pass(due)
                self.send(due, CLOCK, TICK)
                continue
            _, _, deed = heappop(self._agenda)
            self._pass(at)
            deed(at)

    @property
    def over(self) -> bool:
        """Nothing can change the outcome any more, or the longest time has passed."""
        if self.now >= self._last:
            return True
        if self.trial.phase1 != "closed" or self.trial.review is not None:
            return False
        dosed = (who for level in self.trial.levels for who in level.dosed)
        return all(slot_of(self.trial, who).state != "dosed" for who in dosed)

    def _due(self, until: datetime) -> datetime | None:
        expiry = next_expiry(self.trial)
        due = None if expiry is None else expiry[0]
        if not self._timed:
            return due
        change = next_change(self.trial, until if due is None else min(due, until))
        return change if due is None or (change is not None and change < due) else due

    def _pass(self, at: datetime) -> None:
        if at > self.now and self.trial.phase1 == "open":
            if self._closed():
                self.idle += at - self.now
            elif self.place_at is None:
                self.place_at = self.now
        self.now = at

    def _closed(self) -> bool:
        """No newcomer could have a place; a review that is due says so without asking further."""
        if self.trial.review is not None:
            return True
        return first_barrier(self.trial, 1, self._protocol.local_date(self.now)) is not None

    # --- what is sent, and what it makes people do ---

    def send(self, at: datetime, actor: c.Actor, command: c.AnyCommand) -> Decision:
        """One command through the decider; then everybody acts on what was decided."""
        asked = request(self.trial.trial_id, at, actor, command)
        decision = decide(self.trial, asked)
        if decision.events:
            self.trial = decision.trial
            self._heard(asked, decision)
            for event in decision.events:
                self._react(event, at)
        return decision

    def _react(self, event: e.AnyEvent, at: datetime) -> None:
        match event:
            case e.SlotReserved():
                if not event.from_held:
                    self.place_at = self.place_at or event.reserved_at
                self.expect_dose(event.subject_id, event.reserved_at)
            case e.SlotHeld():
                self.place_at = self.place_at or event.held_at
            case e.FirstDoseRecorded():
                self._expect_outcome(event)
            case e.ReviewDue():
                self.expect_signature(event.data_hash, at)
            case e.Waitlisted() | e.SlotRecalled():
                self.expect_patience(event.subject_id, at)
            case e.PhaseClosed(phase=1):
                self.closed_at = at
            case _:
                pass

    # --- arrivals ---

    def meet(self, person: Person) -> None:
        """One more whose course is drawn."""
        self._people[person.subject_id] = person

    def expect_arrival(self, at: datetime) -> None:
        """Plans the next one who comes."""
        gap = next_gap(self._conditions, self._chance)
        self.plan(at + timedelta(days=gap), self._arrive)

    def _arrive(self, at: datetime) -> None:
        self._number += 1
        person = next_person(self._number, self._sites, self._conditions, self._chance)
        self.meet(person)
        self.expect_arrival(at)
        if self.trial.phase1 != "open":
            return
        self.came += 1
        today = self._protocol.local_date(at)
        site, who = self._staff[person.site_id], person.subject_id
        if self._protocol.assignment.reserve_on == "consented":
            consent = c.RecordConsent(
                subject_id=who, site_id=person.site_id, consented_on=today, consent_version="1"
            )
            self.send(at, site, consent)
        dose_on = today + self._conditions.days_to_dose * DAY
        self.send(at, site, form(who, person.site_id, today, dose_on, person.eligible))

    def expect_patience(self, subject_id: str, at: datetime) -> None:
        """Whoever still waits when patience ends leaves the list."""
        self.plan(
            at + self._conditions.patience_days * DAY, lambda now: self._leave(subject_id, now)
        )

    def _leave(self, subject_id: str, at: datetime) -> None:
        subject = self.trial.subjects[subject_id]
        if subject.waiting is not None and self.trial.phase1 == "open":
            command = c.ReleaseReservation(subject_id=subject_id, reason="Went elsewhere.")
            self.send(at, self._staff[subject.site_id], command)

    # --- from the place to the first dose ---

    def expect_dose(self, subject_id: str, reserved_at: datetime) -> None:
        """Plans the first dose, or the place given back; a place that lapses needs no plan."""
        person, slot = self._people[subject_id], slot_of(self.trial, subject_id)
        released = self._conditions.released
        if released <= person.use < released + self._conditions.lapsed:
            return
        on = self._protocol.local_date(reserved_at) + self._conditions.days_to_dose * DAY
        if slot.dose_not_before is not None:
            on = max(on, slot.dose_not_before)
        deed = self._release if person.use < released else self._dose
        number = slot.number
        self.plan(noon(self._protocol, on), lambda now: deed(subject_id, number, now))

    def _still_undosed(self, subject_id: str, number: int) -> bool:
        slot = self.trial.subjects[subject_id].slot
        return slot is not None and slot.number == number and slot.undosed

    def _release(self, subject_id: str, number: int, at: datetime) -> None:
        if self._still_undosed(subject_id, number):
            command = c.ReleaseReservation(subject_id=subject_id, reason="Not treated.")
            self.send(at, self._of(subject_id), command)

    def _dose(self, subject_id: str, number: int, at: datetime) -> None:
        """Asks leave for today; where it is refused, again tomorrow, as long as the place lives."""
        if not self._still_undosed(subject_id, number):
            return
        today, site = self._protocol.local_date(at), self._of(subject_id)
        confirmed = confirmation(self.trial, subject_id)
        if confirmed is not None:
            self.send(at, investigator(site.sites[0]), confirmed)
        leave = c.AuthoriseFirstDose(subject_id=subject_id, planned_on=today)
        if self.send(at, site, leave).answer.outcome != "recorded":
            tomorrow = noon(self._protocol, today + DAY)
            self.plan(tomorrow, lambda now: self._dose(subject_id, number, now))
            return
        self.send(at, site, c.ReportFirstDose(subject_id=subject_id, dosed_on=today))

    # --- from the first dose to the outcome ---

    def _expect_outcome(self, event: e.FirstDoseRecorded) -> None:
        assert event.window_ends_on is not None, "only Phase I is simulated"
        who, person = event.subject_id, self._people[event.subject_id]
        has_dlt = person.tolerance < self._conditions.truth[self._level[event.level_id]]
        window = (event.window_ends_on - event.dosed_on).days
        day = dlt_day(person.dlt_when, window, self._conditions.second_half) if has_dlt else None
        drops = person.drop_out < self._conditions.not_evaluable
        drop = drop_day(person.drop_when, window) if drops else None
        self.expect_outcome(who, event.dosed_on, event.window_ends_on, day, drop)

    def expect_outcome(
        self, who: str, dosed_on: date, ends_on: date, dlt: int | None, drop: int | None
    ) -> None:
        """Plans the first of: a DLT or a withdrawal on that day, the end of the window."""
        later = self._conditions.report_days * DAY
        if dlt is not None and (drop is None or dlt <= drop):
            onset_on = dosed_on + (dlt - 1) * DAY
            report = c.ReportDlt(subject_id=who, onset_on=onset_on)
            self._report(who, noon(self._protocol, onset_on + later), report)
        elif drop is not None:
            on = dosed_on + (drop - 1) * DAY
            left = c.WithdrawSubject(subject_id=who, withdrawn_on=on)
            self._report(who, noon(self._protocol, on), left)
        else:
            clear = c.ReportWindowOutcome(subject_id=who, outcome="cleared")
            self._report(who, noon(self._protocol, ends_on + later), clear)

    def _report(self, who: str, at: datetime, command: c.AnyCommand) -> None:
        site = self._of(who)

        def report(now: datetime) -> None:
            answer = self.send(now, site, command).answer
            assert answer.outcome == "recorded", answer.sentence

        self.plan(at, report)

    # --- reviews ---

    def expect_signature(self, data_hash: str, at: datetime) -> None:
        """The review is signed some days later, unless its data change before.

        What cannot be signed stays due, and the trial does not end.
        """
        self.plan(at + self._conditions.review_days * DAY, lambda now: self._sign(data_hash, now))

    def _sign(self, data_hash: str, at: datetime) -> None:
        for number in range(1, self._protocol.phase1.signatures_required + 1):
            review = self.trial.review
            if review is None or review.data_hash != data_hash:
                return
            self.send(at, reviewer(number), signature(review))

    # --- the end ---

    def _of(self, subject_id: str) -> c.Actor:
        return self._staff[self.trial.subjects[subject_id].site_id]
