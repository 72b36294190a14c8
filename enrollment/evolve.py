"""What each event does to the state of a trial: no rule is decided here, no event is ignored."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, get_args

from enrollment import events as e
from enrollment import evolve_screening as screening
from enrollment import evolve_subject as subject
from enrollment import evolve_trial as trials
from enrollment.copying import replace
from enrollment.evolve_slots import without_past_deadlines
from enrollment.trial import Trial


def _nothing(trial: Trial, event: e.AnyEvent) -> Trial:
    """On purpose: a refusal moves no one."""
    return trial


ARMS: Final[dict[type[e.AnyEvent], Callable[[Trial, Any], Trial]]] = {
    e.ProtocolAdopted: trials.adopted,
    e.SiteActivated: trials.site_activated,
    e.TrialActivated: trials.activated,
    e.AssignmentSuspended: trials.suspended,
    e.AssignmentResumed: trials.resumed,
    e.LevelOpened: trials.level_opened,
    e.LevelExpanded: trials.level_expanded,
    e.LevelStopped: trials.level_stopped,
    e.ReviewDue: trials.review_due,
    e.ReviewLapsed: trials.review_lapsed,
    e.ReviewSigned: trials.review_signed,
    e.MtdDeclared: trials.mtd_declared,
    e.NoTolerableDoseDeclared: trials.no_tolerable_dose,
    e.Rp2dDeclared: trials.rp2d_declared,
    e.PhaseClosed: trials.phase_closed,
    e.PhaseOpened: trials.phase_opened,
    e.PhaseStopped: trials.phase_stopped,
    e.ConsentRecorded: screening.consented,
    e.FormJudged: screening.judged,
    e.FindingSettled: screening.settled,
    e.EligibilityConfirmed: screening.confirmed,
    e.SlotHeld: subject.placed,
    e.SlotReserved: subject.placed,
    e.Waitlisted: subject.waitlisted,
    e.PassedOver: subject.passed_over,
    e.LeftWaitlist: subject.left_waitlist,
    e.EnrollmentRefused: subject.refused,
    e.SlotFlagged: subject.flagged,
    e.FlagLifted: subject.flag_lifted,
    e.ReservationChanged: subject.reservation_changed,
    e.SlotReleased: subject.released,
    e.SlotExpired: subject.expired,
    e.SlotRecalled: subject.recalled,
    e.FirstDoseAuthorised: subject.authorised,
    e.FirstDoseRecorded: subject.dosed,
    e.DltRecorded: subject.dlt,
    e.ToxicityRecorded: subject.toxicity,
    e.SubjectCleared: subject.cleared,
    e.SubjectNotEvaluable: subject.not_evaluable,
    e.OutcomeReopened: subject.outcome_reopened,
    e.DeathRecorded: subject.died,
    e.DeathAdjudicated: subject.death_adjudicated,
    e.SubjectWithdrew: subject.withdrew,
    e.FactCorrected: subject.corrected,
    e.CommandRefused: _nothing,
    e.Rejected: _nothing,
}
assert ARMS.keys() == set(get_args(e.AnyEvent)), "every event has one arm"


def apply(trial: Trial, event: e.AnyEvent) -> Trial:
    """The trial after one event."""
    return ARMS[type(event)](trial, event)


def evolve(trial: Trial, at: datetime, events: Iterable[e.AnyEvent]) -> Trial:
    """The trial after one decision: its events in order, then its time moved on to `at`."""
    for event in events:
        trial = apply(trial, event)
    return moved_on(trial, at)


def moved_on(trial: Trial, at: datetime) -> Trial:
    """The trial once it has followed all events of a decision that was taken at `at`."""
    trial = without_past_deadlines(trial)
    return trial if at <= trial.time else replace(trial, time=at)
