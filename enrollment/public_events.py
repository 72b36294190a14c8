"""What the world may know of each event: the public contract, without clinical values (design).

Never a finding, a criterion, a value, a DLT term or a grade. A subject who is not eligible is only
*ineligible* or *incomplete*.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, Literal, get_args

from pydantic import AwareDatetime

from enrollment import events as e
from enrollment.commands import Id, Model, Phase

PREFIX: Final = "org.holdfast."

PublicType = Literal[
    "protocol.adopted",
    "site.activated",
    "trial.opened",
    "assignment.suspended",
    "assignment.resumed",
    "level.opened",
    "level.expanded",
    "level.stopped",
    "review.due",
    "review.lapsed",
    "review.signed",
    "mtd.declared",
    "rp2d.declared",
    "no_tolerable_dose.declared",
    "phase.opened",
    "phase.stopped",
    "phase.closed",
    "subject.not_eligible",
    "subject.refused",
    "subject.waitlisted",
    "subject.passed_over",
    "subject.left_waitlist",
    "subject.withdrew",
    "slot.held",
    "slot.reserved",
    "slot.changed",
    "slot.flagged",
    "slot.flag_lifted",
    "slot.released",
    "slot.expired",
    "slot.recalled",
    "slot.authorised",
    "slot.dosed",
    "slot.dlt",
    "slot.cleared",
    "slot.not_evaluable",
    "slot.reopened",
    "slot.corrected",
]


class PublicEvent(Model):
    """The `data` of one CloudEvent; `type` goes into the envelope as `org.holdfast.<type>.v1`."""

    type: PublicType
    trial_id: Id
    subject_id: Id | None = None
    site_id: Id | None = None
    phase: Phase | None = None
    level_id: Id | None = None
    slot_id: str | None = None
    state: str | None = None
    """Of the slot, the subject, the level or the phase, as the type says."""
    rule: str | None = None
    """The rule that refuses or makes wait (R16); never a criterion."""
    earliest_on: date | None = None
    """The earliest date on which that could change; null where none can be known (R17)."""
    position: int | None = None
    expires_at: AwareDatetime | None = None
    dose_not_before_on: date | None = None
    version: str | None = None
    corrects: str | None = None
    """For a correction: the public type whose event of this slot it corrects."""


NAMES: Final[dict[type[e.AnyEvent], PublicType]] = {
    e.ProtocolAdopted: "protocol.adopted",
    e.SiteActivated: "site.activated",
    e.TrialActivated: "trial.opened",
    e.AssignmentSuspended: "assignment.suspended",
    e.AssignmentResumed: "assignment.resumed",
    e.LevelOpened: "level.opened",
    e.LevelExpanded: "level.expanded",
    e.LevelStopped: "level.stopped",
    e.ReviewDue: "review.due",
    e.ReviewLapsed: "review.lapsed",
    e.ReviewSigned: "review.signed",
    e.MtdDeclared: "mtd.declared",
    e.Rp2dDeclared: "rp2d.declared",
    e.NoTolerableDoseDeclared: "no_tolerable_dose.declared",
    e.PhaseOpened: "phase.opened",
    e.PhaseStopped: "phase.stopped",
    e.PhaseClosed: "phase.closed",
    e.EnrollmentRefused: "subject.refused",
    e.Waitlisted: "subject.waitlisted",
    e.PassedOver: "subject.passed_over",
    e.LeftWaitlist: "subject.left_waitlist",
    e.SubjectWithdrew: "subject.withdrew",
    e.SlotHeld: "slot.held",
    e.SlotReserved: "slot.reserved",
    e.ReservationChanged: "slot.changed",
    e.SlotFlagged: "slot.flagged",
    e.FlagLifted: "slot.flag_lifted",
    e.SlotReleased: "slot.released",
    e.SlotExpired: "slot.expired",
    e.SlotRecalled: "slot.recalled",
    e.FirstDoseAuthorised: "slot.authorised",
    e.FirstDoseRecorded: "slot.dosed",
    e.DltRecorded: "slot.dlt",
    e.SubjectCleared: "slot.cleared",
    e.SubjectNotEvaluable: "slot.not_evaluable",
    e.OutcomeReopened: "slot.reopened",
    e.FactCorrected: "slot.corrected",
}
STATES: Final[dict[PublicType, str]] = {
    "slot.held": "held",
    "slot.reserved": "reserved",
    "slot.released": "released",
    "slot.expired": "expired",
    "slot.recalled": "recalled",
    "slot.authorised": "authorised",
    "slot.dosed": "dosed",
    "slot.dlt": "dlt",
    "slot.cleared": "cleared",
    "slot.not_evaluable": "not_evaluable",
    "slot.reopened": "dosed",
    "subject.waitlisted": "waitlisted",
    "subject.passed_over": "incomplete",
    "subject.refused": "refused",
    "subject.withdrew": "withdrawn",
}
PRIVATE: Final[frozenset[type[e.AnyEvent]]] = frozenset(
    {
        e.ConsentRecorded,
        e.FindingSettled,
        e.EligibilityConfirmed,
        e.ToxicityRecorded,
        e.DeathRecorded,
        e.DeathAdjudicated,
        e.CommandRefused,
        e.Rejected,
    }
)
"""Events that the public is told nothing of."""
SHARED: Final = ("position", "earliest", "expires_at", "dose_not_before", "phase", "level_id")
DATES: Final = {"earliest": "earliest_on", "dose_not_before": "dose_not_before_on"}
"""In public every date is named `*_on`."""
assert NAMES.keys() | PRIVATE | {e.FormJudged} == set(get_args(e.AnyEvent))
CORRECTED: Final = {
    "first_dose_on": "slot.dosed",
    "dlt_onset_on": "slot.dlt",
    "dosed_level": "slot.dosed",
}
RULES_SHOWN: Final = (e.EnrollmentRefused, e.Waitlisted, e.SlotRecalled)
"""Events whose rule is one of R16; those of the others may be a criterion."""


def public_count(events: Iterable[e.AnyEvent], trial_id: str) -> int:
    """How many public events a decision gives; decide stamps their sequence."""
    return sum(_is_public(event) for event in events)


def _is_public(event: e.AnyEvent) -> bool:
    if isinstance(event, e.FormJudged):
        return not _is_silent(event)
    return type(event) not in PRIVATE


def public(event: e.AnyEvent, trial_id: str) -> PublicEvent | None:
    """The public event, or none; the event alone says it, so old ones can be told again."""
    if type(event) in PRIVATE:
        return None
    if isinstance(event, e.FormJudged):
        return _judged(event, trial_id)
    name = NAMES[type(event)]
    told: dict[str, Any] = {"type": name, "trial_id": trial_id}
    for field in ("subject_id", "site_id", "slot_id", *SHARED):
        value = getattr(event, field, None)
        if value is not None:
            told[DATES.get(field, field)] = value
    state = STATES.get(name)
    if state is not None:
        told["state"] = state
    if isinstance(event, RULES_SHOWN):
        told["rule"] = event.rule
    return PublicEvent(**(told | _of_the_trial(event)))


def _judged(event: e.FormJudged, trial_id: str) -> PublicEvent | None:
    """Only that a form was not enough, and only in two words; passed-over ones are told as such."""
    if _is_silent(event):
        return None
    return PublicEvent(
        type="subject.not_eligible",
        trial_id=trial_id,
        subject_id=event.subject_id,
        site_id=event.site_id,
        phase=event.phase,
        state="ineligible" if event.outcome == "ineligible" else "incomplete",
    )


def _is_silent(event: e.FormJudged) -> bool:
    return event.outcome == "eligible" or event.why == "judged_again"


def _of_the_trial(event: e.AnyEvent) -> dict[str, Any]:
    match event:
        case e.ProtocolAdopted(version=version):
            return {"version": version}
        case e.SiteActivated(protocol_version=version):
            return {"version": version}
        case e.ReviewDue(recommendation=recommendation):
            return {"state": recommendation}
        case e.ReviewSigned(decision=decision):
            return {"state": decision}
        case e.LeftWaitlist(reason=reason):
            return {"state": "withdrawn" if reason == "died" else reason}
        case e.FactCorrected(fact=fact, state=state):
            return {"state": state, "corrects": CORRECTED[fact]}
        case _:
            return {}
