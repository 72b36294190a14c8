"""Whether the public topic tells what the record tells: contiguous, the same everywhere."""

from collections.abc import Iterator
from typing import Any

from tests.faults.found import Found

Json = dict[str, Any]
PREFIX = "org.holdfast."
PUBLIC = {
    "ProtocolAdopted": "protocol.adopted",
    "SiteActivated": "site.activated",
    "TrialActivated": "trial.opened",
    "AssignmentSuspended": "assignment.suspended",
    "AssignmentResumed": "assignment.resumed",
    "LevelOpened": "level.opened",
    "LevelExpanded": "level.expanded",
    "LevelStopped": "level.stopped",
    "ReviewDue": "review.due",
    "ReviewLapsed": "review.lapsed",
    "ReviewSigned": "review.signed",
    "MtdDeclared": "mtd.declared",
    "NoTolerableDoseDeclared": "no_tolerable_dose.declared",
    "Rp2dDeclared": "rp2d.declared",
    "PhaseClosed": "phase.closed",
    "PhaseOpened": "phase.opened",
    "PhaseStopped": "phase.stopped",
    "SlotHeld": "slot.held",
    "SlotReserved": "slot.reserved",
    "Waitlisted": "subject.waitlisted",
    "PassedOver": "subject.passed_over",
    "LeftWaitlist": "subject.left_waitlist",
    "EnrollmentRefused": "subject.refused",
    "SlotFlagged": "slot.flagged",
    "FlagLifted": "slot.flag_lifted",
    "ReservationChanged": "slot.changed",
    "SlotReleased": "slot.released",
    "SlotExpired": "slot.expired",
    "SlotRecalled": "slot.recalled",
    "FirstDoseAuthorised": "slot.authorised",
    "FirstDoseRecorded": "slot.dosed",
    "DltRecorded": "slot.dlt",
    "SubjectCleared": "slot.cleared",
    "SubjectNotEvaluable": "slot.not_evaluable",
    "OutcomeReopened": "slot.reopened",
    "SubjectWithdrew": "subject.withdrew",
    "FactCorrected": "slot.corrected",
}
"""As docs/record.md lists them; a form that is not enough is told apart below."""
NOT_ELIGIBLE = "subject.not_eligible"


def public_faults(found: Found, chain: list[Json]) -> Iterator[tuple[str, str]]:
    """Names and sentences of what is missing, doubled or told otherwise."""
    told: dict[int, Json] = {}
    for event in found.public:
        number = int(event["sequence"])
        if told.setdefault(number, event) != event:
            yield "public.contradicts", f"two different events {number}"
        elif number > 0 and number - 1 not in told:
            yield "public.gap", f"{number} came before {number - 1}"
    if sorted(told) != list(range(len(told))):
        yield "public.gap", f"{len(told)} events up to {max(told)}"
    if [told[number] for number in sorted(told)] != found.api_events:
        yield (
            "public.differs",
            f"the topic has {len(told)} events, the API gives {len(found.api_events)}",
        )
    yield from _story(told, chain)


def _story(told: dict[int, Json], chain: list[Json]) -> Iterator[tuple[str, str]]:
    """Each decision's events, in its place: `public_from` says where they begin."""
    begins = [record["public_from"] for record in chain]
    for record, start, end in zip(chain, begins, [*begins[1:], len(told)], strict=True):
        where = f"sequence {record['sequence']}"
        if start > end or any(number not in told for number in range(start, end)):
            yield "public.missing", f"of events {start} to {end}, {where}"
            return
        events = [told[number] for number in range(start, end)]
        expected = [
            (PUBLIC[e["type"]], _subject(e)) for e in record["events"] if e["type"] in PUBLIC
        ]
        said = [(_kind(event), event["data"].get("subject_id")) for event in events]
        plain = [event for event in said if event[0] != NOT_ELIGIBLE]
        if len(plain) < len(expected):
            yield "public.missing", f"{where} tells {plain}, not {expected}"
            return
        if plain != expected:
            late = record is chain[-1] and plain[: len(expected)] == expected
            yield "public.unexplained" if late else "public.differs", f"{where} tells {plain}"
            return
        unjudged = {who for kind, who in said if kind == NOT_ELIGIBLE} - _not_eligible(record)
        if unjudged:
            yield "public.unexplained", f"{where} says that {unjudged} are not eligible"


def _not_eligible(record: Json) -> set[str]:
    judged = [event for event in record["events"] if event["type"] == "FormJudged"]
    return {event["subject_id"] for event in judged if event["outcome"] != "eligible"}


def _kind(event: Json) -> str:
    return str(event["type"]).removeprefix(PREFIX).rpartition(".v")[0]


def _subject(event: Json) -> str | None:
    return event.get("subject_id")
