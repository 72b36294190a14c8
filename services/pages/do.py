"""Doing one thing about one subject: what it asks, what would follow from it, then sent once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from enrollment import commands as c
from enrollment.confirming import judged_digest
from enrollment.dosing import checked_again
from enrollment.trial import Subject, Trial
from protocols.model import Drug
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.api.reads import now_of
from services.pages.actions import BY_SLUG, Action
from services.pages.asking import command_typed, with_options
from services.pages.frame import frame
from services.pages.hypothetical import Follows, follows
from services.pages.rendering import FieldError, day, page
from services.pages.sending import Wish, fresh_key, send
from services.pages.subjects import latest_verdict, records_about, seen_subject
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, Viewer, posted

router = APIRouter(prefix="/trials/{trial_id}/subjects/{subject_id}/do", include_in_schema=False)
FIXED: dict[str, dict[str, str]] = {"level-given": {"fact": "dosed_level"}}
"""What an action says by itself."""


@dataclass(frozen=True, slots=True)
class Doing:
    """One request to do something: who, about whom, what was typed so far."""

    trial: Trial
    viewer: Viewer
    actor: c.Actor
    subject: Subject
    action: Action
    typed: dict[str, str]
    key: str

    @property
    def site_id(self) -> str | None:
        return self.subject.site_id if self.actor.of_site else None


@router.get("/{slug}")
async def ask_page(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str, slug: str
) -> Response:
    doing = await _doing(request, viewer, trial_id, subject_id, slug, {}, fresh_key())
    return await _page(request, doing)


@router.post("/{slug}")
async def do_it(
    request: Request, viewer: CurrentViewer, trial_id: str, subject_id: str, slug: str
) -> Response:
    """First what would follow is shown; sent is what was shown, once for its key."""
    form = await posted(request, viewer)
    flat = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    key = flat.get("key") or fresh_key()
    doing = await _doing(request, viewer, trial_id, subject_id, slug, flat, key)
    command, errors = command_of(doing)
    if command is None:
        return await _page(request, doing, errors, status=422)
    if "confirmed" not in flat:
        return await _page(request, doing, follows=_follows(request, doing, command))
    return await _sent(request, doing, command, form)


async def _sent(request: Request, doing: Doing, command: c.AnyCommand, form: FormData) -> Response:
    if doing.action.signs is not None:
        wrong = await signed(request, doing.viewer, form, doing.action.signs)
        if wrong is not None:
            follows = _follows(request, doing, command)
            return await _page(request, doing, (wrong,), follows, status=422)
    wish = Wish(doing.actor, doing.site_id, doing.key, command)
    received = await send(request, doing.trial, wish)
    answer = f"/trials/{doing.trial.trial_id}/answers/{received.submission.id}"
    return RedirectResponse(answer, 303)


async def _doing(
    request: Request,
    viewer: Viewer,
    trial_id: str,
    subject_id: str,
    slug: str,
    typed: dict[str, str],
    key: str,
) -> Doing:
    action = BY_SLUG.get(slug)
    if action is None:
        raise Problem(NO_ROUTE, "There is no such thing to do.")
    actor = viewer.actor(trial_id, *action.roles)
    trial = await trial_in_force(request, trial_id)
    subject = seen_subject(actor, trial, subject_id)
    return Doing(trial, viewer, actor, subject, action, typed, key)


def command_of(doing: Doing) -> tuple[c.AnyCommand | None, tuple[FieldError, ...]]:
    """The command that was typed, or what is wrong with each field in the page's words."""
    action = doing.action
    fixed: dict[str, Any] = {
        "subject_id": doing.subject.subject_id,
        **FIXED.get(action.slug, {}),
    }
    if action.signs is not None:
        fixed["meaning"] = action.signs
    if action.slug == "outcome":
        fixed["missed_doses"] = missed_doses(doing.trial.in_force.phase1.drugs, doing.typed)
    if action.slug == "confirm":
        fixed["judged"] = doing.typed.get("judged", "")
    zone = doing.trial.in_force.time_zone
    return command_typed(action.command, action.asks, doing.typed, fixed, zone)


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


def _follows(request: Request, doing: Doing, command: c.AnyCommand) -> Follows:
    actor = doing.actor
    if doing.site_id is not None:
        actor = actor.model_copy(update={"sites": (doing.site_id,)})
    return follows(doing.trial, actor, command, now_of(request, doing.trial))


async def _shown_first(request: Request, doing: Doing) -> dict[str, Any]:
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


def _planned(doing: Doing) -> date | None:
    try:
        return date.fromisoformat(doing.typed.get("planned_on", ""))
    except ValueError:
        return None


async def _page(
    request: Request,
    doing: Doing,
    errors: tuple[FieldError, ...] = (),
    follows: Follows | None = None,
    status: int = 200,
) -> Response:
    trial = doing.trial
    return page(
        request,
        "subjects/do.html",
        doing.viewer,
        status=status,
        trial=frame(trial, doing.viewer, "/mine" if doing.actor.of_site else "/subjects"),
        action=doing.action,
        asks=with_options(doing.action.asks, trial),
        drugs=trial.in_force.phase1.drugs if doing.action.slug == "outcome" else (),
        **await _shown_first(request, doing),
        typed=doing.typed,
        key=doing.key,
        errors=errors,
        follows=follows,
        subject=doing.subject,
        root=f"/trials/{trial.trial_id}/subjects/{doing.subject.subject_id}",
        zone=str(trial.in_force.time_zone),
    )
