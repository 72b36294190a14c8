"""Doing one thing about one subject: what it asks, what would follow from it, then sent once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from enrollment.confirming import judged_digest
from enrollment.dosing import checked_again
from enrollment.trial import Subject
from protocols.model import Drug
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.acting import Doing, act
from services.pages.actions import BY_SLUG, SubjectAction
from services.pages.asking import typed_in
from services.pages.frame import frame, of_subjects
from services.pages.hypothetical import Follows
from services.pages.rendering import FieldError, day, page
from services.pages.sending import key_of
from services.pages.subjects import latest_verdict, records_about, seen_subject
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/subjects/{subject_id}/do", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class AboutSubject(Doing):
    """One request to do something about a subject."""

    subject: Subject
    action: SubjectAction


@router.get("/{slug}")
async def ask_page(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str, slug: str
) -> Response:
    doing = await _doing(request, viewer, trial_id, subject_id, slug, {})
    return await _page(request, doing)


@router.post("/{slug}")
async def do_it(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str, slug: str
) -> Response:
    form = await posted(request, viewer)
    doing = await _doing(request, viewer, trial_id, subject_id, slug, typed_in(form))
    return await act(request, form, doing, _fixed(doing), partial(_page, request, doing))


async def _doing(
    request: Request,
    viewer: Viewer,
    trial_id: str,
    subject_id: str,
    slug: str,
    typed: dict[str, str],
) -> AboutSubject:
    action = BY_SLUG.get(slug)
    if action is None:
        raise Problem(NO_ROUTE, "There is no such thing to do.")
    actor = viewer.actor(trial_id, *action.roles)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    return AboutSubject(
        trial,
        viewer,
        actor,
        action.command,
        action.asks,
        action.signs,
        typed,
        key_of(typed),
        subject.site_id if actor.of_site else None,
        subject,
        action,
    )


def _fixed(doing: AboutSubject) -> dict[str, Any]:
    """What the command says that is not one of the fields asked for."""
    slug = doing.action.slug
    fixed: dict[str, Any] = {"subject_id": doing.subject.subject_id}
    if slug == "level-given":
        fixed["fact"] = "dosed_level"
    if slug == "outcome":
        fixed["missed_doses"] = missed_doses(doing.trial.in_force.phase1.drugs, doing.typed)
    if slug == "confirm":
        fixed["judged"] = doing.typed.get("judged", "")
    return fixed


def missed_doses(drugs: Sequence[Drug], typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was typed of each drug that was not given as required; left out where nothing was."""
    found = []
    for number, drug in enumerate(drugs):
        given = typed.get(f"given-{number}", "")
        if given:
            found.append(
                {
                    "drug": drug.name,
                    "doses_given": int(given) if given.isascii() and given.isdigit() else given,
                    "doses_required": drug.required_doses,
                    "reason": typed.get(f"missed-{number}", ""),
                }
            )
    return found


async def _shown_first(request: Request, doing: AboutSubject) -> dict[str, Any]:
    """What a person looks at before this is done: the verdict, or what is checked again.

    `hidden` goes with the form, so that what is signed is what was shown.
    """
    trial, subject, slug = doing.trial, doing.subject, doing.action.slug
    shown: dict[str, Any] = {"hidden": {}, "verdict": None, "checks": (), "recorded": ()}
    if slug == "confirm":
        judged = doing.typed.get("judged") or judged_digest(trial, subject)
        records = await records_about(request, trial.trial_id, subject.subject_id)
        verdict = latest_verdict(records, subject.subject_id)
        shown |= {"hidden": {"judged": judged or ""}, "verdict": verdict}
    if slug == "authorise":
        now = now_of(request, trial)
        shown["checks"] = checked_again(trial, subject, _planned(doing), now)
    if slug in ("correction", "level-given"):
        shown["recorded"] = _recorded(subject)
    return shown


def _recorded(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What can be corrected, as it is recorded now."""
    slot = subject.slot
    if slot is None:
        return ()
    onset = "none" if slot.dlt_onset_on is None else day(slot.dlt_onset_on)
    return (
        ("First dose", day(slot.dosed_on)),
        ("DLT window ends", day(slot.window_ends_on)),
        ("Onset of a DLT", onset),
        ("Counts at dose level", slot.level_id),
        ("Level really given", slot.given_level_id or "as assigned"),
    )


def _planned(doing: AboutSubject) -> date | None:
    try:
        return date.fromisoformat(doing.typed.get("planned_on", ""))
    except ValueError:
        return None


async def _page(
    request: Request,
    doing: AboutSubject,
    errors: tuple[FieldError, ...] = (),
    would: Follows | None = None,
) -> Response:
    trial = doing.trial
    return page(
        request,
        "subjects/do.html",
        doing.viewer,
        status=422 if errors else 200,
        trial=frame(trial, doing.viewer, of_subjects(doing.actor)),
        action=doing.action,
        drugs=trial.in_force.phase1.drugs if doing.action.slug == "outcome" else (),
        **doing.shown(errors, would),
        **await _shown_first(request, doing),
        subject=doing.subject,
        root=f"/trials/{trial.trial_id}/subjects/{doing.subject.subject_id}",
        zone=str(trial.in_force.time_zone),
    )
