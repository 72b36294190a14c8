"""One request about a draft of the screening form: the trial, who asks, what the page shows."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from fastapi import Request

from enrollment.commands import Actor
from enrollment.trial import Trial
from services.api.problems import NO_ROUTE, Problem
from services.api.reading import trial_in_force
from services.pages.drafts import Drafts, KeptDraft
from services.pages.frame import SITE_STAFF
from services.pages.laboratory_pages import filled_in
from services.pages.screening.asked import with_asked
from services.pages.screening.fields import Step
from services.pages.screening.filled import Draft
from services.signin.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Desk:
    """One request about a draft: the trial, who asks, the draft."""

    trial: Trial
    viewer: Viewer
    actor: Actor
    draft: KeptDraft
    typed: Draft
    """What was typed, with the rows that the protocol asks for and the laboratory's limits."""

    @property
    def root(self) -> str:
        return f"/trials/{self.trial.trial_id}/forms/{self.draft.draft_id}"


def drafts_of(request: Request) -> Drafts:
    drafts: Drafts = request.app.state.drafts
    return drafts


async def desk_of(request: Request, viewer: Viewer, trial_id: str, draft_id: str) -> Desk:
    """Another site's draft is as good as none."""
    actor = viewer.actor(trial_id, *SITE_STAFF)
    trial = await trial_in_force(request, trial_id)
    draft = drafts_of(request).find(trial_id, draft_id, actor.sites)
    if draft is None:
        raise Problem(NO_ROUTE, "There is no such draft at your site. It may have been submitted.")
    return showing(request, Desk(trial, viewer, actor, draft, {}), draft.typed)


def showing(request: Request, desk: Desk, typed: Draft) -> Desk:
    """The desk with what was typed, kept or not, and the rows that stand there from the start."""
    asked = with_asked(typed, desk.trial.in_force.criteria)
    return replace(desk, typed=filled_in(request, asked, desk.draft.site_id))


def stands(step: Step, typed: Draft) -> str:
    """What is kept of one page, as a digest: whoever saves it tells what was there before."""
    kept: list[Any] = []
    for group in step.groups:
        section = typed.get(group.path, {}) if group.path else typed
        kept.append([section.get(part.name) for part in group.parts])
    return sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
