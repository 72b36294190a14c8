"""Every event of a trial as one sentence, for stories, audit trails and what would follow."""

from datetime import date, datetime
from string import Formatter
from typing import Any, Final

from enrollment.commands import Reported
from enrollment.events import AnyEvent, FormJudged
from services.pages.rendering import day, instant

SENTENCES: Final[dict[str, str]] = {
    "ProtocolAdopted": "Protocol version {version} is in force.",
    "SiteActivated": "Site {site_id} may take subjects under protocol version {protocol_version}.",
    "TrialActivated": "The trial is active.",
    "AssignmentSuspended": "Assignment is suspended: {reason}",
    "AssignmentResumed": "Assignment is resumed: {reason}",
    "LevelOpened": "Dose level {level_id} is open, for up to {target}.",
    "LevelExpanded": "Dose level {level_id} takes up to {target}.",
    "LevelStopped": "Dose level {level_id} is stopped: nobody more is dosed there.",
    "ReviewDue": "A cohort review is due at {level_id} ({dlts} DLT in {evaluable} evaluable); "
    "recommended: {recommendation} {recommended_level_id}.",
    "ReviewLapsed": "The review at {level_id} is no longer due.",
    "ReviewSigned": "The review is signed: {decision} {level_id}.",
    "MtdDeclared": "The MTD is {level_id}.",
    "NoTolerableDoseDeclared": "No dose is tolerable.",
    "Rp2dDeclared": "The recommended Phase II dose is {level_id}.",
    "PhaseClosed": "Phase {phase} is closed.",
    "PhaseOpened": "Phase {phase} is open at {level_id}.",
    "PhaseStopped": "Phase {phase} is stopped.",
    "ConsentRecorded": "{subject_id} consented on {consented_on} (version {consent_version}).",
    "FormJudged": "{subject_id}: form {why}, {outcome} for Phase {phase}.",
    "FindingSettled": "{subject_id}: {criterion_id} is settled as met: {reason}",
    "EligibilityConfirmed": "{subject_id}: an investigator confirms eligibility for Phase {phase}.",
    "SlotHeld": "{subject_id} is held a place at {level_id} until {expires_at}.",
    "SlotReserved": "{subject_id} has a place at {level_id} until {expires_at}.",
    "Waitlisted": "{subject_id} waits at place {position} (Phase {phase}): {sentence}",
    "PassedOver": "{subject_id} is passed over and keeps its place on the list: {sentence}",
    "LeftWaitlist": "{subject_id} is off the waitlist: {sentence}",
    "EnrollmentRefused": "{subject_id} gets no place: {sentence}",
    "SlotFlagged": "{subject_id} is flagged: it no longer meets {criteria}.",
    "FlagLifted": "{subject_id} is flagged no more.",
    "ReservationChanged": "The place of {subject_id} is kept until {expires_at}: {reason} "
    "{dose_not_before}",
    "SlotReleased": "{subject_id} gave its place back: {reason}",
    "SlotExpired": "The place of {subject_id} has expired.",
    "SlotRecalled": "The place of {subject_id} is taken back, it waits first now: {sentence}",
    "FirstDoseAuthorised": "The first dose of {subject_id} is authorised for {planned_on}.",
    "FirstDoseRecorded": "{subject_id} was first dosed on {dosed_on} at {level_id}; "
    "its DLT window ends on {window_ends_on}.",
    "DltRecorded": "{subject_id} has a DLT at {level_id}, onset {onset_on} "
    "({term}, grade {grade}).",
    "ToxicityRecorded": "{subject_id}: toxicity recorded, onset {onset_on} "
    "({term}, grade {grade}); it is not counted.",
    "SubjectCleared": "{subject_id} is cleared at {level_id}: no DLT in its window.",
    "SubjectNotEvaluable": "{subject_id} is not evaluable and will be replaced: {reason}",
    "OutcomeReopened": "The outcome of {subject_id} is open again.",
    "DeathRecorded": "The death of {subject_id} on {died_on} is recorded.",
    "DeathAdjudicated": "The death of {subject_id} is adjudicated {finding}: {reason}",
    "SubjectWithdrew": "{subject_id} withdrew consent on {withdrawn_on}.",
    "FactCorrected": "{subject_id}: {fact} was {was}, is {now}: {reason}",
    "CommandRefused": "Refused: {sentence}",
    "Rejected": "Not possible: {sentence}",
}
"""Event type -> sentence; the names in braces are the event's own fields."""

FALLEN: Final = "leave for an earlier day has fallen."

_WORDS: Final[dict[str, str]] = {
    "mtd": "MTD",
    "escalate": "escalate to",
    "de_escalate": "de-escalate to",
    "no_tolerable_dose": "no tolerable dose",
    "needs_review": "a person must decide",
    "judged_again": "judged again",
    "first_dose_on": "date of the first dose",
    "dlt_onset_on": "onset of the DLT",
    "dosed_level": "level really given",
}


def sentence(event: AnyEvent, zone: str) -> str:
    """The event in one sentence; instants in the trial's time zone."""
    template = SENTENCES[event.type]
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    said = {name: _said(name, getattr(event, name, None), zone) for name in names}
    text = " ".join(template.format_map(said).split())
    text = text.replace(" .", ".").replace("(not known, grade not known)", "(no term given)")
    more = as_reported(event) or _late(event)
    return f"{text} {more}" if more else text


def late_entry(event: AnyEvent) -> str:
    """Why a form was first filled in on paper; empty where it was not."""
    if not isinstance(event, FormJudged) or event.form is None:
        return ""
    return str((event.form.get("late_entry") or {}).get("reason", ""))


def _late(event: AnyEvent) -> str:
    reason = late_entry(event)
    return f"First filled in on paper: {reason}" if reason else ""


def as_reported(event: AnyEvent) -> str:
    """How a toxicity was graded and judged, and its value, where that was reported; else empty."""
    if not isinstance(event, Reported):
        return ""
    parts = {
        "CTCAE": event.ctcae_version,
        "Attribution:": event.attribution,
        "As reported:": event.reported_value,
    }
    return " ".join(f"{what} {said}." for what, said in parts.items() if said is not None)


def _said(name: str, value: Any, zone: str) -> str:
    if name == "dose_not_before":
        return "" if value is None else f"No first dose before {day(value)}: {FALLEN}"
    if value is None and name in ("was", "now"):
        return "none"
    if value is None:
        return "" if name.endswith("level_id") else "not known"
    if name == "phase":
        return "I" * int(value)
    if isinstance(value, datetime):
        return instant(value, zone)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if name in ("was", "now"):
        return _fact(value)
    return _WORDS.get(str(value), str(value))


def _fact(value: str) -> str:
    """A corrected fact is a day or a dose level, told as text."""
    try:
        return day(date.fromisoformat(value))
    except ValueError:
        return value
