"""Every event a trial's log can hold: what happened, in the past tense, whole enough to replay.

Frozen and closed. A refusal is an event too: it names the rule, a sentence and the earliest date.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from enrollment.commands import Digest, Id, MissedDose, Model, Phase, Reported, Text
from enrollment.paper import PlainJson

Decision = Literal["escalate", "stay", "de_escalate", "mtd", "no_tolerable_dose"]
LeaveReason = Literal["released", "withdrawn", "died", "no_longer_eligible", "closed", "dosed"]


class Signed(Model):
    """Who signed, what it meant to them, and the digest of what they saw."""

    by: str
    meaning: Text
    of: Digest


class Deviation(Model):
    """A fact against a rule: the rule's id and a sentence."""

    rule: str
    sentence: str


# --- the trial and its centre --------------------------------------------------------------------


class ProtocolAdopted(Model):
    """The only source of the protocol for every stage: holds the whole text."""

    type: Literal["ProtocolAdopted"] = "ProtocolAdopted"
    version: str
    protocol_digest: Digest
    text: str
    clock: Literal["real", "simulated"]
    signed: Signed


class SiteActivated(Model):
    type: Literal["SiteActivated"] = "SiteActivated"
    site_id: Id
    protocol_version: str
    approved_on: date


class TrialActivated(Model):
    type: Literal["TrialActivated"] = "TrialActivated"
    signed: Signed


class AssignmentSuspended(Model):
    """`because_of` is the subject whose death suspends, or none for a person's decision."""

    type: Literal["AssignmentSuspended"] = "AssignmentSuspended"
    reason: Text
    because_of: Id | None = None


class AssignmentResumed(Model):
    type: Literal["AssignmentResumed"] = "AssignmentResumed"
    reason: Text
    signed: Signed


# --- levels and reviews --------------------------------------------------------------------------


class LevelOpened(Model):
    """A level takes subjects from now; `stagger` when only one place until its first dose (R12)."""

    type: Literal["LevelOpened"] = "LevelOpened"
    level_id: Id
    target: int
    stagger: bool = False
    reopened: bool = False


class LevelExpanded(Model):
    type: Literal["LevelExpanded"] = "LevelExpanded"
    level_id: Id
    target: int


class LevelStopped(Model):
    """The design lets nobody more in here, at once; a signed review may open it again."""

    type: Literal["LevelStopped"] = "LevelStopped"
    level_id: Id


class ReviewDue(Model):
    """A cohort review is due; it is bound to the hash of the data it rests on (R7)."""

    type: Literal["ReviewDue"] = "ReviewDue"
    level_id: Id
    evaluable: int
    dlts: int
    recommendation: Decision
    recommended_level_id: Id | None
    data_hash: Digest
    as_of: date | None = Field(default=None, exclude_if=lambda on: on is None)
    """The date of the follow-up that it rests on; only for designs that read it."""


class ReviewLapsed(Model):
    """Corrected data, or longer follow-up, ask for no review any more."""

    type: Literal["ReviewLapsed"] = "ReviewLapsed"
    level_id: Id


class ReviewSigned(Model):
    """One signature; `complete` when the number required has signed the same decision."""

    type: Literal["ReviewSigned"] = "ReviewSigned"
    decision: Decision
    level_id: Id | None
    reason: Text | None
    signed: Signed
    complete: bool


class MtdDeclared(Model):
    type: Literal["MtdDeclared"] = "MtdDeclared"
    level_id: Id


class NoTolerableDoseDeclared(Model):
    type: Literal["NoTolerableDoseDeclared"] = "NoTolerableDoseDeclared"


class Rp2dDeclared(Model):
    type: Literal["Rp2dDeclared"] = "Rp2dDeclared"
    level_id: Id
    reason: Text | None
    signed: Signed


class PhaseClosed(Model):
    type: Literal["PhaseClosed"] = "PhaseClosed"
    phase: Phase


class PhaseOpened(Model):
    """Phase II takes subjects at the RP2D; `counted` are the Phase I subjects that count (R21)."""

    type: Literal["PhaseOpened"] = "PhaseOpened"
    phase: Phase
    level_id: Id
    counted: int = 0


class PhaseStopped(Model):
    """What Phase II rests on no longer holds: nobody more enters until a signed review (R10)."""

    type: Literal["PhaseStopped"] = "PhaseStopped"
    phase: Phase


# --- a subject up to the slot --------------------------------------------------------------------


class ConsentRecorded(Model):
    type: Literal["ConsentRecorded"] = "ConsentRecorded"
    subject_id: Id
    site_id: Id
    consented_on: date
    consent_version: str


