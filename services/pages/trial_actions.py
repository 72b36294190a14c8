"""What the centre decides about the trial as a whole, besides the cohort review."""

from collections.abc import Callable

from enrollment import commands as c
from enrollment.trial import Trial
from services.pages.acting import Action
from services.pages.actions import levels_of
from services.pages.asking import Ask, Options

TrialAction = Action[Callable[[Trial], bool]]


def _up_to_mtd(trial: Trial) -> Options:
    if trial.mtd is None:
        return ()
    top = trial.level_index(trial.mtd)
    return levels_of(trial)[: top + 1]


def _sites(trial: Trial) -> Options:
    return tuple((site, site) for site in trial.in_force.site_ids)


def _version(trial: Trial) -> Options:
    return ((trial.in_force.version, trial.in_force.version),)


_REASON = Ask("reason", "Reason", "long")

TRIAL_ACTIONS: tuple[TrialAction, ...] = (
    Action(
        "rp2d",
        "Sign the recommended Phase II dose",
        c.SignRp2d,
        ("reviewer",),
        (
            Ask("level_id", "Recommended Phase II dose", "choice", options=_up_to_mtd),
            Ask("reason", "Reason, if it is below the MTD", "long", optional=True),
        ),
        lambda trial: trial.mtd is not None and trial.rp2d is None and trial.review is None,
        "It is at or below the MTD and opens Phase II.",
        signs="I sign the recommended Phase II dose.",
    ),
    Action(
        "suspension",
        "Suspend assignment",
        c.SuspendAssignment,
        ("coordinator", "reviewer"),
        (_REASON,),
        lambda trial: trial.activated and not trial.suspended,
        "At once nobody gets a place and no first dose is authorised. Those dosed go on.",
    ),
    Action(
        "resumption",
        "Resume assignment",
        c.ResumeAssignment,
        ("coordinator", "reviewer"),
        (_REASON,),
        lambda trial: trial.suspended,
        "Places are given again in the order of the waitlist.",
        signs="I have reviewed why assignment was suspended and sign its resumption.",
    ),
    Action(
        "site",
        "Activate a site",
        c.ActivateSite,
        ("coordinator", "reviewer"),
        (
            Ask("site_id", "Site", "choice", options=_sites),
            Ask("protocol_version", "Protocol version approved", "choice", options=_version),
            Ask("approved_on", "Approved by the ethics committee on"),
        ),
        lambda trial: any(
            trial.sites.get(site) != trial.in_force.version for site in trial.in_force.site_ids
        ),
        "From then on the site may take subjects under this version.",
    ),
    Action(
        "activation",
        "Activate the trial",
        c.ActivateTrial,
        ("coordinator", "reviewer"),
        (),
        lambda trial: not trial.activated,
        "Opens the first dose level.",
        signs="I sign the activation of the trial.",
    ),
)
BY_SLUG = {action.slug: action for action in TRIAL_ACTIONS}
