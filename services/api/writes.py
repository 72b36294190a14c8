"""The table of all writes: address, command, who may, and an example that a test posts."""

from dataclasses import dataclass
from typing import Any

from enrollment import commands as c
from services.api.examples import EXAMPLES

SITE_STAFF: tuple[c.Role, ...] = ("site", "coordinator")
CENTRE: tuple[c.Role, ...] = ("coordinator", "reviewer")
REVIEWERS: tuple[c.Role, ...] = ("reviewer",)
ALL_STAFF: tuple[c.Role, ...] = ("site", "coordinator", "reviewer")


@dataclass(frozen=True, slots=True)
class Write:
    """One kind of write, posted to `/v1/trials/{trial_id}` + `path`."""

    path: str
    command: type[c.Model]
    roles: tuple[c.Role, ...]
    summary: str

    @property
    def name(self) -> str:
        return self.command.__name__

    @property
    def example(self) -> dict[str, Any]:
        return EXAMPLES[self.name]

    @property
    def about_subject(self) -> bool:
        return "{subject_id}" in self.path

    @property
    def is_form(self) -> bool:
        return self.command in (c.SubmitForm, c.AmendForm)


# Routes are matched in this order: forms, the most frequent, come first.
WRITES: tuple[Write, ...] = (
    Write("/forms", c.SubmitForm, SITE_STAFF, "Submit a screening form"),
    Write("/subjects/{subject_id}/amendments", c.AmendForm, SITE_STAFF, "Amend a form"),
    Write("/subjects/{subject_id}/consent", c.RecordConsent, SITE_STAFF, "Record consent"),
    Write(
        "/subjects/{subject_id}/confirmation",
        c.ConfirmEligibility,
        ("investigator",),
        "Confirm eligibility (signed by an investigator)",
    ),
    Write(
        "/subjects/{subject_id}/authorisation",
        c.AuthoriseFirstDose,
        SITE_STAFF,
        "Ask leave for the first dose",
    ),
    Write("/subjects/{subject_id}/first-dose", c.ReportFirstDose, SITE_STAFF, "Report it given"),
    Write("/subjects/{subject_id}/dlts", c.ReportDlt, SITE_STAFF, "Report a DLT"),
    Write("/subjects/{subject_id}/toxicities", c.ReportToxicity, SITE_STAFF, "Report a toxicity"),
    Write(
        "/subjects/{subject_id}/window-outcome",
        c.ReportWindowOutcome,
        SITE_STAFF,
        "Report the outcome of the DLT window",
    ),
    Write("/subjects/{subject_id}/death", c.ReportDeath, SITE_STAFF, "Report a death"),
    Write("/subjects/{subject_id}/withdrawal", c.WithdrawSubject, SITE_STAFF, "Withdraw consent"),
    Write("/subjects/{subject_id}/release", c.ReleaseReservation, SITE_STAFF, "Give a place back"),
    Write(
        "/subjects/{subject_id}/extension",
        c.ExtendReservation,
        CENTRE,
        "Extend a reservation, with a reason",
    ),
    Write("/subjects/{subject_id}/corrections", c.CorrectFact, ALL_STAFF, "Correct a fact"),
    Write(
        "/subjects/{subject_id}/settlements",
        c.SettleFinding,
        CENTRE,
        "Settle a review finding (signed)",
    ),
    Write(
        "/subjects/{subject_id}/death/adjudication",
        c.AdjudicateDeath,
        CENTRE,
        "Adjudicate a death in the window (signed)",
    ),
    Write("/reviews", c.SignReview, REVIEWERS, "Sign the cohort review, the MTD among them"),
    Write("/rp2d", c.SignRp2d, REVIEWERS, "Sign the recommended Phase II dose"),
    Write("/protocol", c.AdoptProtocol, CENTRE, "Adopt a protocol (signed)"),
    Write("/sites", c.ActivateSite, CENTRE, "Activate a site"),
    Write("/activation", c.ActivateTrial, CENTRE, "Activate the trial (signed)"),
    Write("/suspension", c.SuspendAssignment, CENTRE, "Suspend assignment"),
    Write("/resumption", c.ResumeAssignment, CENTRE, "Resume assignment (signed)"),
    Write("/clock", c.TimePassed, CENTRE, "Let time pass (simulated clock only)"),
)