class FormJudged(Model):
    """A form with its verdict, whole: what judging again and verifying need.

    `why`: a new form, an amended one, a re-screening, or judged again (on promotion, under a new
    protocol, after a signed settlement, for another phase). `form` is absent when judged again.
    """

    type: Literal["FormJudged"] = "FormJudged"
    subject_id: Id
    site_id: Id
    phase: Phase
    why: Literal["submitted", "amended", "rescreened", "judged_again"]
    outcome: Literal["eligible", "ineligible", "incomplete", "needs_review"]
    met: tuple[Phase, ...]
    """The phases that the subject is eligible for."""
    reviews: tuple[tuple[Phase, Id, Digest], ...]
    """Findings that a signed decision could settle, with the digest of their inputs."""
    completed_on: date
    consented_on: date | None
    form: PlainJson | None
    verdict: PlainJson


class FindingSettled(Model):
    """A signed decision: this criterion is met, as long as `inputs` stay what they were."""

    type: Literal["FindingSettled"] = "FindingSettled"
    subject_id: Id
    phase: Phase
    criterion_id: Id
    inputs: Digest
    reason: Text
    signed: Signed


class EligibilityConfirmed(Model):
    """An investigator's signature on form and verdict (`signed.of`); void once either changes."""

    type: Literal["EligibilityConfirmed"] = "EligibilityConfirmed"
    subject_id: Id
    site_id: Id
    phase: Phase
    signed: Signed


class SlotHeld(Model):
    """A consented subject holds a place before the verdict (R23)."""

    type: Literal["SlotHeld"] = "SlotHeld"
    subject_id: Id
    site_id: Id
    slot_id: str
    phase: Phase
    level_id: Id
    held_at: AwareDatetime
    expires_at: AwareDatetime
    dose_not_before: date | None = None
    backfill: bool = Field(default=False, exclude_if=lambda flag: not flag)
    counted: bool = Field(default=True, exclude_if=lambda flag: flag)


class SlotReserved(Model):
    """`from_waitlist` when the place was waited for; `from_held` when it was held before.

    `backfill` at a cleared level below the open one; `counted` if its outcome counts for
    escalation. Both are left out where they say what is usual.
    """

    type: Literal["SlotReserved"] = "SlotReserved"
    subject_id: Id
    site_id: Id
    slot_id: str
    phase: Phase
    level_id: Id
    reserved_at: AwareDatetime
    expires_at: AwareDatetime
    dose_not_before: date | None = None
    from_waitlist: bool = False
    from_held: bool = False
    backfill: bool = Field(default=False, exclude_if=lambda flag: not flag)
    counted: bool = Field(default=True, exclude_if=lambda flag: flag)


class Waitlisted(Model):
    """`order` sorts the list (smaller first); `position` is the place on it when written."""

    type: Literal["Waitlisted"] = "Waitlisted"
    subject_id: Id
    site_id: Id
    phase: Phase
    order: int
    position: int
    rule: str
    sentence: str
    earliest: date | None


class PassedOver(Model):
    """Offered a place and could not take it; keeps the place on the list (R15)."""

    type: Literal["PassedOver"] = "PassedOver"
    subject_id: Id
    site_id: Id
    phase: Phase
    rule: str
    sentence: str
    missing: tuple[str, ...] = ()


class LeftWaitlist(Model):
    type: Literal["LeftWaitlist"] = "LeftWaitlist"
    subject_id: Id
    site_id: Id
    phase: Phase
    reason: LeaveReason
    rule: str
    sentence: str


class EnrollmentRefused(Model):
    """No place, and not listed either; the rule says why (R16), `earliest` when it could change."""

    type: Literal["EnrollmentRefused"] = "EnrollmentRefused"
    subject_id: Id
    site_id: Id
    phase: Phase
    rule: str
    sentence: str
    earliest: date | None
    anchor: str | None = None


# --- a slot up to its outcome --------------------------------------------------------------------


class OfSlot(Model):
    """An event about a slot says whose it is and where, so that it can be read alone."""

    subject_id: Id
    site_id: Id
    slot_id: str
    phase: Phase
    level_id: Id


class SlotFlagged(OfSlot):
    """An amended form is no longer eligible: no first dose is authorised, nothing taken away."""

    type: Literal["SlotFlagged"] = "SlotFlagged"
    criteria: tuple[Id, ...]


class FlagLifted(OfSlot):
    type: Literal["FlagLifted"] = "FlagLifted"
    site_id: Id


class ReservationChanged(OfSlot):
    """New dates of a live reservation: an extension (with reason), or the stagger's (R12)."""

    type: Literal["ReservationChanged"] = "ReservationChanged"
    expires_at: AwareDatetime
    dose_not_before: date | None
    reason: Text


class SlotReleased(OfSlot):
    type: Literal["SlotReleased"] = "SlotReleased"
    reason: Text


class SlotExpired(OfSlot):
    type: Literal["SlotExpired"] = "SlotExpired"
    expired_at: AwareDatetime


class SlotRecalled(OfSlot):
    """Taken back for safety; the subject goes to the head of the waitlist, at `order`."""

    type: Literal["SlotRecalled"] = "SlotRecalled"
    order: int
    rule: str
    sentence: str


class FirstDoseAuthorised(OfSlot):
    type: Literal["FirstDoseAuthorised"] = "FirstDoseAuthorised"
    planned_on: date


