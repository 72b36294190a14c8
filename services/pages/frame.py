"""What stands around every page of a trial: its title, its marks, and where the viewer may go."""

from dataclasses import dataclass

from enrollment.commands import Actor
from enrollment.trial import Trial
from services.pages.rendering import Link, TrialFrame
from services.signin.events import AccessRole
from services.signin.viewer import Viewer

SITE_STAFF: tuple[AccessRole, ...] = ("site", "investigator")
CENTRE: tuple[AccessRole, ...] = ("coordinator", "reviewer")
READERS: tuple[AccessRole, ...] = (*SITE_STAFF, *CENTRE, "auditor")


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the trial that the navigation leads to, and the roles that it is for."""

    path: str
    text: str
    roles: tuple[AccessRole, ...]


PLACES: tuple[Place, ...] = (
    Place("/mine", "My subjects", SITE_STAFF),
    Place("/open", "What is open", SITE_STAFF),
    Place("/forms", "Screening forms", SITE_STAFF),
    Place("/laboratories", "Laboratories", SITE_STAFF),
    Place("/board", "Board", (*CENTRE, "auditor")),
    Place("/decisions", "Decisions", CENTRE),
    Place("/subjects", "Subjects", (*CENTRE, "auditor")),
    Place("/what-if", "What if", CENTRE),
    Place("/practice", "Practice", CENTRE),
    Place("/audit", "Audit trail", (*CENTRE, "auditor")),
    Place("/protocol", "Protocol", READERS),
    Place("/downloads", "Downloads", READERS),
)
"""Every page of the navigation, in order; each is served under `/trials/{trial_id}`."""


def of_subjects(actor: Actor) -> str:
    """The place of the navigation that pages about one subject belong to."""
    return "/mine" if actor.of_site else "/subjects"


def frame(trial: Trial, viewer: Viewer, at: str) -> TrialFrame:
    """The frame of a page; `at` is the path of the place that it belongs to, as in `PLACES`."""
    root = f"/trials/{trial.trial_id}"
    links = tuple(
        Link(root + place.path, place.text, place.path == at)
        for place in PLACES
        if viewer.may(trial.trial_id, *place.roles)
    )
    protocol = trial.in_force
    return TrialFrame(
        trial_id=trial.trial_id,
        title=protocol.title,
        time_zone=str(protocol.time_zone),
        links=links,
        practice=trial.clock == "simulated",
        suspended=trial.suspended,
        illustrative=_illustrative(protocol.illustrative),
        monitor=protocol.medical_monitor,
        monitor_illustrative=any(name.startswith("contacts") for name in protocol.illustrative),
    )


def _illustrative(marked: tuple[str, ...]) -> str | None:
    """The tables marked so, in words."""
    words = {
        "phase1": "dose levels, escalation and windows",
        "phase2": "number of Phase II",
        "assignment": "places and reservations",
        "sites": "sites",
        "contacts.medical_monitor": "the medical monitor",
    }
    named = [said for name, said in words.items() if name in marked]
    others = sum(name not in words for name in marked)
    if others:
        named.append(f"{others} other {'value' if others == 1 else 'values'}")
    if not named:
        return None
    return " and ".join([", ".join(named[:-1]), named[-1]] if named[:-1] else named)
