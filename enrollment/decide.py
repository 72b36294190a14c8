"""The decider of a trial: a command on the trial as it is gives events and an answer."""

from datetime import datetime
from typing import assert_never

from enrollment import commands as c
from enrollment.answer import Answer
from enrollment.centre import activate_site, activate_trial, adopt_protocol, resume, suspend
from enrollment.confirming import confirm_eligibility
from enrollment.copying import replace
from enrollment.corrections import correct_fact
from enrollment.deadlines import follow_up, next_change
from enrollment.deaths import adjudicate_death, report_death
from enrollment.dosing import authorise_first_dose, report_first_dose
from enrollment.evolve import moved_on
from enrollment.evolve_slots import next_deadline as next_expiry
from enrollment.outcomes import report_dlt, report_toxicity, report_window_outcome, withdraw
from enrollment.reservations import expire_next, extend, record_consent, release
from enrollment.reviews import sign_review, sign_rp2d
from enrollment.screening import receive_form, reserved_answer
from enrollment.settling import settle_finding
from enrollment.trial import Trial
from enrollment.turn import Decision, Turn

DEADLINES_MAX = 100_000
"""Deadlines that one command may find behind it; each frees a place that the next may fill."""

OF_SITES = (
    c.SubmitForm,
    c.AmendForm,
    c.RecordConsent,
    c.AuthoriseFirstDose,
    c.ReportFirstDose,
    c.ReportDlt,
    c.ReportToxicity,
    c.ReportWindowOutcome,
    c.ReportDeath,
    c.WithdrawSubject,
    c.ReleaseReservation,
)


def decide(trial: Trial, request: c.JudgedRequest) -> Decision:
    """Applies every deadline up to now (R2), then the command, then what follows from both.

    Time is the later of the trial's and the request's. No events: nothing is to be written.
    """
    now = max(trial.time, c.utc(request.at))
    turn = Turn(trial, now, request.actor)
    advance(turn, now)
    answer = (
        _not_theirs(turn, request.command)
        or _out_of_reach(turn, request.command)
        or _command(turn, request)
    )
    follow_up(turn)
    after = moved_on(turn.trial, request.at) if turn.events else trial
    return Decision(tuple(turn.events), _as_it_stands(turn, answer), after)


def _not_theirs(turn: Turn, command: c.AnyCommand) -> Answer | None:
    """Auditors read; what sites tell of subjects comes from a site or from the centre."""
    actor = turn.actor
    allowed = actor.role != "auditor"
    if isinstance(command, OF_SITES):
        allowed = actor.of_site or actor.role == "coordinator"
        if isinstance(command, c.SubmitForm | c.RecordConsent) and actor.of_site:
            allowed = actor.may_touch(command.site_id)
    if allowed:
        return None
    return turn.rejected(command.type, "role", "This is not for you to send.")


def _out_of_reach(turn: Turn, command: c.AnyCommand) -> Answer | None:
    """A subject nobody knows and one of another site are answered alike: nothing is revealed."""
    subject_id = c.subject_of(command)
    if subject_id is None or command.type in ("SubmitForm", "RecordConsent"):
        return None
    subject = turn.trial.subjects.get(subject_id)
    if subject is not None and (not turn.actor.of_site or turn.actor.may_touch(subject.site_id)):
        return None
    return turn.rejected(command.type, "unknown_subject", "No such subject.")


def advance(turn: Turn, now: datetime) -> None:
    """Every deadline at its own instant, with all that follows from it, in order."""
    for _ in range(DEADLINES_MAX):
        due = next_expiry(turn.trial)
        expiry = None if due is None or due[0] > now else due[0]
        change = next_change(turn.trial, now if expiry is None else expiry)
        if expiry is None and change is None:
            turn.now = now
            return
        turn.now = max(turn.trial.time, min(at for at in (expiry, change) if at is not None))
        expire_next(turn)
        follow_up(turn)
        turn.trial = replace(turn.trial, time=turn.now)
    raise AssertionError("more deadlines than a command may find behind it")


def _as_it_stands(turn: Turn, answer: Answer) -> Answer:
    """A subject told to wait may have been offered a place in the same decision."""
    if answer.outcome != "waitlisted" or answer.subject_id is None:
        return answer
    slot = turn.trial.subjects[answer.subject_id].slot
    if slot is not None and slot.undosed:
        return reserved_answer(turn, answer.subject_id)
    return answer


def _command(turn: Turn, request: c.JudgedRequest) -> Answer:  # noqa: C901 - one arm each
    command = request.command
    match command:
        case c.AdoptProtocol():
            return adopt_protocol(turn, command)
        case c.SubmitForm() | c.AmendForm():
            return receive_form(turn, command, request.verdict)
        case c.RecordConsent():
            return record_consent(turn, command)
        case c.TimePassed():
            return Answer(outcome="recorded", sentence="Time has passed.")
        case _ if turn.trial.protocol is None:
            return turn.rejected(command.type, "no_protocol", "Adopt a protocol first.")
        case c.ActivateSite():
            return activate_site(turn, command)
        case c.ActivateTrial():
            return activate_trial(turn, command)
        case c.SuspendAssignment():
            return suspend(turn, command)
        case c.ResumeAssignment():
            return resume(turn, command)
        case c.SignReview():
            return sign_review(turn, command)
        case c.SignRp2d():
            return sign_rp2d(turn, command)
        case c.ExtendReservation():
            return extend(turn, command)
        case c.SettleFinding():
            return settle_finding(turn, command)
        case c.AdjudicateDeath():
            return adjudicate_death(turn, command)
        case c.CorrectFact():
            return correct_fact(turn, command)
        case c.ConfirmEligibility():
            return confirm_eligibility(turn, command)
        case c.AuthoriseFirstDose():
            return authorise_first_dose(turn, command)
        case c.ReportFirstDose():
            return report_first_dose(turn, command)
        case c.ReportDlt():
            return report_dlt(turn, command)
        case c.ReportToxicity():
            return report_toxicity(turn, command)
        case c.ReportWindowOutcome():
            return report_window_outcome(turn, command)
        case c.ReportDeath():
            return report_death(turn, command)
        case c.WithdrawSubject():
            return withdraw(turn, command)
        case c.ReleaseReservation():
            return release(turn, command)
        case _:
            assert_never(command)