class FirstDoseRecorded(OfSlot):
    """Day 1. The window covers days 1 to w and ends at 00:00 of `window_ends_on` (R1).

    `slot_id` is a new slot when no slot was live. Phase II slots have no DLT window.
    """

    type: Literal["FirstDoseRecorded"] = "FirstDoseRecorded"
    dosed_on: date
    window_ends_on: date | None
    given_level_id: Id | None = None
    deviations: tuple[Deviation, ...] = ()


class DltRecorded(OfSlot, Reported):
    """Counts as a DLT at the subject's level. `deviations` name what the report went against."""

    type: Literal["DltRecorded"] = "DltRecorded"
    onset_on: date
    term: str | None = None
    grade: int | None = None
    fatal: bool = False
    deviations: tuple[Deviation, ...] = ()


class ToxicityRecorded(OfSlot, Reported):
    """Kept for the reviews, not counted; `late` when its onset lies behind the window (R8)."""

    type: Literal["ToxicityRecorded"] = "ToxicityRecorded"
    onset_on: date
    term: str | None = None
    grade: int | None = None
    late: bool
    reported_as_dlt: bool
    deviations: tuple[Deviation, ...] = ()


class SubjectCleared(OfSlot):
    type: Literal["SubjectCleared"] = "SubjectCleared"
    site_id: Id


class SubjectNotEvaluable(OfSlot):
    """Frees the place at once (R13)."""

    type: Literal["SubjectNotEvaluable"] = "SubjectNotEvaluable"
    reason: Text
    missed_doses: tuple[MissedDose, ...] = ()


class OutcomeReopened(OfSlot):
    """A correction turned a confirmed outcome back to an open window."""

    type: Literal["OutcomeReopened"] = "OutcomeReopened"
    site_id: Id


class DeathRecorded(Model):
    type: Literal["DeathRecorded"] = "DeathRecorded"
    subject_id: Id
    site_id: Id
    died_on: date
    in_window: bool
    deviations: tuple[Deviation, ...] = ()


class DeathAdjudicated(Model):
    type: Literal["DeathAdjudicated"] = "DeathAdjudicated"
    subject_id: Id
    site_id: Id
    finding: Literal["related", "unrelated"]
    reason: Text
    signed: Signed


class SubjectWithdrew(Model):
    type: Literal["SubjectWithdrew"] = "SubjectWithdrew"
    subject_id: Id
    site_id: Id
    withdrawn_on: date
    deviations: tuple[Deviation, ...] = ()


class FactCorrected(OfSlot):
    """The old value stays here; counts, windows and verdict are taken again from the new one."""

    type: Literal["FactCorrected"] = "FactCorrected"
    fact: Literal["first_dose_on", "dlt_onset_on", "dosed_level"]
    was: str | None
    now: str | None
    window_ends_on: date | None = None
    state: Literal["dosed", "cleared", "dlt", "not_evaluable", "released"]
    """The slot's state under the corrected facts; released: no dose and no DLT is left of it."""
    reason: Text
    by: str


# --- answers that change nothing else ------------------------------------------------------------


class CommandRefused(Model):
    """A permission refused: the rule, a sentence and the earliest date on which it could change."""

    type: Literal["CommandRefused"] = "CommandRefused"
    subject_id: Id | None
    site_id: Id | None
    command: str
    rule: str
    sentence: str
    earliest: date | None = None
    anchor: str | None = None


class Rejected(Model):
    """The caller is confused; nothing else changed."""

    type: Literal["Rejected"] = "Rejected"
    command: str
    rule: str
    sentence: str


AnyEvent = (
    ProtocolAdopted
    | SiteActivated
    | TrialActivated
    | AssignmentSuspended
    | AssignmentResumed
    | LevelOpened
    | LevelExpanded
    | LevelStopped
    | ReviewDue
    | ReviewLapsed
    | ReviewSigned
    | MtdDeclared
    | NoTolerableDoseDeclared
    | Rp2dDeclared
    | PhaseClosed
    | PhaseOpened
    | PhaseStopped
    | ConsentRecorded
    | FormJudged
    | FindingSettled
    | EligibilityConfirmed
    | SlotHeld
    | SlotReserved
    | Waitlisted
    | PassedOver
    | LeftWaitlist
    | EnrollmentRefused
    | SlotFlagged
    | FlagLifted
    | ReservationChanged
    | SlotReleased
    | SlotExpired
    | SlotRecalled
    | FirstDoseAuthorised
    | FirstDoseRecorded
    | DltRecorded
    | ToxicityRecorded
    | SubjectCleared
    | SubjectNotEvaluable
    | OutcomeReopened
    | DeathRecorded
    | DeathAdjudicated
    | SubjectWithdrew
    | FactCorrected
    | CommandRefused
    | Rejected
)

EVENTS: TypeAdapter[tuple[AnyEvent, ...]] = TypeAdapter(
    tuple[Annotated[AnyEvent, Field(discriminator="type")], ...]
)
