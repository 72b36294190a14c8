"""Every wish and every fact that can reach a trial, and the envelope it travels in.

Commands are imperative. Which of them are permissions (may be refused) and which are facts (are
always recorded) is said in each docstring. JSON is snake_case; instants are UTC, dates are the
site's calendar dates.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, InstanceOf, TypeAdapter

from eligibility.verdict import Gist
from enrollment.paper import PlainJson

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Subject, site, level, trial: letters, digits, dot, underscore, hyphen; at most 64."""

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hex."""

Phase = Literal[1, 2]
CtcaeVersion = Annotated[str, Field(pattern=r"^[1-9](\.[0-9]{1,2})?$")]
"""Of the Common Terminology Criteria for Adverse Events that term and grade are from: `5.0`."""
Attribution = Literal["definite", "probable", "possible", "unlikely", "unrelated"]
"""How likely the study drugs caused a toxicity, in the five words of CTCAE reporting."""
Role = Literal["site", "investigator", "coordinator", "reviewer", "auditor", "service", "clock"]


class Model(BaseModel):
    """Frozen, closed and strict: an unknown key or a wrong type is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Actor(Model):
    """Who asks: an id without personal data, one role, and the sites it may touch (`*` is all)."""

    id: Annotated[str, Field(min_length=1, max_length=128)]
    role: Role
    sites: tuple[str, ...] = ()

    @property
    def of_site(self) -> bool:
        """Site staff. An investigator is one who may also confirm eligibility by signature."""
        return self.role in ("site", "investigator")

    def may_touch(self, site_id: str) -> bool:
        return "*" in self.sites or site_id in self.sites


# --- the coordinating centre ---------------------------------------------------------------------


class AdoptProtocol(Model):
    """Puts a protocol in force (signed). The first one creates the trial and fixes its clock."""

    type: Literal["AdoptProtocol"] = "AdoptProtocol"
    text: Annotated[str, Field(min_length=1, max_length=400_000)]
    clock: Literal["real", "simulated"] = "real"
    meaning: Text


class ActivateSite(Model):
    """Records that a site's ethics approval covers a protocol version; no accrual there before."""

    type: Literal["ActivateSite"] = "ActivateSite"
    site_id: Id
    protocol_version: Annotated[str, Field(min_length=1, max_length=64)]
    approved_on: date


class ActivateTrial(Model):
    """Opens the first dose level (signed; rules R6)."""

    type: Literal["ActivateTrial"] = "ActivateTrial"
    meaning: Text


class SuspendAssignment(Model):
    """Stops new reservations and authorisations at once."""

    type: Literal["SuspendAssignment"] = "SuspendAssignment"
    reason: Text


class ResumeAssignment(Model):
    """Resumes assignment (signed, with a reason; rules R6, R14)."""

    type: Literal["ResumeAssignment"] = "ResumeAssignment"
    reason: Text
    meaning: Text


class SignReview(Model):
    """Signs the cohort review that is due (rules R7), bound to the hash that the review shows."""

    type: Literal["SignReview"] = "SignReview"
    decision: Literal["escalate", "stay", "de_escalate", "mtd", "no_tolerable_dose"]
    level_id: Id | None = None
    """The level that the decision opens or names; none for `no_tolerable_dose`."""
    data_hash: Digest
    reason: Text | None = None
    meaning: Text


class SignRp2d(Model):
    """Signs the recommended Phase II dose (rules R22), which opens Phase II."""

    type: Literal["SignRp2d"] = "SignRp2d"
    level_id: Id
    reason: Text | None = None
    meaning: Text


class ExtendReservation(Model):
    """Moves the expiry of an undosed reservation, with a reason (rules R24)."""

    type: Literal["ExtendReservation"] = "ExtendReservation"
    subject_id: Id
    expires_at: AwareDatetime
    reason: Text


class SettleFinding(Model):
    """A signed decision on a finding that needs a person: settles a review, never a fail."""

    type: Literal["SettleFinding"] = "SettleFinding"
    subject_id: Id
    phase: Phase
    criterion_id: Id
    reason: Text
    meaning: Text


class AdjudicateDeath(Model):
    """A signed judgement on a death in the DLT window (rules R14)."""

    type: Literal["AdjudicateDeath"] = "AdjudicateDeath"
    subject_id: Id
    finding: Literal["related", "unrelated"]
    reason: Text
    meaning: Text


class CorrectFact(Model):
    """Corrects one recorded fact, with a reason; the old value stays in the log.

    The value that fits `fact` must be there; `null` for `dlt_onset_on` withdraws a DLT.
    """

    type: Literal["CorrectFact"] = "CorrectFact"
    subject_id: Id
    fact: Literal["first_dose_on", "dlt_onset_on", "dosed_level"]
    on: date | None = None
    """The right date, for `first_dose_on` and `dlt_onset_on`."""
    level_id: Id | None = None
    """The level the dose really was, for `dosed_level` (signed correction)."""
    reason: Text
    meaning: Text | None = None


# --- the site ------------------------------------------------------------------------------------


class SubmitForm(Model):
    """A screening form, new or as a re-screening. Parsed strictly by the API and again by judge.

    `form` is the form as it was received (`eligibility.form.ScreeningForm`), kept whole.
    """

    type: Literal["SubmitForm"] = "SubmitForm"
    subject_id: Id
    site_id: Id
    form: PlainJson


class AmendForm(Model):
    """The whole form again with changed facts, for a subject that the trial knows."""

    type: Literal["AmendForm"] = "AmendForm"
    subject_id: Id
    site_id: Id
    form: PlainJson


class RecordConsent(Model):
    """Consent signed. Under `reserve_on = "consented"` it may hold a place (rules R23)."""

    type: Literal["RecordConsent"] = "RecordConsent"
    subject_id: Id
    site_id: Id
    consented_on: date
    consent_version: Annotated[str, Field(min_length=1, max_length=64)]


class ConfirmEligibility(Model):
    """An investigator of the site confirms the verdict that stands (signed, where it is asked for).

    `judged` is the digest of the form and the verdict, as the subject shows it.
    """

    type: Literal["ConfirmEligibility"] = "ConfirmEligibility"
    subject_id: Id
    judged: Digest
    meaning: Text


class AuthoriseFirstDose(Model):
    """Asks leave for the first dose on a date: a permission; judges again for that date."""

    type: Literal["AuthoriseFirstDose"] = "AuthoriseFirstDose"
    subject_id: Id
    planned_on: date


class ReportFirstDose(Model):
    """The first dose of any study drug was given: a fact, never refused (rules R11)."""

    type: Literal["ReportFirstDose"] = "ReportFirstDose"
    subject_id: Id
    dosed_on: date
    level_id: Id | None = None
    """The level really given, when it was not the assigned one."""


def unsaid(value: object) -> bool:
    """Left out of the JSON where nothing was said, so that what was kept before stays as it is."""
    return value is None


class Reported(Model):
    """How a toxicity was graded and judged, and its value as reported: kept, never counted by."""

    ctcae_version: CtcaeVersion | None = Field(default=None, exclude_if=unsaid)
    attribution: Attribution | None = Field(default=None, exclude_if=unsaid)
    reported_value: Text | None = Field(default=None, exclude_if=unsaid)
    """As in the source, with its unit: `ANC 350 /uL`."""


class ReportDlt(Reported):
    """A dose-limiting toxicity: a fact (rules R8). For a delay-type DLT, the onset of its cause."""

    type: Literal["ReportDlt"] = "ReportDlt"
    subject_id: Id
    onset_on: date
    term: Text | None = None
    grade: Annotated[int, Field(ge=1, le=5)] | None = None


class ReportToxicity(Reported):
    """A toxicity that is no DLT: kept for the reviews, never counted."""

    type: Literal["ReportToxicity"] = "ReportToxicity"
    subject_id: Id
    onset_on: date
    term: Text
    grade: Annotated[int, Field(ge=1, le=5)]


class MissedDose(Model):
    """What a not-evaluable subject did not receive of one drug, and why (rules R13)."""

    drug: Text
    doses_given: Annotated[int, Field(ge=0, le=10_000)]
    doses_required: Annotated[int, Field(ge=1, le=10_000)]
    reason: Text


class ReportWindowOutcome(Model):
    """The site's outcome of the DLT window: cleared (not before it has ended) or not evaluable."""

    type: Literal["ReportWindowOutcome"] = "ReportWindowOutcome"
    subject_id: Id
    outcome: Literal["cleared", "not_evaluable"]
    missed_doses: tuple[MissedDose, ...] = ()
    reason: Text | None = None


class ReportDeath(Model):
    """A death: a fact. In the window it is a DLT at once and suspends assignment (rules R14)."""

    type: Literal["ReportDeath"] = "ReportDeath"
    subject_id: Id
    died_on: date


class WithdrawSubject(Model):
    """The subject withdraws consent: a fact for anyone who ever held a slot."""

    type: Literal["WithdrawSubject"] = "WithdrawSubject"
    subject_id: Id
    withdrawn_on: date


class ReleaseReservation(Model):
    """Gives an undosed place back, or leaves the waitlist."""

    type: Literal["ReleaseReservation"] = "ReleaseReservation"
    subject_id: Id
    reason: Text


# --- the clock -----------------------------------------------------------------------------------


class TimePassed(Model):
    """A tick: applies every deadline up to its `at`; nothing is written when none was due."""

    type: Literal["TimePassed"] = "TimePassed"


AnyCommand = (
    AdoptProtocol
    | ActivateSite
    | ActivateTrial
    | SuspendAssignment
    | ResumeAssignment
    | SignReview
    | SignRp2d
    | ExtendReservation
    | SettleFinding
    | AdjudicateDeath
    | CorrectFact
    | SubmitForm
    | AmendForm
    | RecordConsent
    | ConfirmEligibility
    | AuthoriseFirstDose
    | ReportFirstDose
    | ReportDlt
    | ReportToxicity
    | ReportWindowOutcome
    | ReportDeath
    | WithdrawSubject
    | ReleaseReservation
    | TimePassed
)


class Request(Model):
    """One message of `trial.requests`: a command, who sent it, and when it was received.

    `digest` is the SHA-256 of the command's canonical JSON; `command_id` is unique for ever.
    """

    format: Literal[1] = 1
    trial_id: Id
    command_id: UUID
    digest: Digest
    at: AwareDatetime
    actor: Actor
    command: Annotated[AnyCommand, Field(discriminator="type")]


class JudgedRequest(Request):
    """One message of `trial.commands`: the request, and for a form the verdict taken on the way."""

    verdict: InstanceOf[Gist] | dict[str, Any] | None = None
    """`eligibility.verdict.Verdict`, as JSON or as its gist; names the protocol's digest."""


REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
JUDGED_REQUEST: TypeAdapter[JudgedRequest] = TypeAdapter(JudgedRequest)
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="type")])


def subject_of(command: AnyCommand) -> str | None:
    """The subject that a command is about, if it is about one."""
    return getattr(command, "subject_id", None)


def utc(at: datetime) -> datetime:
    """The same instant in UTC; a naive datetime is a programmer's error."""
    assert at.tzinfo is not None, "an instant must carry its zone"
    return at.astimezone(UTC)
